"""The form for everyone: names for screen readers, the way of Tab, nothing cut off, both themes."""

import itertools

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollBar,
    QWidget,
)

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.form.layout import read_layout
from sleapnn_gui.form.row import Row
from sleapnn_gui.form.section_page import Filter
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.segmented import SegmentButton
from sleapnn_gui.widgets.theme import current_theme
from tests.gui.form.conftest import FACTS

LAYOUT = read_layout()
EVERYTHING = {
    "model_config.head_configs": (
        "bottomup",
        "multi_class_topdown",
        "multi_class_bottomup",
        "centered_instance",
    ),
    "model_config.backbone_config": ("unet", "convnext", "swint"),
    "trainer_config.lr_scheduler": (
        "step_lr",
        "reduce_lr_on_plateau",
        "cosine_annealing_warmup",
        "linear_warmup_linear_decay",
    ),
}


def show_everything(form, page_id):
    """All rows of a page, in each of the page's alternatives in turn."""
    form.document.set_facts(FACTS)
    for path in (
        "data_config.augmentation_config",
        "data_config.augmentation_config.geometric",
        "data_config.augmentation_config.intensity",
    ):
        form.document.set_section(path, True)
    form.show_page(page_id)
    page = next(page for page in LAYOUT.pages if page.id == page_id)
    for name in EVERYTHING.get(page.choose, (None,)):
        if name:
            form.document.choose(page.choose, name)
        QApplication.processEvents()
        yield [row for row in form.findChildren(Row) if row.isVisible()]


def cut_off(widget):
    """Whether a visible widget's words need more room than it has."""
    metrics = QFontMetrics(widget.font())
    if isinstance(widget, ElidedLabel):
        return False
    if isinstance(widget, QLabel):
        return not widget.wordWrap() and metrics.horizontalAdvance(widget.text()) > widget.width()
    if isinstance(widget, SegmentButton):
        bold = widget.font()
        bold.setWeight(bold.Weight.DemiBold)
        return QFontMetrics(bold).horizontalAdvance(widget.accessibleName()) > widget.width() - 4
    if isinstance(widget, QPushButton):
        return metrics.horizontalAdvance(widget.text()) > widget.width()
    if isinstance(widget, QComboBox):
        return metrics.horizontalAdvance(widget.currentText()) > widget.width() - 32
    return False


@pytest.mark.parametrize("width", [1204, 1844])
@pytest.mark.parametrize("page", [page.id for page in LAYOUT.pages])
def test_no_words_are_cut_off(form, page, width):
    form.resize(width, 640)
    for rows in show_everything(form, page):
        assert rows
        cut = [widget for widget in form.findChildren(QWidget) if widget.isVisible() and cut_off(widget)]
        assert cut == []
        for row in rows:
            assert row.label.height() >= row.label.fontMetrics().height()
            assert row.geometry().right() <= row.parentWidget().width()


@pytest.mark.parametrize("page", [page.id for page in LAYOUT.pages])
def test_units_and_automatic_values_are_shown_whole(form, page):
    form.resize(1844, 1000)
    for rows in show_everything(form, page):
        for row in rows:
            for note in row.findChildren(ElidedLabel):
                if note.isVisible():
                    assert note.fontMetrics().horizontalAdvance(note.text()) <= note.width(), row.path


@pytest.mark.parametrize("page", [page.id for page in LAYOUT.pages])
def test_rows_keep_clear_of_each_other(form, page):
    for rows in show_everything(form, page):
        boxes = sorted((row.mapToGlobal(row.rect().topLeft()).y(), row.height(), row.path) for row in rows)
        for (top, height, path), (next_top, _, _) in itertools.pairwise(boxes):
            assert top + height <= next_top, path
        for row in rows:
            assert row.height() >= row.editor.height() + 8


@pytest.mark.parametrize("page", [page.id for page in LAYOUT.pages])
def test_everything_that_takes_the_focus_has_a_name_and_a_description(form, page):
    for _ in show_everything(form, page):
        for widget in form.findChildren(QWidget):
            named = widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
            inside = isinstance(widget.parent(), QAbstractScrollArea | QComboBox) and not isinstance(
                widget, QAbstractButton
            )
            if named and not inside and not isinstance(widget, QScrollBar):
                assert widget.accessibleName(), (widget, widget.objectName())
                assert widget.accessibleDescription(), (widget, widget.accessibleName())


def test_tab_goes_through_the_rows_from_top_to_bottom(form):
    form.set_filter(Filter())
    form.reveal("trainer_config.max_epochs")
    seen = []
    for _ in range(60):
        widget = QApplication.focusWidget()
        row = next((row for row in form.findChildren(Row) if row.isAncestorOf(widget)), None)
        if row is not None and (not seen or seen[-1] != row.path):
            seen.append(row.path)
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)
    keys = [
        path
        for path in next(page for page in LAYOUT.pages if page.id == "epochs").keys
        if form.row(path).isVisible()
    ]
    assert seen[: len(keys)] == keys
    assert seen[len(keys) : 2 * len(keys)] in ([], keys[: len(seen) - len(keys)])


def test_one_stop_of_tab_for_each_choice(form):
    form.show_page("preprocessing")
    editor = form.row("data_config.preprocessing.ensure_rgb").editor
    editor.setFocus()
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(QApplication.focusWidget(), event)
    assert not editor.isAncestorOf(QApplication.focusWidget())


def test_no_page_is_longer_than_it_needs_to_be(form):
    """Pages that fit do not scroll."""
    form.resize(1204, 640)
    form.set_filter(Filter())
    for page in ("preprocessing", "optimizer", "hardware", "about", "caching"):
        form.show_page(page)
        QApplication.processEvents()
        assert not form.findChild(QAbstractScrollArea, "form:rows").verticalScrollBar().isVisible(), page


def test_the_list_of_sections_fits_a_small_window(form):
    form.resize(1204, 638)
    QApplication.processEvents()
    assert not form.sections.verticalScrollBar().isVisible()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_form_is_drawn_in_the_theme(form, mode):
    theme = current_theme()
    theme.set_mode(mode)
    form.show_page("preprocessing")
    QApplication.processEvents()
    image = form.grab().toImage()
    assert image.pixelColor(230, 600).name() == theme.hex("window")
    assert image.pixelColor(4, 600).name() == theme.hex("panel")
    theme.set_mode("light")


def test_labels_are_a_biologists_words_not_keys(form):
    for path, key in SPEC.edited.items():
        label = form.row(path).label.text()
        assert label == key.meta.label
        assert "_" not in label
