"""No act replaces or closes unsaved work without a question, and the question's three answers do what they say."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QPlainTextEdit

from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.yaml_dialect import parse
from sleapnn_gui.app import show_window
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell import file_commands, saving
from tests.gui.windows import start_over, throw_away

EPOCHS = "trainer_config.max_epochs"
LABELS = "data_config.train_labels_path"
LEGACY = """{"data": {"labels": {}}, "model": {"backbone": {"unet": {"filters": 16, "max_stride": 16,
 "output_stride": 2}}, "heads": {"single_instance": {"sigma": 2.5, "output_stride": 2}}}, "optimization": {}}"""


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("# mine\ntrainer_config: {max_epochs: 30}\n", encoding="utf-8")
    (tmp_path / "other.yaml").write_text("trainer_config: {max_epochs: 7}\n", encoding="utf-8")
    (tmp_path / "old.json").write_text(LEGACY, encoding="utf-8")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "training_config.yaml").write_text("trainer_config: {max_epochs: 9}\n")
    return start_over(kept, "mine.yaml")


def question(window: MainWindow, name: str = "unsaved") -> QMessageBox | None:
    window.files.finish()
    return next((box for box in window.findChildren(QMessageBox, name) if box.isVisible()), None)


def answer(window: MainWindow, text: str, name: str = "unsaved") -> None:
    box = question(window, name)
    assert box is not None
    button = next(button for button in box.buttons() if button.text().replace("&", "") == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.files.finish()


def choose(window: MainWindow, path: Path) -> None:
    """Answer the file dialog that is open."""
    dialog = next(found for found in window.findChildren(QFileDialog) if found.isVisible())
    dialog.fileSelected.emit(str(path))
    dialog.done(0)
    window.files.finish()


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def by_dialog(verb: str, name: str) -> Callable[[MainWindow, Path], None]:
    def act(window: MainWindow, folder: Path) -> None:
        window.actions_by_verb[verb].trigger()
        choose(window, folder / name)

    return act


REPLACING: dict[str, Callable[[MainWindow, Path], None]] = {
    "open": by_dialog("open", "other.yaml"),
    "import": by_dialog("import_legacy", "old.json"),
    "drop": lambda window, folder: drop(window, folder / "other.yaml"),
    "path": lambda window, folder: window.open_path(folder / "other.yaml"),
    "run": lambda window, folder: window.open_path(folder / "run"),
    "with labels": lambda window, folder: drop(window, folder / "other.yaml", folder / "a.slp"),
    "close": lambda window, folder: window.close() and None,
}


@pytest.mark.parametrize("name", REPLACING)
def test_nothing_replaces_edits_without_a_question(window: MainWindow, tmp_path: Path, name: str) -> None:
    window.document.set_value(EPOCHS, 31)
    REPLACING[name](window, tmp_path)
    box = question(window)
    assert box is not None
    assert "mine.yaml" in box.text()
    assert f"“{SPEC.keys[EPOCHS].meta.label}”" in box.informativeText()
    assert window.document.value(EPOCHS) == 31
    answer(window, "Cancel")
    assert window.isVisible()
    assert window.document.value(EPOCHS) == 31
    assert not window.document.value(LABELS)
    assert window.document.undo_stack.canUndo()


@pytest.mark.parametrize("name", REPLACING)
def test_what_is_saved_is_replaced_at_once(
    window: MainWindow, tmp_path: Path, name: str, wait_until: Callable[..., None]
) -> None:
    REPLACING[name](window, tmp_path)
    assert question(window) is None
    if name == "close":
        assert not window.isVisible()
    else:
        assert window.document.path != tmp_path / "mine.yaml"


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("name", ["open", "run", "close"])
def test_text_that_is_no_config_is_not_lost_without_a_question(
    window: MainWindow, tmp_path: Path, wait_until: Callable[..., None], name: str, edited: bool
) -> None:
    if edited:
        window.document.set_value(EPOCHS, 31)
    window.show_page("configure")
    pane = window.form.context.yaml
    window.form.context.open(pane)
    wait_until(lambda: "max_epochs" in pane.editor.text())
    QTest.keyClicks(pane.editor, "so far: [")
    typed = pane.editor.text()
    wait_until(lambda: bool(window.document.unread))
    for _ in range(2):
        REPLACING[name](window, tmp_path)
        box = question(window, "unread")
        assert box is not None
        assert "would lose what was typed" in box.informativeText()
        answer(window, "Cancel", "unread")
        assert (window.isVisible(), pane.editor.text()) == (True, typed)
        REPLACING[name](window, tmp_path)
        answer(window, "Lose what was typed", "unread")
        if not edited:
            break
        answer(window, "Cancel")
        assert pane.editor.text() == typed
    if edited:
        REPLACING[name](window, tmp_path)
        answer(window, "Lose what was typed", "unread")
        answer(window, "Don't save")
    wait_until(lambda: not window.document.unread)
    if name == "close":
        assert not window.isVisible()
    else:
        wait_until(lambda: "so far" not in pane.editor.text())


def test_text_that_is_no_config_outlives_a_window_that_is_killed(
    window: MainWindow, wait_until: Callable[..., None]
) -> None:
    window.show_page("configure")
    form, pane = window.form, window.form.context.yaml
    form.context.open(pane)
    wait_until(lambda: "max_epochs" in pane.editor.text())
    QTest.keyClicks(pane.editor, "so far: [")
    typed, store = pane.editor.text(), window.drafts._store
    wait_until(lambda: store._own is not None and store._own.exists())
    assert store._lock_file is not None
    store._lock_file.release()  # as when the process is killed
    store._own = store._lock_file = None
    window.document.set_unread({})
    start_over(window)
    form.context.open(form.context.help)
    form.set_pane_shown(False)

    window.draft_offer.check()
    window.draft_offer.show_differences()
    dialog = window.findChild(QDialog, "draft_differences")
    assert dialog is not None
    assert "so far: [" in dialog.findChildren(QPlainTextEdit)[0].toPlainText()
    dialog.close()
    window.draft_offer.restore()
    assert window.page() == "configure"
    wait_until(lambda: pane.isVisible() and pane.editor.text() == typed)
    assert window.document.unread.startswith("Line ")
    wait_until(lambda: pane.told.isVisible())
    pane.told.followed.emit()
    wait_until(lambda: "so far" not in pane.editor.text())
    assert window.document.unread == ""
    window.drafts.discard()


def test_save_goes_on_after_saving(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value(EPOCHS, 31)
    drop(window, tmp_path / "other.yaml", tmp_path / "a.slp")
    answer(window, "Save")
    assert parse((tmp_path / "mine.yaml").read_text())["trainer_config"]["max_epochs"] == 31
    assert window.document.value(EPOCHS) == 7
    assert window.document.value(LABELS) == [str(tmp_path / "a.slp")]


def test_dont_save_goes_on_without(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value(EPOCHS, 31)
    window.open_path(tmp_path / "other.yaml")
    window.files.finish()
    answer(window, "Don't save")
    assert window.document.value(EPOCHS) == 7
    assert "30" in (tmp_path / "mine.yaml").read_text()


@pytest.mark.parametrize("act", ["open", "close"])
def test_a_failure_to_save_keeps_everything(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    window.document.set_value(EPOCHS, 31)
    (tmp_path / "mine.yaml").unlink()
    (tmp_path / "mine.yaml").mkdir()  # a folder is in the way now
    (tmp_path / "mine.yaml" / "full").touch()
    window.open_path(tmp_path / "other.yaml") if act == "open" else window.close()
    window.files.finish()
    answer(window, "Save")
    if question(window, "overtaken") is not None:
        answer(window, "Save anyway", "overtaken")
    assert window.isVisible()
    assert window.banner.severity == "error"
    assert window.document.value(EPOCHS) == 31
    assert window.document.is_dirty
    assert window.document.undo_stack.canUndo()


def test_giving_up_the_place_to_save_to_keeps_everything(window: MainWindow, tmp_path: Path) -> None:
    window.files.use_preset("centroid_unet")
    window.files.finish()
    window.close()
    answer(window, "Save")
    dialog = next(found for found in window.findChildren(QFileDialog) if found.isVisible())
    dialog.reject()
    assert window.isVisible()
    assert window.document.is_dirty
    window.close()
    answer(window, "Save")
    choose(window, tmp_path / "new.yaml")
    assert (tmp_path / "new.yaml").is_file()
    assert not window.isVisible()


def test_a_file_that_cannot_be_opened_asks_nothing(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value(EPOCHS, 31)
    (tmp_path / "bad.yaml").write_text("a: [1,\n")
    window.open_path(tmp_path / "bad.yaml")
    window.files.finish()
    assert question(window) is None
    assert window.banner.severity == "error"
    assert window.document.value(EPOCHS) == 31


def test_an_import_that_was_never_saved_is_work(window: MainWindow, tmp_path: Path) -> None:
    window.open_path(tmp_path / "old.json")
    window.files.finish()
    assert window.document.is_dirty
    window.close()
    box = question(window)
    assert box is not None
    assert "the imported settings" in box.informativeText()
    answer(window, "Don't save")
    assert not window.isVisible()


def test_a_preset_that_nobody_edited_is_none(app: QApplication, tmp_path: Path) -> None:
    _, window = show_window(["sleapnn-gui"])
    assert not window.document.is_dirty
    window.files.set_labels(["a.slp"])
    assert window.document.is_dirty
    window.open_path(tmp_path)
    window.files.finish()
    window.document.undo_stack.undo()
    assert not window.document.is_dirty
    throw_away(window)


def test_acts_that_are_edits_keep_the_steps_before(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value(EPOCHS, 31)
    window.files.use_preset("centroid_unet")
    window.files.finish()
    window.actions_by_verb["new"].trigger()
    window.files.finish()
    drop(window, tmp_path / "a.slp")
    assert question(window) is None
    for _ in range(3):
        window.actions_by_verb["undo"].trigger()
    assert window.document.value(EPOCHS) == 31
    assert window.document.path == Path("mine.yaml")


def test_two_configs_at_once_are_not_passed_over_in_silence(window: MainWindow, tmp_path: Path) -> None:
    drop(window, tmp_path / "other.yaml", tmp_path / "mine.yaml")
    window.files.finish()
    assert window.document.value(EPOCHS) == 7
    assert "mine.yaml" in window.banner.sentence


def test_a_file_somebody_else_changed_is_not_replaced_without_a_word(
    window: MainWindow, tmp_path: Path
) -> None:
    """As two windows on one file."""
    mine = tmp_path / "mine.yaml"
    window.document.set_value(EPOCHS, 31)
    mine.write_text("trainer_config: {max_epochs: 99}\n", encoding="utf-8")
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    answer(window, "Cancel", "overtaken")
    assert "99" in mine.read_text()
    assert window.document.is_dirty
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    answer(window, "Save as another file…", "overtaken")
    choose(window, tmp_path / "third.yaml")
    assert "99" in mine.read_text()
    assert "31" in (tmp_path / "third.yaml").read_text()
    assert not window.document.is_dirty
    window.document.set_value(EPOCHS, 32)
    (tmp_path / "third.yaml").write_text("a: 1\n", encoding="utf-8")
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    answer(window, "Save anyway", "overtaken")
    assert "32" in (tmp_path / "third.yaml").read_text()
    assert (tmp_path / "third.yaml.bak").read_text() == "a: 1\n"
    window.document.set_value(EPOCHS, 33)
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    assert question(window, "overtaken") is None
    assert "33" in (tmp_path / "third.yaml").read_text()


def test_what_undo_brings_back_belongs_to_the_file_saved_last(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value(EPOCHS, 31)
    window.document.save(tmp_path / "new.yaml")
    window.actions_by_verb["undo"].trigger()
    assert window.document.path == tmp_path / "new.yaml"
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    assert parse((tmp_path / "new.yaml").read_text())["trainer_config"]["max_epochs"] == 30
    window.actions_by_verb["redo"].trigger()
    assert window.document.path == tmp_path / "new.yaml"
    assert window.document.is_changed(EPOCHS)


def slow(window: MainWindow, monkeypatch: pytest.MonkeyPatch, name: str) -> threading.Event:
    """Hold up what the window does beside itself until the event is set."""
    module = saving if hasattr(saving, name) else file_commands
    go_on, real = threading.Event(), getattr(module, name)

    def held(*args: Any, **options: Any) -> Any:
        assert go_on.wait(20)
        return real(*args, **options)

    monkeypatch.setattr(module, name, held)
    return go_on


def test_the_window_lives_on_while_a_file_is_read_and_the_newest_wins(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]
) -> None:
    go_on = slow(window, monkeypatch, "open_config")
    window.open_path(tmp_path / "old.json")
    wait_until(lambda: window.banner.sentence == "Reading old.json …")
    window.open_path(tmp_path / "other.yaml")
    assert window.banner.sentence == "Reading other.yaml …"
    window.document.set_value(EPOCHS, 31)  # an edit made meanwhile is no less work than any other
    go_on.set()
    wait_until(lambda: any(box.isVisible() for box in window.findChildren(QMessageBox)))
    assert "other.yaml" in question(window).informativeText()
    assert window.banner.sentence == ""
    answer(window, "Don't save")
    assert window.document.path == tmp_path / "other.yaml"
    assert window.document.report is None


@pytest.mark.parametrize("close", [False, True])
def test_what_is_done_while_a_file_is_written_comes_after_it(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, close: bool
) -> None:
    """Closing, opening and saving again wait for the file; nothing is asked about work that is being saved."""
    window.document.set_value(EPOCHS, 31)
    go_on = slow(window, monkeypatch, "save_text")
    for _ in range(2):
        window.actions_by_verb["save"].trigger()
    act = window.close if close else lambda: window.open_path(tmp_path / "other.yaml")
    act()
    assert window.isVisible()
    assert "30" in (tmp_path / "mine.yaml").read_text()
    go_on.set()
    assert question(window) is None
    assert "31" in (tmp_path / "mine.yaml").read_text()
    assert "31" in (tmp_path / "mine.yaml.bak").read_text()  # the second time
    assert window.isVisible() is not close
    assert window.document.value(EPOCHS) == (31 if close else 7)


@pytest.mark.parametrize("failure", [False, True])
def test_edits_made_while_a_file_is_written_stay_unsaved(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: bool
) -> None:
    window.document.set_value(EPOCHS, 31)
    go_on = slow(window, monkeypatch, "save_text")
    window.actions_by_verb["save"].trigger()
    window.document.set_value("trainer_config.seed", 5)
    window.close()
    if failure:
        (tmp_path / "mine.yaml").unlink()
        (tmp_path / "mine.yaml").mkdir()
        (tmp_path / "mine.yaml" / "full").touch()
    go_on.set()
    asked = question(window)
    assert asked is not None
    assert (f"“{SPEC.keys[EPOCHS].meta.label}”" in asked.informativeText()) == failure
    assert "“Random seed”" in asked.informativeText()
    answer(window, "Cancel")
    window.actions_by_verb["undo"].trigger()
    assert window.document.value(EPOCHS) == 31
    assert window.document.is_dirty
    if not failure:
        assert not window.document.is_changed(EPOCHS)
