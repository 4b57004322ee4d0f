"""What becomes known by itself, of labels and of figures, moves no row from under the pointer."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from sleapnn_gui.form.form_page import FormPage
from tests.gui.form.conftest import use


def settle(app: QApplication) -> None:
    for _ in range(6):
        app.processEvents()


def place(form: FormPage, part: QWidget) -> QPoint:
    return part.mapTo(form, QPoint())


def point_at(app: QApplication, form: FormPage, at: QPoint) -> None:
    QTest.mouseMove(form.windowHandle(), at)
    settle(app)


@pytest.mark.parametrize("height", [420, 900, 1600])
@pytest.mark.parametrize(
    "path", ["data_config.preprocessing.crop_size", "data_config.preprocessing.ensure_rgb"]
)
def test_the_row_under_the_pointer_stays_when_labels_are_known(
    app: QApplication, form: FormPage, facts: dict, path: str, height: int
) -> None:
    """Also on a page that is too short to be scrolled."""
    use(form.document, "model_config.head_configs.centered_instance.confmaps.sigma")
    form.resize(1100, height)
    form.reveal(path)
    settle(app)
    form._scroll.verticalScrollBar().setValue(form._scroll.verticalScrollBar().maximum() // 2)
    form._scroll.ensureWidgetVisible(form.row(path))
    settle(app)
    editor, content = form.row(path).editor, form._current.sizeHint().height()
    at = editor.mapTo(form, editor.rect().center())
    assert form.rect().contains(at)
    point_at(app, form, QPoint(1, 1))
    point_at(app, form, at)
    assert form.row(path).underMouse()
    before = place(form, editor)
    for known in (facts, None, facts):
        form.document.set_facts(known)
        settle(app)
        assert place(form, editor) == before
    assert form._current.sizeHint().height() != content, "nothing was added, so the test shows nothing"
    point_at(app, form, QPoint(1, 1))
    QTest.qWait(150)
    assert form._inside.layout().contentsMargins().bottom() == 0
    assert form._inside.layout().contentsMargins().top() == 0
