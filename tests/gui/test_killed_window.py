"""A window that is killed loses nothing: really started, really edited, really killed, and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QPushButton

from sleapnn_gui.app import build
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.settings_store import draft_folder
from tests.gui.windows import throw_away

EPOCHS = "trainer_config.max_epochs"
LABELS = "data_config.train_labels_path"
TEXT = "# mine\ntrainer_config:\n  max_epochs: 30  # enough\nx_lab: {deep: [1, 2]}\n"

# Edits without end, so that no pause in typing is waited for, until somebody kills it.
TYPING = """
import sys, time
from PySide6.QtCore import QTimer
from sleapnn_gui.app import build
app, window = build(["sleapnn-gui", sys.argv[1]])
window.document.set_value("trainer_config.seed", 12)
window.files.set_labels(["/data/flies.slp"])
window.document.set_value("x_lab.deep", [1, 2, 3])
begin = time.monotonic()
print("edited", flush=True)
timer = QTimer()
timer.timeout.connect(lambda: window.document.set_value("trainer_config.max_epochs", 31 + window.document.value("trainer_config.max_epochs") % 2))
timer.start(50)
QTimer.singleShot(2000, lambda: print("two seconds", flush=True))
app.exec()
"""


@pytest.fixture
def killed(tmp_path: Path, nothing_remembered: Path) -> Path:
    """A config whose window was killed two seconds after the first of many edits."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(TEXT, encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-c", TYPING, str(mine)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"edited\n"
    assert process.stdout.readline() == b"two seconds\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return mine


@pytest.fixture
def start(app: QApplication) -> Iterator[Callable[..., MainWindow]]:
    opened: list[MainWindow] = []

    def begin(*paths: str) -> MainWindow:
        _, window = build(["sleapnn-gui", "--theme", "light", *paths])
        opened.append(window)
        return window

    yield begin
    for window in opened:
        throw_away(window)


def press(window: MainWindow, name: str) -> None:
    button = window.findChild(QPushButton, f"draft_{name}")
    assert button is not None
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_window_loses_nothing(
    killed: Path, start: Callable[..., MainWindow], wait_until: Callable[..., None]
) -> None:
    first = start()
    offer = first.draft_offer
    assert offer.isVisible()
    assert offer.text.text().startswith("Edits of mine.yaml from ")
    assert not first.document.is_dirty  # nothing is restored by itself
    second = start()
    assert not second.draft_offer.isVisible()  # a draft is offered in one window only
    press(first, "differences")
    dialog = first.findChild(QDialog, "draft_differences")
    assert dialog is not None
    told = dialog.findChild(QPlainTextEdit).toPlainText()
    assert "x_lab" in told
    assert "→ 12" in told
    dialog.accept()
    press(first, "later")
    assert not offer.isVisible()
    third = start()
    press(third, "restore")
    document = third.document
    assert document.path == killed
    assert document.value("trainer_config.seed") == 12
    assert document.value(LABELS) == ["/data/flies.slp"]
    assert document.value(EPOCHS) in (31, 32)
    assert document.is_dirty
    assert killed.read_text(encoding="utf-8") == TEXT
    (kept,) = draft_folder().glob("*.json")  # until it is saved
    third.actions_by_verb["save"].trigger()
    third.files.finish()
    saved = killed.read_text(encoding="utf-8")
    assert saved.startswith("# mine\n")
    assert "# enough" in saved
    assert "deep: [1, 2, 3]" in saved
    wait_until(lambda: not kept.exists())
    assert list(draft_folder().iterdir()) == []


def test_a_draft_follows_the_document(
    start: Callable[..., MainWindow], tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(TEXT, encoding="utf-8")
    window = start(str(mine))
    folder = draft_folder()
    assert not folder.exists()
    for end in ("undo", "save"):
        window.document.set_value(EPOCHS, 31)
        wait_until(lambda: any(folder.glob("*.json")), 5)
        window.actions_by_verb[end].trigger()
        wait_until(lambda: not any(folder.iterdir()), 5)
    window.document.set_value(EPOCHS, 32)
    wait_until(lambda: any(folder.glob("*.json")), 5)
    window.close()
    box = window.files.guard.question
    assert box is not None
    next(button for button in box.buttons() if "Don" in button.text()).click()
    assert not window.isVisible()
    assert not any(folder.iterdir())
    assert not start().draft_offer.isVisible()


def test_a_draft_that_is_discarded_is_gone(start: Callable[..., MainWindow], tmp_path: Path) -> None:
    from sleapnn_gui.document.commands import State
    from sleapnn_gui.document.drafts import DraftStore

    for title in ("one", "two"):
        store = DraftStore(draft_folder())
        store.write(State(values={"trainer_config": {"max_epochs": 3}}, title=title))
        assert store._lock_file is not None
        store._lock_file.release()
    window = start()
    assert "1 more is kept" in window.draft_offer.text.text()
    window.document.set_value(EPOCHS, 5)
    press(window, "restore")
    box = window.files.guard.question
    assert box is not None
    next(button for button in box.buttons() if button.text() == "Cancel").click()
    assert window.document.value(EPOCHS) == 5
    press(window, "discard")
    press(window, "discard")
    assert not window.draft_offer.isVisible()
    assert len(list(draft_folder().glob("*.json"))) == 0


def test_drafts_that_cannot_be_written_are_said(
    start: Callable[..., MainWindow], wait_until: Callable[..., None]
) -> None:
    window = start()  # whose app has a name, and so a folder
    draft_folder().parent.mkdir(parents=True, exist_ok=True)
    draft_folder().touch()  # a file where the folder should be
    window.document.set_value(EPOCHS, 5)
    wait_until(lambda: "No draft" in window.banner.sentence, 5)
    draft_folder().unlink()
