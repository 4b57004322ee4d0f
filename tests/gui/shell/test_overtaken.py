"""A file that another program changes while it is open: told by itself, with three answers; and what the config is compared with."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from sleapnn_gui.document.drafts import Draft
from sleapnn_gui.document.lock_file import LockFile
from sleapnn_gui.form.compared_pane import DEFAULTS, DISK, LAST_RUN, OPENED
from sleapnn_gui.main_window import MainWindow
from tests.gui.windows import start_over

EPOCHS, SEED = "trainer_config.max_epochs", "trainer_config.seed"
MINE = "# mine\ntrainer_config:\n  max_epochs: 5\n  seed: 1\n"
THEIRS = "# theirs\ntrainer_config:\n  max_epochs: 7\n  seed: 1\n"
Wait = Callable[..., None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    return tmp_path / "mine.yaml"


@pytest.fixture
def window(kept: MainWindow, file: Path, wait_until: Wait) -> MainWindow:
    found = start_over(kept, str(file))
    look(found, wait_until)
    assert not found.disk_offer.isVisible()
    return found


def look(window: MainWindow, wait_until: Wait) -> None:
    watch = window.files.watch
    watch.check()
    wait_until(lambda: not watch._looking.is_at_work)


def replace(file: Path, text: str) -> None:
    """As most editors save: another file takes the name."""
    (file.parent / "part").write_text(text, encoding="utf-8")
    os.replace(file.parent / "part", file)


def press(window: MainWindow, name: str) -> None:
    QTest.mouseClick(getattr(window.disk_offer, name), Qt.MouseButton.LeftButton)


def test_what_others_wrote_is_told_by_itself_and_taken(
    window: MainWindow, file: Path, wait_until: Wait
) -> None:
    window.document.set_value(SEED, 2)
    replace(file, THEIRS)
    wait_until(window.disk_offer.isVisible)  # nobody asked
    assert "mine.yaml was changed by another program" in window.disk_offer.text.text()
    assert "not in it" in window.disk_offer.text.text()
    press(window, "take")
    assert not window.disk_offer.isVisible()
    document = window.document
    assert (document.value(EPOCHS), document.value(SEED), document.is_dirty) == (7, 1, False)
    assert document.to_yaml() == THEIRS
    assert document.undo_stack.undoText() == "Take mine.yaml from the disk"
    document.undo_stack.undo()
    assert (document.value(EPOCHS), document.value(SEED), document.is_dirty) == (5, 2, True)


def test_what_is_here_is_kept_and_saved_over_theirs(window: MainWindow, file: Path, wait_until: Wait) -> None:
    window.document.set_value(SEED, 2)
    replace(file, THEIRS)
    look(window, wait_until)
    press(window, "keep")
    document = window.document
    assert (document.value(EPOCHS), document.value(SEED), document.is_dirty) == (5, 2, True)
    assert {path for path, _, _ in document.differences()} == {EPOCHS, SEED}
    look(window, wait_until)
    assert not window.disk_offer.isVisible(), "told once"
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    assert not any(box.isVisible() for box in window.findChildren(QMessageBox, "overtaken"))
    assert "max_epochs: 5" in file.read_text(encoding="utf-8")
    look(window, wait_until)
    assert not window.disk_offer.isVisible(), "this window wrote it"


def test_what_is_no_config_is_told_and_cannot_be_taken(
    window: MainWindow, file: Path, wait_until: Wait
) -> None:
    replace(file, "trainer_config: [")
    look(window, wait_until)
    assert "cannot be read now: Line " in window.disk_offer.text.text()
    assert not window.disk_offer.take.isVisible()
    replace(file, THEIRS)
    look(window, wait_until)
    assert window.disk_offer.take.isVisible()
    replace(file, MINE)
    look(window, wait_until)
    assert not window.disk_offer.isVisible(), "it is again as it was opened"


def test_a_file_that_is_gone_for_a_moment_is_no_news(
    window: MainWindow, file: Path, wait_until: Wait
) -> None:
    file.unlink()
    look(window, wait_until)
    assert not window.disk_offer.isVisible()
    file.write_text(MINE, encoding="utf-8")
    look(window, wait_until)
    assert not window.disk_offer.isVisible()


def test_the_config_is_compared_with_what_a_person_chooses(
    window: MainWindow, file: Path, tmp_path: Path, wait_until: Wait
) -> None:
    replace(file, THEIRS)
    look(window, wait_until)
    press(window, "compare")
    diff = window.form.context.diff
    said = lambda: {(row.change.path, row.change.old, row.change.new) for row in diff.list.rows()}  # noqa: E731
    wait_until(lambda: said() == {(EPOCHS, "7", "5")})
    assert diff.chosen == DISK
    assert window.form.context.titles()[-1] == "Diff 1"
    undo = diff.list.rows()[0].change.undo
    assert undo is not None
    undo()
    assert window.document.value(EPOCHS) == 7
    wait_until(lambda: not said())
    diff.compare_with(LAST_RUN)
    wait_until(
        lambda: (
            "No labels are chosen yet" in diff.list.widget().findChild(type(window.disk_offer.text)).text()
        )
    )
    run = tmp_path / "runs" / "first"
    run.mkdir(parents=True)
    (run / "events.jsonl").write_text("", encoding="utf-8")
    (run / "initial_config.yaml").write_text(
        "data_config:\n  train_labels_path:\n  - /data/a.slp\ntrainer_config:\n  max_epochs: 30\n  seed: 1\n  run_name: first\n",
        encoding="utf-8",
    )
    window.files.set_labels(["/data/a.slp"])
    diff.set_folders(lambda: [tmp_path / "runs"])
    diff.compare_with(LAST_RUN)
    wait_until(lambda: (EPOCHS, "30", "7") in said())
    assert not {path for path, _, _ in said()} & {"trainer_config.run_name", "data_config.train_labels_path"}
    diff.compare_with(DEFAULTS)
    assert (SEED, "None", "1") in said() or SEED in {path for path, _, _ in said()}
    diff.compare_with("config_bottomup_unet_medium_rf.yaml")
    wait_until(lambda: "model_config.head_configs" in {path for path, _, _ in said()})
    before = window.document.undo_stack.index()
    for left in range(100, -1, -1):  # choices, switches and settings alike
        taken_back = next((row.change for row in diff.list.rows() if row.change.undo is not None), None)
        if taken_back is None:
            break
        assert left, f"{taken_back} stays"
        taken_back.undo()
        wait_until(lambda taken_back=taken_back: taken_back not in [row.change for row in diff.list.rows()])
    assert said() == set()
    assert window.document.chosen("model_config.head_configs") == "bottomup"
    window.document.undo_stack.setIndex(before)
    diff.compare_with(OPENED)
    assert EPOCHS in {path for path, _, _ in said()}


def answer(window: MainWindow, key: Qt.Key = Qt.Key.Key_Space) -> QWidget | None:
    """Press what has the keyboard; returns what has it then."""
    held = window.focusWidget()
    assert held is not None
    QTest.keyClick(held, key)
    return window.focusWidget()


def test_the_keyboard_goes_from_one_question_to_the_next_and_back_to_the_page(
    window: MainWindow, file: Path, wait_until: Wait
) -> None:
    window.activateWindow()
    wait_until(window.isActiveWindow)
    window.reveal(SEED)
    was, offer = QApplication.focusWidget(), window.draft_offer
    replace(file, THEIRS)
    wait_until(window.disk_offer.isVisible)
    window.show_message("Something is wrong.", "warning")
    offer._drafts = [
        Draft(
            state=window.document.state,
            at=0.0,
            path=file.with_name(name),
            lock=LockFile(file.with_suffix(name)),
        )
        for name in (".one", ".two")
    ]
    offer._show()
    restore, _, discard, later = offer._buttons
    discard.setFocus()
    assert answer(window) is restore, "and not on what would discard the other one"
    later.setFocus()
    assert answer(window) is window.disk_offer.take
    window.disk_offer.keep.setFocus()
    assert answer(window) is window.banner
    assert answer(window, Qt.Key.Key_Return) is was
    zone = window.labels_page.drop_zone
    window.show_page("data")
    without = zone.grab().toImage()
    zone.setFocus()
    assert zone.grab().toImage() != without, "where the keyboard is can be seen"
    for name in ("data", "train"):
        window.show_page(name)
        window.show_message("Something is wrong.", "warning")
        window.banner.focus_link()
        found, page = answer(window, Qt.Key.Key_Return), window.pages.currentWidget()
        assert found is not None
        assert page is not None
        assert (found is page) is (name == "train"), "there a button may end a run"
        assert page.isAncestorOf(found)
