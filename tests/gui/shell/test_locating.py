"""Videos and labels that have moved: one press and one file, and the config names a copy of the labels that has them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_gui.main_window import MainWindow
from tests.engine.data import drawn
from tests.engine.evaluation.test_comparing import ANIMAL, write
from tests.gui.monitor.speaking import Speaker
from tests.gui.monitor.test_runs_page import write as write_run
from tests.gui.windows import start_over

Wait = Callable[..., None]
TRAIN = "data_config.train_labels_path"
VAL = "data_config.val_labels_path"


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    return start_over(kept)


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A config whose labels name two videos of another machine, which are in one folder here."""
    (tmp_path / "here").mkdir()
    for name in ("a.avi", "b.avi"):
        drawn.write_video(tmp_path / "here" / name, 5, size=(64, 64))
    frames = {(video, frame): [ANIMAL] for video in (0, 1) for frame in (1, 3)}
    labels = write(tmp_path / "all.slp", frames, videos=("/lab/a.avi", "/lab/b.avi"))
    preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
    values = read_config(preset.path).values
    values["data_config"] |= {"train_labels_path": [str(labels)], "val_labels_path": [str(labels)]}
    config = tmp_path / "c.yaml"
    config.write_text(dump_config(values))
    return config


def choose(window: MainWindow, path: Path, wait_until: Wait) -> str:
    """Answer the question that is open; its title."""
    wait_until(lambda: window.findChild(QFileDialog) is not None, 60)
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    title = dialog.windowTitle()
    dialog.fileSelected.emit(str(path))
    dialog.close()
    return title


def open_config(window: MainWindow, path: Path) -> None:
    window.files.open_path(path)
    window.files.finish()


def test_check_offers_it_and_the_config_names_the_copy(
    window: MainWindow, moved: Path, tmp_path: Path, wait_until: Wait
) -> None:
    open_config(window, moved)
    before = (tmp_path / "all.slp").read_bytes()
    window.actions_by_verb["check"].trigger()
    row = window.form.row(TRAIN)
    wait_until(lambda: 'href="fix"' in row._message_line().text(), 60)
    assert "Locate…" in row._message_line().text()
    row._message_line().linkActivated.emit("fix")
    assert (
        choose(window, tmp_path / "here" / "a.avi", wait_until) == "Where is a.avi, and 1 more, of all.slp?"
    )
    copy = str(tmp_path / "all.relinked.slp")
    wait_until(lambda: window.document.value(TRAIN) == [copy], 60)
    assert window.document.value(VAL) == [copy]
    assert "all.relinked.slp, a copy beside all.slp, names a.avi" in window.banner.sentence
    assert "Found by its name: /lab/b.avi." in window.banner.sentence
    assert window.form.context.diff.isVisible()
    assert window.document.undo_stack.undoText() == "Locate a.avi"
    wait_until(lambda: (window.document.facts or {}).get("problems") == [], 60)
    assert window.document.facts is not None
    assert window.document.facts["labeled_frames"] == 4
    window.document.undo_stack.undo()
    assert window.document.value(TRAIN) == window.document.value(VAL) == [str(tmp_path / "all.slp")]
    assert (tmp_path / "all.slp").read_bytes() == before


def test_the_data_page_offers_it_and_labels_that_moved_are_named(
    window: MainWindow, moved: Path, tmp_path: Path, wait_until: Wait
) -> None:
    (tmp_path / "there").mkdir()
    open_config(window, moved)
    messages = window.labels_page.facts.messages
    wait_until(lambda: messages.count() > 0 and "Locate…" in messages.itemAt(0).widget().text(), 60)
    (tmp_path / "all.slp").rename(tmp_path / "there" / "all.slp")
    messages.itemAt(0).widget().followed.emit()
    assert choose(window, tmp_path / "there" / "all.slp", wait_until) == "Where is all.slp now?"
    wait_until(lambda: window.document.value(TRAIN) == [str(tmp_path / "there" / "all.slp")], 60)
    assert window.document.undo_stack.undoText() == "Locate all.slp"
    for name in ("a.avi", "b.avi"):
        (tmp_path / "here" / name).rename(tmp_path / "there" / name)
    window.document.locate_wanted.emit()
    wait_until(lambda: window.banner.sentence.startswith("No labels and none of their videos"), 60)


def test_a_run_that_failed_for_it_offers_it(
    window: MainWindow, moved: Path, tmp_path: Path, wait_until: Wait
) -> None:
    body = {
        "message": "Its video was not found.",
        "path": str(tmp_path / "all.slp"),
        "hint": None,
        "cause": "images",
    }
    (tmp_path / "runs").mkdir()
    folder = write_run(tmp_path / "runs" / "one", Speaker().emit("failed", body))
    (folder / "initial_config.yaml").write_text(moved.read_text())
    window.runs.open_run(folder)
    coach = window.train_page.coach
    wait_until(lambda: coach.fix.isVisible())
    assert coach.fix.text() == "Locate…"
    QTest.mouseClick(coach.fix, Qt.MouseButton.LeftButton)
    choose(window, tmp_path / "here" / "b.avi", wait_until)
    wait_until(lambda: window.document.value(TRAIN) == [str(tmp_path / "all.relinked.slp")], 60)
    assert window.page() == "configure"
    assert (tmp_path / "all.relinked.slp").is_file()
