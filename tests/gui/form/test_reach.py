"""Whatever search finds lands on something visible that names it, in use or not, and can be brought within reach."""

from collections.abc import Callable
from html import escape

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from sleapnn_engine.config.presets import find_preset
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import open_preset
from sleapnn_gui.form.form_page import FormPage
from sleapnn_gui.form.reach import obstacle, remark_of
from sleapnn_gui.form.search import search_index
from sleapnn_gui.form.search_field import SearchField
from sleapnn_gui.form.section_page import Filter
from tests.gui.form.conftest import open_values, use

HITS = search_index()
OPTIONAL = [hit for hit in HITS if hit.path in SPEC.sections or SPEC.nullable_section(hit.path)]
PAFS = "model_config.head_configs.bottomup.pafs.output_stride"


def preset(name: str) -> Callable[[Document], None]:
    return lambda document: document.adopt(open_preset(find_preset(name)))


def nothing_chosen(document: Document) -> None:
    open_values(
        document,
        {
            "data_config": {"augmentation_config": None},
            "model_config": {"backbone_config": None, "head_configs": None},
            "trainer_config": {
                "lr_scheduler": None,
                "early_stopping": None,
                "online_hard_keypoint_mining": None,
            },
        },
    )


def all_models_at_once(document: Document) -> None:
    heads = SPEC.sections["model_config.head_configs"].sections
    open_values(
        document,
        {"model_config": {"head_configs": {SPEC.sections[head].name: SPEC.defaults(head) for head in heads}}},
    )


def other_choices(document: Document) -> None:
    open_values(document)
    for path in (
        PAFS,
        "model_config.backbone_config.swint.arch",
        "trainer_config.lr_scheduler.step_lr.gamma",
    ):
        use(document, path)
    document.set_section("data_config.augmentation_config", True)
    document.set_section("data_config.augmentation_config.geometric", False)


BASIC, CHANGED = Filter(), Filter(changed_only=True)
#: What is open and which rows are shown; after the first, only hits that can be out of use are walked.
STATES = {
    "first preset": (preset("single_instance_unet_medium_rf"), BASIC, HITS),
    "nothing chosen": (nothing_chosen, CHANGED, OPTIONAL),
    "all models at once": (all_models_at_once, BASIC, OPTIONAL),
    "other choices": (other_choices, CHANGED, OPTIONAL),
}


@pytest.mark.parametrize("state", STATES)
def test_every_hit_lands_on_something_visible_that_names_it(form: FormPage, state: str) -> None:
    prepare, wanted, hits = STATES[state]
    prepare(form.document)
    for hit in hits:
        if form.filter() != wanted:
            form.set_filter(wanted)
        assert form.reveal(hit.path), hit.path
        QApplication.processEvents()
        row = form.row(hit.path)
        on_screen = row is not None and is_in_sight(form, row)
        found = obstacle(form.document, hit.path)
        if found is not None and found.is_editable:
            assert form.absence.isVisible(), hit.path
            assert f"“{hit.label}”" in form.absence.sentence
            assert on_screen, hit.path
            assert row is not None
            assert row.isAncestorOf(QApplication.focusWidget()), hit.path
        elif found is not None:
            assert form.absence.isVisible(), hit.path
            assert f"“{hit.label}”" in form.absence.sentence
            assert "Not in use" in form.absence.sentence
            assert form.absence.hasFocus()
            assert on_screen or any(is_in_sight(form, control) for control in around(form, hit.path)), (
                hit.path
            )
        elif hit.path in SPEC.keys:
            assert on_screen, hit.path
            assert row is not None
            assert row.label.text() == hit.label
            assert row.isAncestorOf(QApplication.focusWidget()), hit.path
            assert not form.absence.isVisible()
        else:
            control = form.findChild(QWidget, hit.path)
            assert is_in_sight(form, control), hit.path
            assert control.accessibleName() == hit.label


def around(form: FormPage, path: str) -> list[QWidget]:
    """Cards and switches of the sections a path is in."""
    found = [form.findChild(QWidget, section) for section in (*SPEC.ancestors(path), path)]
    return [control for control in found if control is not None]


def is_in_sight(form: FormPage, widget: QWidget) -> bool:
    """Whether a widget is shown and some of it is in the part of the rows that is scrolled to."""
    port = form.findChild(QScrollArea, "form:rows").viewport()
    place = QRect(widget.mapTo(port, QPoint()), widget.size()) if port.isAncestorOf(widget) else QRect()
    return widget.isVisible() and port.rect().intersects(place)


def test_what_is_offered_brings_every_setting_within_reach(form: FormPage) -> None:
    nothing_chosen(form.document)
    stack: QUndoStack = form.document.undo_stack
    tried = set()
    for hit in HITS:
        found = obstacle(form.document, hit.path)
        if found is None or hit.path not in SPEC.keys or hit.path.rpartition(".")[0] in tried:
            continue
        tried.add(hit.path.rpartition(".")[0])
        form.reveal(hit.path)
        before, offers = stack.index(), 0
        while form.absence.isVisible():
            form.absence.followed.emit()
            offers += 1
            assert stack.index() == before + offers, f"{hit.path}: nothing was chosen"
        row = form.row(hit.path)
        assert row is not None
        assert row.isVisible()
        assert row.isAncestorOf(QApplication.focusWidget()), hit.path
        stack.setIndex(before)
    assert len(tried) > 15


def test_a_setting_without_effect_says_so_and_offers_what_it_waits_for(form: FormPage) -> None:
    """Of each condition that one value of another setting meets, following the offer gives the setting its effect."""
    document, tried = form.document, 0
    document.adopt(open_preset(find_preset("bottomup_unet_medium_rf")))
    for path in SPEC.edited:
        found = obstacle(document, path)
        if found is None or not found.is_editable:
            continue
        assert remark_of(document, path) == "no effect now"
        form.reveal(path)
        assert escape(found.offer) in form.absence.text()
        before = document.idle_reason(path)
        form.absence.followed.emit()
        assert document.idle_reason(path) != before, path
        document.undo_stack.undo()
        tried += 1
    assert tried > 3


def test_the_line_goes_with_its_reason_and_with_its_page(form: FormPage) -> None:
    form.document.choose("model_config.head_configs", "single_instance")
    form.reveal(PAFS)
    assert form.absence.isVisible()
    form.document.choose("model_config.head_configs", "bottomup")
    assert not form.absence.isVisible()
    form.document.undo_stack.undo()
    form.reveal(PAFS)
    form.show_page("epochs")
    assert not form.absence.isVisible()


def test_the_list_of_hits_marks_what_is_not_in_use(app: QApplication) -> None:
    field = SearchField(HITS, remark=lambda path: "not in use" if path == PAFS else "")
    field.setText(PAFS)
    assert field.found()[0].place.endswith("not in use")
    field.setText("output stride")
    marked = [hit.place.endswith("not in use") for hit in field.found()]
    assert marked.count(True) == 1
    assert not marked[0]
    field.deleteLater()
