"""Saving where no file can be, into a folder that is not there, and opening what is no file: a sentence or a question."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton

from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.import_report import ImportReport
from tests.engine.config.obstacles import OBSTACLES, obstacle, open_folder, state_of
from tests.gui.windows import start_over

EPOCHS = "trainer_config.max_epochs"
LEGACY = '{"model": {"backbone": {"unet": {}}, "heads": {"single_instance": {}}}}'


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("trainer_config: {max_epochs: 30}\n", encoding="utf-8")
    (tmp_path / "old.json").write_text(LEGACY, encoding="utf-8")
    return start_over(kept, "mine.yaml")


def save_as(window: MainWindow, path: Path) -> None:
    window.actions_by_verb["save_as"].trigger()
    choose(window, path)


def choose(window: MainWindow, path: Path) -> None:
    dialog = next(found for found in window.findChildren(QFileDialog) if found.isVisible())
    dialog.fileSelected.emit(str(path))
    dialog.done(0)
    window.files.finish()


def answer(window: MainWindow, text: str) -> None:
    box = next(box for box in window.findChildren(QMessageBox, "new_folder") if box.isVisible())
    QTest.mouseClick(
        next(button for button in box.buttons() if button.text() == text), Qt.MouseButton.LeftButton
    )
    window.files.finish()


def test_what_no_file_can_be_is_refused_and_nothing_is_lost(window: MainWindow) -> None:
    window.document.set_value(EPOCHS, 31)
    for kind in OBSTACLES:
        if kind == "missing folder":
            continue
        with open_folder() as place, obstacle(kind, place, "out.yaml") as path:
            before = state_of(place)
            save_as(window, path)
            assert OBSTACLES[kind] in window.banner.sentence, kind
            assert state_of(place) == before, kind
        assert window.document.is_dirty
        assert window.document.path == Path("mine.yaml")
        window.banner.show_message("")


def test_a_folder_is_made_only_when_a_person_says_so(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value(EPOCHS, 31)
    wanted = tmp_path / "new" / "deep" / "job.yaml"
    save_as(window, wanted)
    assert not (tmp_path / "new").exists()
    answer(window, "Cancel")
    assert not (tmp_path / "new").exists()
    assert window.document.is_dirty
    save_as(window, wanted)
    answer(window, "Save elsewhere…")
    choose(window, tmp_path / "here.yaml")
    assert "31" in (tmp_path / "here.yaml").read_text()
    window.document.set_value(EPOCHS, 32)
    save_as(window, wanted)
    answer(window, "Make the folder and save")
    assert "32" in wanted.read_text()
    assert not window.document.is_dirty


def test_a_folder_that_cannot_be_made_is_said(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value(EPOCHS, 31)
    (tmp_path / "file").write_text("kept")
    save_as(window, tmp_path / "file" / "deep" / "job.yaml")
    answer(window, "Make the folder and save")
    assert "a file, not a folder" in window.banner.sentence
    assert window.document.is_dirty


def test_the_report_is_saved_or_says_why_not(window: MainWindow, tmp_path: Path) -> None:
    window.files.open_path(tmp_path / "old.json")
    window.files.finish()
    window.actions_by_verb["import_report"].trigger()
    report = window.findChild(ImportReport)
    assert report is not None
    save = next(button for button in report.findChildren(QPushButton) if button.text() == "Save the report…")
    for path in ("/dev/full", tmp_path / "no" / "report.txt", tmp_path / "report.txt"):
        QTest.mouseClick(save, Qt.MouseButton.LeftButton)
        choose(window, Path(path))
        report._writing.finish()
        said = window.banner.sentence
        assert ("was saved to" in said) == (path == tmp_path / "report.txt"), said
    assert (tmp_path / "report.txt").read_text().startswith("Import of old.json")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("name", ["in.yaml", "in.json", "in.slp"])
def test_nothing_that_is_no_file_is_opened(name: str, window: MainWindow) -> None:
    """A reader that waits for a pipe would hang here."""
    for kind in OBSTACLES:
        if kind.startswith("read-only"):
            continue
        with open_folder() as place, obstacle(kind, place, name) as path:
            window.files.open_path(path)
            window.files.finish()
            if not path.name.endswith(".slp"):  # those are looked at by the engine
                assert window.banner.sentence, kind
                assert window.document.path == Path("mine.yaml")
            window.banner.show_message("")
