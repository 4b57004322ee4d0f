"""How to train on the opened labels, in the window: shown with them, applied as one act, taken back as one."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from sleapnn_engine.config.advice import advise
from sleapnn_gui.app import build
from sleapnn_gui.inspector.advice_view import AdviceRow, AdviceView
from sleapnn_gui.main_window import MainWindow
from tests.gui.windows import throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
CROP, HEADS = "data_config.preprocessing.crop_size", "model_config.head_configs"


@pytest.fixture(scope="module")
def window(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    with contextlib.chdir(tmp_path_factory.mktemp("shown")):
        _, found = build(["sleapnn-gui", "--theme", "light"])
        yield found
        throw_away(found)


def view_of(window: MainWindow) -> AdviceView:
    return window.labels_page.beside.advice


def row_of(window: MainWindow, name: str) -> AdviceRow:
    return next(row for row in view_of(window).rows() if row.piece.name == name)


def open_pieces(window: MainWindow) -> list[str]:
    return [row.piece.name for row in view_of(window).rows() if row.piece.changes and not row.piece.done]


def press(button: QPushButton) -> None:
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_from_opened_labels_to_all_of_it_applied_and_back(
    window: MainWindow, shared_data: Path, wait_until: Wait
) -> None:
    beside, document = window.labels_page.beside, window.document
    window.show()
    assert beside.is_open(beside.presets)
    assert view_of(window).rows() == []
    assert not view_of(window).apply_all.isVisible()

    window.open_path(shared_data / "flies13_pair" / "val.pkg.slp")
    wait_until(lambda: bool(view_of(window).rows()), 60)
    assert beside.is_open(beside.advice), "it meets the person who opened the labels"
    shown = [row.piece for row in view_of(window).rows()]
    assert shown == advise(document.values, document.facts or {}), "the engine's own words"
    assert document.undo_stack.undoText() == "Choose labels", "nothing is applied by itself"
    assert not row_of(window, "pair").apply.isVisible(), "there is nothing to set"
    assert row_of(window, "batch").state.text() == "In use"
    assert row_of(window, "batch").state.isVisible()

    press(row_of(window, "crop").apply)
    assert document.undo_stack.undoText() == "Apply advice: Crop 80 px"
    assert document.value(CROP) == 80
    wait_until(lambda: row_of(window, "crop").piece.done)
    assert row_of(window, "crop").state.isVisible()
    assert not row_of(window, "crop").apply.isVisible()

    before, values, left = document.undo_stack.index(), document.values, len(open_pieces(window))
    assert view_of(window).apply_all.text() == f"Apply all {left}"
    press(view_of(window).apply_all)
    assert document.undo_stack.index() == before + 1
    assert document.chosen(HEADS) == "centered_instance"
    wait_until(lambda: not open_pieces(window))
    assert not view_of(window).apply_all.isVisible()
    wait_until(lambda: not [found for found in document.issues() if found.severity == "error"])

    window.actions_by_verb["undo"].trigger()
    assert document.values == values
    wait_until(lambda: len(open_pieces(window)) == left)


def test_it_goes_with_the_labels_and_does_not_take_the_tab_from_who_is_at_work(
    window: MainWindow, shared_data: Path, wait_until: Wait
) -> None:
    beside = window.labels_page.beside
    window.files.set_labels([])
    wait_until(lambda: not view_of(window).rows())
    assert beside.is_open(beside.presets)
    assert "Once labels are open" in view_of(window).hint.text()
    window.actions_by_verb["apply_preset"].trigger()
    window.open_path(shared_data / "fly32_single" / "val.pkg.slp")
    wait_until(lambda: bool(view_of(window).rows()), 60)
    assert beside.is_open(beside.presets)
