"""The window's commands, driven as a person drives them."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPlainTextEdit, QPushButton, QWidget

from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.yaml_dialect import parse
from sleapnn_gui.app import show_window
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.open_files import OpenFile
from sleapnn_gui.form.yaml_text import line_of
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.folders import next_run_dir
from sleapnn_gui.shell import run_commands
from sleapnn_gui.shell.commands import COMMANDS
from sleapnn_gui.shell.import_report import ImportReport
from sleapnn_gui.shell.run_commands import RunCommands
from tests.gui.windows import start_over, throw_away

Wait = Callable[..., None]
EPOCHS = "trainer_config.max_epochs"


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    return start_over(kept)


def test_every_command_is_an_action_with_words(window: MainWindow) -> None:
    for command in COMMANDS:
        action = window.findChild(type(window.actions_by_verb["open"]), f"action.{command.verb}")
        assert action is not None
        assert action.text()
        assert action.statusTip()
    shortcuts = [command.shortcut for command in COMMANDS if command.shortcut]
    assert len(shortcuts) == len(set(shortcuts))


def test_every_command_can_be_found_by_its_words(window: MainWindow) -> None:
    for command in COMMANDS:
        if command.verb in ("search", "palette"):
            continue
        window.search_field.setText(command.text)
        assert f"action.{command.verb}" in [hit.path for hit in window.search_field.found()], command.text
    window.search_field.clear()


def test_the_palette_opens_on_every_page_and_from_every_field(window: MainWindow, wait_until: Wait) -> None:
    """Its keys are those with which Qt's fields delete to the end of a line; the palette comes first."""
    window.activateWindow()
    wait_until(window.isActiveWindow)
    for name in ("data", "configure", "train", "runs", *window.results.pages):
        window.show_page(name)
        fields = [
            field
            for kind in (QLineEdit, QPlainTextEdit)
            for field in window.findChildren(kind)
            if field.isVisible() and field.isEnabled() and field is not window.search_field
        ]
        for field in fields[:3] or [window.pages.currentWidget()]:
            field.setFocus()
            QTest.keyClick(field, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
            assert window.search_field.hasFocus(), f"{name}: {field.objectName()}"
            QTest.keyClicks(window.search_field, "go to runs")
            assert window.search_field.found()[0].path == "action.show_runs"
            window.search_field.clear()


def test_a_setting_found_by_search_is_shown(window: MainWindow) -> None:
    window.actions_by_verb["search"].trigger()
    QTest.keyClicks(window.search_field, "max_epochs")
    QTest.keyClick(window.search_field, Qt.Key.Key_Return)
    assert window.page() == "configure"
    row = window.form.row(EPOCHS)
    assert row is not None
    assert row.isVisible()


def test_pages_have_their_names(window: MainWindow) -> None:
    for name in ("data", "configure", "train", "runs"):
        window.actions_by_verb[f"show_{name}"].trigger()
        assert window.pages.currentWidget().objectName() == f"page:{name}"


#: What programs that drive the window look for, beside pages, settings and commands.
PARTS = (
    *(f"page:{name}" for name in ("predict", "evaluate", "compare")),
    *(f"pane:{name}" for name in ("help", "see", "yaml", "diff")),
    *(
        f"see:{name}"
        for name in ("chain", "crop", "augmentation", "targets", "network", "skeleton", "schedule", "devices")
    ),
    *(f"data:{name}" for name in ("frame", "strip", "doctor", "split", "advice")),
    *(f"runs:{name}" for name in ("table", "panel", "queue")),
)


@pytest.mark.parametrize("name", PARTS)
def test_parts_have_their_names(window: MainWindow, name: str) -> None:
    window.pages.make_all()
    assert len(window.findChildren(QWidget, name)) == 1


def test_from_problem_to_problem_and_round(window: MainWindow) -> None:
    window.files.set_labels(["/data/a.slp"])
    rate = "trainer_config.optimizer.lr"
    window.document.apply_values({EPOCHS: "many", rate: -1.0}, "two mistakes")
    wrong = {issue.path for issue in window.document.issues() if issue.severity in ("error", "warning")}
    assert {EPOCHS, rate} <= wrong
    been = []
    for _ in range(len(wrong) + 1):
        window.actions_by_verb["next_problem"].trigger()
        been.append(window.settings._last)
    assert set(been) == wrong
    assert been[0] == been[-1], "it goes round"
    assert window.page() == "configure"
    window.actions_by_verb["previous_problem"].trigger()
    assert window.settings._last == been[-2]
    window.reveal(rate)
    window.actions_by_verb["copy_key"].trigger()
    assert QGuiApplication.clipboard().text() == rate


def test_a_line_of_the_yaml_leads_to_its_setting(window: MainWindow, wait_until: Wait) -> None:
    pane = window.form.context.yaml
    window.show_page("configure")
    window.form.set_pane_shown(True)
    window.form.context.open(pane)
    wait_until(lambda: line_of(pane.editor.text(), EPOCHS) >= 0)
    cursor = QTextCursor(pane.editor.document().findBlockByNumber(line_of(pane.editor.text(), EPOCHS)))
    pane.editor.setTextCursor(cursor)
    place = pane.editor.cursorRect(cursor).center()
    QTest.mouseClick(pane.editor.viewport(), Qt.MouseButton.LeftButton, pos=place)
    row = window.form.row(EPOCHS)
    assert row is not None
    assert row.isVisible()
    assert window.form.context.help.path == EPOCHS


def test_two_hundred_and_more_steps_are_taken_back(window: MainWindow) -> None:
    stack, before = window.document.undo_stack, window.document.value(EPOCHS)
    first = stack.index()
    for number in range(260):
        window.document.apply_values({EPOCHS: 1000 + number}, f"Step {number}")
    assert stack.undoText() == "Step 259"
    stack.setIndex(first)
    assert window.document.value(EPOCHS) == before


def test_a_file_that_another_window_has_open_is_told(
    window: MainWindow, wait_until: Wait, tmp_path: Path
) -> None:
    folder = window.files.open_file.folder

    def held(open_file: OpenFile) -> list[Path]:
        """The files whose locks a window holds; it takes them beside its other work."""
        return [lock.path for lock in open_file._held]

    window.document.save(tmp_path / "shared.yaml")
    wait_until(lambda: bool(held(window.files.open_file)))
    shared = held(window.files.open_file)
    other = Document()
    told: list[str] = []
    watch = OpenFile(other, folder)
    watch.shared.connect(told.append)
    other.load(tmp_path / "shared.yaml")
    wait_until(lambda: bool(told))
    assert "shared.yaml is open in another window too" in told[0]
    window.document.save(tmp_path / "elsewhere.yaml")
    wait_until(lambda: held(window.files.open_file) not in ([], shared))
    told.clear()
    other.load(tmp_path / "elsewhere.yaml")
    wait_until(lambda: bool(told))
    told.clear()
    third = Document()
    watch_of_third = OpenFile(third, folder)
    watch_of_third.shared.connect(told.append)
    third.load(tmp_path / "shared.yaml")
    wait_until(lambda: held(watch_of_third) == shared)
    assert not told, "it is open there no longer"


@pytest.mark.parametrize("name", ["best.ckpt", "best_model.h5", "model folder"])
def test_a_trained_model_that_is_dropped_raises_its_question(
    window: MainWindow, wait_until: Wait, tmp_path: Path, name: str
) -> None:
    dropped = tmp_path / name
    weights = dropped / "best.ckpt" if name == "model folder" else dropped
    weights.parent.mkdir(exist_ok=True)
    weights.touch()
    window.files.open_paths([dropped])
    wait_until(lambda: bool(window.findChildren(QMessageBox, "weights")))
    box = window.findChildren(QMessageBox, "weights")[0]
    words = [button.text() for button in box.buttons()]
    assert ("Go on with its training" in words) == (weights.suffix == ".ckpt")
    next(button for button in box.buttons() if button.text() == "Start from its weights").click()
    for part in ("backbone", "head"):
        assert window.document.value(f"model_config.pretrained_{part}_weights") == str(weights)
    assert window.document.undo_stack.undoText() == "Start from its weights"


def test_labels_on_labels_raise_their_question(window: MainWindow) -> None:
    train, validation, document = (
        "data_config.train_labels_path",
        "data_config.val_labels_path",
        window.document,
    )
    files = window.files
    files.open_paths([Path("/data/a.slp")])
    assert document.value(train) == ["/data/a.slp"], "the first ones are no question"
    for words, wanted in (
        ("Cancel", (["/data/a.slp"], None)),
        ("Add to training", (["/data/a.slp", "/data/b.pkg.slp"], None)),
        ("Use as validation", (["/data/a.slp"], ["/data/b.pkg.slp"])),
        ("Replace", (["/data/b.pkg.slp"], None)),
    ):
        before = document.undo_stack.index()
        window.labels_page.labels_chosen.emit(["/data/b.pkg.slp"])
        box = next(box for box in window.findChildren(QMessageBox, "labels") if box.isVisible())
        assert "b.pkg.slp" in box.text()
        assert "a.slp" in box.informativeText()
        QTest.mouseClick(next(b for b in box.buttons() if b.text() == words), Qt.MouseButton.LeftButton)
        assert (document.value(train), document.value(validation)) == wanted
        if words != "Cancel":
            assert document.undo_stack.undoText() == f"{words}: b.pkg.slp"
            document.undo_stack.setIndex(before)


def test_undo_and_redo_are_commands(window: MainWindow) -> None:
    before = window.document.value(EPOCHS)
    assert not window.actions_by_verb["undo"].isEnabled()
    window.document.set_value(EPOCHS, 3)
    window.actions_by_verb["undo"].trigger()
    assert window.document.value(EPOCHS) == before
    window.actions_by_verb["redo"].trigger()
    assert window.document.value(EPOCHS) == 3


def test_a_preset_is_used_from_the_list(window: MainWindow) -> None:
    window.files.set_labels(["/data/a.slp"])
    page = window.labels_page
    page.presets.setCurrentRow(7)
    assert page.note.text()
    button = page.findChild(QPushButton, "use_preset")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.files.finish()
    assert window.document.chosen("model_config.head_configs") == "bottomup"
    assert window.document.value("data_config.train_labels_path") == ["/data/a.slp"]


def test_train_with_problems_goes_to_the_first_one(window: MainWindow) -> None:
    window.document.set_value(EPOCHS, "many")
    window.files.set_labels(["/data/a.slp"])
    window.actions_by_verb["train"].trigger()
    assert window.session is None
    assert window.page() == "configure"
    assert window.banner.isVisible()
    assert "whole number" in window.banner.sentence or "problems" in window.banner.sentence


def test_train_waits_for_the_text_and_not_the_window(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> None:
    """A run starts with the config as it was when Train was pressed, once, and not after the window was closed."""
    started: list[str] = []
    monkeypatch.setattr(
        RunCommands, "_start", lambda self, launch, *_: started.append(launch.config.read_text())
    )
    (tmp_path / "a.slp").touch()
    window.document.set_value("data_config.train_labels_path", [str(tmp_path / "a.slp")])
    go_on, real = threading.Event(), run_commands.text_of
    monkeypatch.setattr(run_commands, "text_of", lambda state: go_on.wait(20) and real(state))
    window.document.set_value(EPOCHS, 31)
    train = window.actions_by_verb["train"]
    train.trigger()
    assert not train.isEnabled()
    window.runs.do_train()
    window.document.set_value(EPOCHS, 32)
    assert started == []
    go_on.set()
    wait_until(lambda: bool(started))
    assert [parse(text)["trainer_config"]["max_epochs"] for text in started] == [31]
    window.document.set_value(EPOCHS, 33)
    window.runs.do_train()
    window.runs.leave()
    window.runs.finish()
    assert len(started) == 1


def test_a_config_opens_edits_and_saves(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("# mine\ntrainer_config:\n  max_epochs: 30\nx_lab: 1\n")
    window.open_path(file)
    window.files.finish()
    assert window.document.path == file
    window.document.set_value(EPOCHS, 31)
    assert "edited" in window.top_bar.state.text()
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    assert file.read_text() == "# mine\ntrainer_config:\n  max_epochs: 31\nx_lab: 1\n"
    assert window.top_bar.state.text() == ""


@pytest.mark.parametrize("first", ["labels", "config"])
def test_labels_and_a_config_open_together_in_any_order(
    app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "mine.yaml"
    config.write_text("trainer_config: {max_epochs: 7}\n", encoding="utf-8")
    paths = [str(tmp_path / "a.slp"), str(config), str(tmp_path / "b.pkg.slp")]
    _, found = show_window(["sleapnn-gui", *(paths if first == "labels" else reversed(paths))])
    labels = found.document.value("data_config.train_labels_path")
    assert found.document.value(EPOCHS) == 7
    assert sorted(labels) == [paths[0], paths[2]]
    throw_away(found)


def test_a_file_that_is_no_config_is_said(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("a: [1,\n")
    before = window.document.to_yaml()
    window.open_path(file)
    window.files.finish()
    assert window.banner.severity == "error"
    assert "Line" in window.banner.sentence
    assert window.document.to_yaml() == before


def test_old_sleap_json_opens_with_a_report(window: MainWindow, shared_data: Path, wait_until: Wait) -> None:
    window.open_path(shared_data / "legacy_configs" / "trained.robot.single_instance.json")
    window.files.finish()
    assert window.document.chosen("model_config.head_configs") == "single_instance"
    assert "Imported" in window.banner.sentence
    window.banner.followed.emit()
    wait_until(lambda: window.findChild(ImportReport) is not None)
    dialog = window.findChild(ImportReport)
    assert dialog is not None
    reset = dialog.findChild(QPushButton, "reset_resolved")
    assert reset is not None
    parts = "model_config.head_configs.single_instance.confmaps.part_names"
    assert window.document.value(parts)
    QTest.mouseClick(reset, Qt.MouseButton.LeftButton)
    window.files.finish()
    assert window.document.value(parts) is None


def test_another_backbone_is_refused_by_name_and_a_unet_offered(
    window: MainWindow, shared_data: Path
) -> None:
    window.open_path(shared_data / "legacy_configs" / "profile.pretrained.single.json")
    window.files.finish()
    assert "pretrained_encoder" in window.banner.sentence
    window.banner.followed.emit()
    window.files.finish()
    assert window.document.chosen("model_config.backbone_config") == "unet"


def test_run_folders_never_meet(tmp_path: Path) -> None:
    view = ConfigReader({"trainer_config": {"ckpt_dir": "models", "run_name": "one"}})
    first = next_run_dir(view, base=tmp_path)
    assert first == tmp_path / "models" / "one"
    first.mkdir(parents=True)
    assert next_run_dir(view, base=tmp_path) == first
    (first / "best.ckpt").touch()
    assert next_run_dir(view, base=tmp_path) == tmp_path / "models" / "one-1"


def test_saved_configs_hold_what_the_window_shows(window: MainWindow, tmp_path: Path) -> None:
    window.document.set_value("trainer_config.seed", 7)
    window.document.save(tmp_path / "out.yaml")
    assert parse((tmp_path / "out.yaml").read_text())["trainer_config"]["seed"] == 7


def test_what_check_said_is_taken_back_once_nothing_is_wrong(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    labels = tmp_path / "labels.slp"
    labels.touch()
    window.document.apply_values({"data_config.train_labels_path": [str(labels)], EPOCHS: "many"}, "wrong")
    window.actions_by_verb["check"].trigger()
    told = window.banner.sentence
    assert "1 problem" in told
    # The page that Check went to came under the pointer of an earlier test, which holds back what comes by itself.
    for place in (window.rect().center(), QPoint(1, 1)):
        QTest.mouseMove(window.windowHandle(), place)
    window.document.set_value(EPOCHS, 5)
    # The engine may have been quicker, and have found that there is nothing in the labels.
    wait_until(lambda: not window.banner.isVisible() or window.banner.sentence != told)


def test_a_remark_goes_with_its_page_and_a_problem_stays(window: MainWindow) -> None:
    window.files.use_preset("centroid_unet")
    window.files.finish()
    assert window.banner.isVisible()
    window.show_page("configure")
    assert not window.banner.isVisible()
    window.show_message("Something is wrong.", "error")
    window.show_page("data")
    assert window.banner.isVisible()


def test_no_button_of_the_page_gets_the_focus_by_itself(window: MainWindow) -> None:
    window.activateWindow()
    window.labels_page.drop_zone.setFocus()
    for name in ("configure", "train", "runs", "data"):
        window.show_page(name)
        assert window.focusWidget() is window.pages.currentWidget()


def test_what_check_said_stays_true(window: MainWindow, wait_until: Wait) -> None:
    warned = {"trainer_config.max_epochs": 5, "trainer_config.keep_viz": True}
    wrong = {EPOCHS: "many", "trainer_config.seed": "none"}
    window.document.apply_values(warned | wrong, "wrong")
    window.actions_by_verb["check"].trigger()
    first = window.banner.sentence
    window.document.set_value("trainer_config.seed", 1)
    wait_until(lambda: window.banner.sentence != first)
    assert window.banner.isVisible()
    assert first.split()[0] != window.banner.sentence.split()[0], "as many as there still are"


def test_a_sentence_that_is_true_no_more_goes(window: MainWindow) -> None:
    window.runs.message.emit("Wait until it ends.", "warning")
    window.runs.untrue.emit("Something else.")
    assert window.banner.isVisible()
    window.runs.untrue.emit("Wait until it ends.")
    assert not window.banner.isVisible()


def test_the_keyboard_goes_where_a_link_leads(window: MainWindow, wait_until: Wait) -> None:
    window.activateWindow()
    wait_until(window.isActiveWindow)
    for then, place in (
        (None, window.labels_page),
        (lambda: window.show_page("runs"), window.runs_page),
        (lambda: window.reveal(EPOCHS), window.form),
    ):
        window.show_page("data")
        window.banner.offer("Something was done.", "info", "Show", then)
        window.banner.focus_link()
        assert window.banner.hasFocus()
        QTest.keyClick(window.banner, Qt.Key.Key_Return)
        focus = QApplication.focusWidget()
        assert focus is place or place.isAncestorOf(focus), then
        assert not window.banner.isVisible()
