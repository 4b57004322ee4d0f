"""What becomes known by itself, of labels and of figures, moves no row from under the pointer."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.form.form_page import FormPage

from .conftest import use

SCALE = "data_config.preprocessing.scale"


def settle(app: QApplication) -> None:
    for _ in range(4):
        app.processEvents()


def place(form: FormPage, path: str) -> QPoint:
    return form.row(path).mapTo(form, QPoint())


@pytest.mark.parametrize(
    "path", ["data_config.preprocessing.crop_size", "data_config.preprocessing.ensure_rgb"]
)
def test_the_row_under_the_pointer_stays_when_labels_are_known(
    app: QApplication, form: FormPage, facts: dict, path: str
) -> None:
    use(form.document, "model_config.head_configs.centered_instance.confmaps.sigma")
    form.resize(1100, 420)
    form.reveal(path)
    settle(app)
    form._scroll.verticalScrollBar().setValue(form._scroll.verticalScrollBar().maximum() // 2)
    form._scroll.ensureWidgetVisible(form.row(path))
    settle(app)
    row, content = form.row(path), form._inside.height()
    at = row.editor.mapTo(form, row.editor.rect().center())
    assert form.rect().contains(at)
    QTest.mouseMove(form.windowHandle(), at)
    settle(app)
    assert row.underMouse()
    before = place(form, path)
    form.document.set_facts(facts)
    settle(app)
    assert form._inside.height() != content, "nothing was added to the page, so the test shows nothing"
    assert place(form, path) == before
