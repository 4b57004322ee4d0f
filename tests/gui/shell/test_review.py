"""The sheet before training: what it says is what Train does, and nobody who does not want it has to press twice."""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from sleapnn_engine.cli import build_parser
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.shell.train_sheet import TrainSheet
from sleapnn_gui.shell.training_review import FOLDER, LABELS, LENGTH, MEMORY, MODEL
from sleapnn_gui.widgets.message_line import MessageLine
from tests.gui.windows import start_over

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
EPOCHS = "trainer_config.max_epochs"


@pytest.fixture
def window(kept: MainWindow, shared_data: Path, wait_until: Wait) -> Iterator[MainWindow]:
    found = start_over(kept, str(shared_data / "fly32_single" / "val.pkg.slp"))
    wait_until(lambda: bool((found.document.figures or {}).get("parameters")), 60)
    yield found
    sheet = sheet_of(found)
    if sheet is not None:
        sheet.always.setChecked(False)
        sheet.close()
    leave(found)


def leave(window: MainWindow) -> None:
    """Follow no run any more, so that another can begin."""
    window.runs.leave()
    window.runs.changed.emit()


def sheet_of(window: MainWindow) -> TrainSheet | None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return window.findChild(TrainSheet)


def opened(window: MainWindow, verb: str = "review") -> TrainSheet:
    window.actions_by_verb[verb].trigger()
    sheet = sheet_of(window)
    assert sheet is not None
    return sheet


def said(sheet: TrainSheet) -> list[str]:
    return [line.sentence for line in sheet.findChildren(MessageLine) if line.isVisible()]


def press(button: QWidget) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_it_says_what_train_does(
    window: MainWindow, tmp_path: Path, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = window.document
    document.set_value("trainer_config.ckpt_dir", "of this test")
    document.set_value("trainer_config.run_name", "first try")
    document.set_value(EPOCHS, 7)
    sheet = opened(window)
    wait_until(lambda: sheet.row(FOLDER) != "" and "…" not in sheet.row(MEMORY), 60)
    wait_until(lambda: not document.figures_pending, 60)
    assert "One animal" in sheet.row(MODEL) or "Single" in sheet.row(MODEL)
    assert f"{document.figures['parameters'] / 1e6:.2f} M parameters" in sheet.row(MODEL)
    assert sheet.row(LABELS) == "val.pkg.slp · 11 frames to learn from, 1 to check on"
    assert "up to 7 epochs · 200 steps each, of 4 samples" in sheet.row(LENGTH)
    assert "for a step" in sheet.row(MEMORY)
    assert any(line.endswith("200 → 7") for line in said(sheet))
    assert any(line.startswith("Save the config as config.yaml first") for line in said(sheet))

    document.save(tmp_path / "my job.yaml")
    document.set_value("trainer_config.seed", 3)
    document.undo_stack.undo()
    wait_until(lambda: "my job.yaml" in sheet.command.toPlainText())
    assert not any(line.startswith("Save the config") for line in said(sheet))
    press(sheet.copy)
    place, _, command = QGuiApplication.clipboard().text().partition(" && ")
    assert shlex.split(place) == ["cd", str(window.runs.base)]
    program, *words = shlex.split(command)
    told = build_parser("train").parse_args(words)
    assert (program, told.config) == ("sleapnn-engine", tmp_path / "my job.yaml")
    assert str(told.run_dir) == sheet.row(FOLDER) == str(window.runs.base / "of this test" / "first try")

    began: list[RunSession] = []
    monkeypatch.setattr(RunSession, "launch", lambda session, launch, **_more: began.append(launch.run_dir))
    press(sheet.train)
    window.runs.finish()
    assert began == [told.run_dir]
    assert not sheet.isVisible()


def test_what_is_wrong_is_told_and_leads_to_its_setting(window: MainWindow, wait_until: Wait) -> None:
    sheet = opened(window)
    assert sheet.train.isEnabled()
    window.document.set_value(EPOCHS, "many")
    wait_until(lambda: not sheet.train.isEnabled())
    line = next(one for one in sheet.findChildren(MessageLine) if one.severity == "error" and one.isVisible())
    line.followed.emit()
    assert window.page() == "configure"
    window.document.undo_stack.undo()
    wait_until(sheet.train.isEnabled)


def test_it_comes_before_each_training_only_where_a_person_wants_it(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[bool] = []
    monkeypatch.setattr(RunSession, "launch", lambda *_args, **_more: began.append(True))

    def train(verb: str = "train") -> None:
        window.actions_by_verb[verb].trigger()
        window.runs.finish()

    train()
    assert (len(began), sheet_of(window)) == (1, None), "one press, and nothing in between"
    leave(window)
    sheet = opened(window)
    sheet.always.click()
    sheet.close()
    sheet = opened(window, "train")
    assert sheet.always.isChecked()
    assert len(began) == 1
    press(sheet.train)
    window.runs.finish()
    assert len(began) == 2
    leave(window)
    window.document.set_value(EPOCHS, "many")
    train()
    assert sheet_of(window) is None
    assert window.page() == "configure", "problems are gone to as without the sheet"
    window.document.undo_stack.undo()
    opened(window).always.click()
