"""What Train will do is seen before it does: the sheet before training, and what a preset would change; presets of one's own."""

import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QStandardPaths, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton, QWidget
from shiboken6 import isValid

from sleapnn_engine.cli import build_parser, main
from sleapnn_engine.config.advice import advise
from sleapnn_engine.config.own_presets import MINE, own_folder
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.validate import errors
from sleapnn_gui.document.locks import read_locks
from sleapnn_gui.form.lock_mark import LockMark
from sleapnn_gui.form.preset_sheet import PresetSheet
from sleapnn_gui.form.save_preset import SavePreset
from sleapnn_gui.inspector.presets_view import PresetsView
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.shell.train_sheet import TrainSheet
from sleapnn_gui.shell.training_review import FOLDER, LABELS, LENGTH, MEMORY, MODEL, TIME
from sleapnn_gui.widgets.message_line import MessageLine
from tests.engine.config.test_advice import facts
from tests.gui.windows import start_over

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
MEDIUM = "single_instance_unet_medium_rf"
FILTERS, EPOCHS = "model_config.backbone_config.unet.filters", "trainer_config.max_epochs"
BATCH = "trainer_config.train_data_loader.batch_size"


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


def test_what_is_said_already_stays(window: MainWindow) -> None:
    """An answer that comes in must not take away the line that somebody is pressing."""
    window.document.set_value(EPOCHS, 7)
    sheet = opened(window)
    before = [line for line in sheet.findChildren(MessageLine) if line.isVisible()]
    assert any("200 → 7" in line.sentence for line in before)
    window.document.figures_changed.emit()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert [line for line in before if not isValid(line)] == []
    window.document.set_value(EPOCHS, 8)
    assert any("200 → 8" in line for line in said(sheet))


def press(button: QWidget) -> None:
    assert button.isVisible()
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


def test_ten_steps_are_measured_and_are_of_the_config_as_it_stands(
    window: MainWindow, wait_until: Wait
) -> None:
    """What the engine says fills the sheet; a failure is a problem of its setting with a Fix; an edit takes both back."""
    sheet = opened(window)
    asked: list[str] = []
    window.inspect.asked.connect(asked.append)
    sheet.measure.click()
    assert "measure" in asked
    assert not sheet.measure.isEnabled()
    assert sheet.row(TIME).startswith("Taking ten steps")
    window.inspect.cancel("measure")
    found = {
        "device": "cpu",
        "steps": 10,
        "memory": 1.2e9,
        "free": 8e9,
        "step_seconds": 0.5,
        "data_share": 0.1,
    }
    window.inspect.answered.emit("measure", found | {"epochs": 20, "steps_per_epoch": 100, "seconds": 2280.0})
    assert sheet.row(TIME).startswith("about 38 min for all 20 epochs")
    assert "1.2 of 8 GB" in sheet.row(MEMORY)
    batch = "trainer_config.train_data_loader.batch_size"
    window.document.set_value(batch, 6)
    assert not sheet.row(TIME).startswith("about"), "that was another config"
    sheet.measure.click()
    window.inspect.cancel("measure")
    fix = {"label": "Batches of 3", "set": {batch: 3}}
    said = {"message": "There is not enough memory.", "where": batch, "hint": "Smaller batches take less."}
    window.inspect.answered.emit("measure", {"failed": {**said, "fix": fix}})
    issue = next(issue for issue in window.document.issues(batch) if issue.severity == "error")
    assert issue.fix is not None
    assert issue.fix.changes == {batch: 3}
    assert not sheet.train.isEnabled()
    assert not sheet.measure.isEnabled(), "what cannot be trained cannot be measured"
    window.document.apply_values(issue.fix.changes, "Batches of 3")
    assert not window.document.issues(batch)
    assert sheet.measure.isEnabled()
    window.inspect.asked.disconnect(asked.append)
    sheet.close()


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


@pytest.fixture
def shelf(kept: MainWindow, tmp_path: Path) -> Iterator[MainWindow]:
    found = start_over(kept)
    found.presets.folder = tmp_path / "config"
    found.presets.refresh()
    found.presets.finish()
    found.labels_page.offer_presets()
    yield found
    found.presets.unlock()
    found.presets.finish()


def view_of(window: MainWindow) -> PresetsView:
    return window.labels_page.beside.presets


def choose(window: MainWindow, name: str) -> None:
    view_of(window).presets.setCurrentItem(view_of(window).item_of(name))


def save_as_preset(window: MainWindow, title: str, note: str, *locked: str) -> None:
    window.actions_by_verb["save_preset"].trigger()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    dialog = window.findChild(SavePreset)
    assert dialog is not None
    assert not dialog.save.isEnabled(), "a preset needs a name"
    dialog.name.setText(title)
    dialog.note.setPlainText(note)
    for path in locked:
        dialog.locks[path].click()
    press(dialog.save)
    window.presets.finish()


def mine(window: MainWindow) -> list[str]:
    return [preset.title for preset in view_of(window).known if preset.kind == MINE]


def test_what_a_preset_would_change_is_seen_before_it_does(shelf: MainWindow, wait_until: Wait) -> None:
    window, document = shelf, shelf.document
    document.set_value(EPOCHS, 3)
    choose(window, "bottomup_unet_medium_rf")
    press(view_of(window).more["Compare…"])
    window.presets.finish()
    sheet = window.findChild(PresetSheet)
    assert sheet is not None
    wait_until(lambda: bool(sheet.list.rows()))
    told = {row.change.path: (row.change.old, row.change.new) for row in sheet.list.rows()}
    assert told[EPOCHS] == ("3", "200")
    assert "model_config.head_configs" in told
    assert document.value(EPOCHS) == 3, "nothing is changed by looking"
    QTest.mouseClick(sheet.list.rows()[0], Qt.MouseButton.LeftButton)
    assert window.page() == "configure"
    window.show_page("data")
    before = document.undo_stack.index()
    use = sheet.findChild(QPushButton, "use_compared")
    assert isinstance(use, QPushButton)
    press(use)
    window.presets.finish()
    assert document.undo_stack.index() == before + 1
    assert document.chosen("model_config.head_configs") == "bottomup"
    changed = {path for path, old, new in _differences(window)}
    assert changed <= set(told) | {path for path in changed if "head_configs" in path}


def _differences(window: MainWindow) -> list[tuple[str, object, object]]:
    return window.document.differences()


def test_a_preset_of_ones_own_locks_what_others_leave_alone(shelf: MainWindow, wait_until: Wait) -> None:
    window, document = shelf, shelf.document
    document.set_value(FILTERS, 40)
    document.set_value(EPOCHS, 7)
    document.set_value(BATCH, 3)
    save_as_preset(window, "Our flies", "As agreed.", FILTERS, BATCH)
    assert mine(window) == ["Our flies"]
    assert view_of(window).presets.item(0).text() == "Our flies", "one's own come first"
    assert document.locks == {}, "saving locks nothing"

    window.presets.use(f"{MINE}:our_flies.yaml")
    window.presets.finish()
    assert dict(document.locks) == {FILTERS: "Our flies", BATCH: "Our flies"}
    window.reveal(BATCH)
    wait_until(lambda: window.form.row(BATCH).findChild(LockMark) is not None)
    mark = window.form.row(BATCH).findChild(LockMark)
    wait_until(mark.isVisible)
    assert "Locked by “Our flies”" in mark.toolTip()
    press(mark)
    window.presets.finish()
    assert dict(document.locks) == {FILTERS: "Our flies"}
    wait_until(lambda: not mark.isVisible())
    window.presets.use(f"{MINE}:our_flies.yaml")
    window.presets.finish()
    wait_until(mark.isVisible)
    window.show_page("data")
    assert read_locks(window.presets.folder / "locks.json") == document.locks
    wait_until(view_of(window).locks.isVisible)
    assert view_of(window).locks.sentence.startswith("Locked by “Our flies”: ")

    window.presets.use("bottomup_unet_medium_rf")
    window.presets.finish()
    assert (document.value(FILTERS), document.value(BATCH), document.value(EPOCHS)) == (40, 3, 200)
    assert "because it is locked" in window.banner.sentence

    pieces = advise(document.values, facts())
    batch = next(piece for piece in pieces if piece.name == "batch")
    window.advice.apply([batch])
    assert document.value(BATCH) == 3
    assert "because it is locked" in window.banner.sentence

    document.set_value(BATCH, 5)
    assert document.value(BATCH) == 5, "a person may still change it"
    view_of(window).locks.followed.emit()
    window.presets.finish()
    window.presets.use(MEDIUM)
    window.presets.finish()
    assert document.value(FILTERS) == 16
    wait_until(lambda: not view_of(window).locks.isVisible())


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="Qt is told of folders for tests in another way"
)
def test_terminals_find_them_where_the_window_keeps_them(
    kept: MainWindow, capsys: pytest.CaptureFixture[str]
) -> None:
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
    assert own_folder() == Path(place)
    window = start_over(kept)
    window.presets.folder = own_folder()
    save_as_preset(window, "Our worms", "As agreed.")
    assert main(["presets", "list"]) == 0
    assert f"{MINE}:our_worms.yaml" in capsys.readouterr().out
    assert main(["presets", "show", f"{MINE}:our_worms.yaml"]) == 0
    assert capsys.readouterr().out.startswith("# title: Our worms\n")
    diff = window.form.context.diff
    window.show_page("configure")
    window.form.set_pane_shown(True)
    window.form.context.open(diff)
    diff._listing.finish()
    assert diff.basis.itemText(diff.basis.count() - 1) == "Our worms"
    window.form.context.open(window.form.context.help)


def test_it_is_shared_as_a_file_and_taken_off_without_being_lost(
    shelf: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    window = shelf
    save_as_preset(window, "Our mice", "For the\nold arena.", FILTERS)
    name, shared = f"{MINE}:our_mice.yaml", tmp_path / "for you.yaml"
    choose(window, name)
    press(view_of(window).more["Share…"])
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(shared))
    dialog.close()
    window.presets.finish()
    assert "For the" in shared.read_text()

    press(view_of(window).more["Remove…"])
    box = window.findChild(QMessageBox, "remove_preset")
    assert box is not None
    next(button for button in box.buttons() if button.text() == "Take it off").click()
    window.presets.finish()
    assert mine(window) == []
    assert (window.presets.folder / "presets" / "our_mice.yaml.bak").is_file()
    assert view_of(window).presets.count() == len(list_presets("guide"))

    window.presets.add(str(shared))
    window.presets.finish()
    assert mine(window) == ["Our mice"]
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [1")
    window.presets.add(str(bad))
    window.presets.finish()
    assert window.banner.severity == "error"
    assert mine(window) == ["Our mice"]


def test_by_what_it_stops_is_chosen_before_it_begins(
    window: MainWindow, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    monkeypatch.setattr(RunSession, "launch", lambda _self, launch, **_kwargs: begun.append(launch.words))
    monkeypatch.setattr(window.runs, "follow", lambda _session: None)
    wait_until(lambda: window.document.facts is not None, 60)
    wait_until(lambda: not errors(window.document.issues()), 20)
    sheet = opened(window)
    assert "Only as the config says" in sheet.stops.line.sentence
    sheet.stops.line.followed.emit()
    panel = sheet.stops.panel
    assert panel.isVisible()
    assert [action.text() for action in panel.menu.actions()] == window.document.facts["nodes"]
    panel.px.selectAll()
    QTest.keyClicks(panel.px, "2.5")
    QTest.keyClick(panel.px, Qt.Key.Key_Return)
    assert sheet.isVisible(), "the key was the field's"
    assert sheet.stops.line.sentence == "Error below 2.5 px"
    wait_until(lambda: "--stop-when" in sheet.command.toPlainText())
    words = shlex.split(sheet.command.toPlainText().partition(" && ")[2])
    assert build_parser().parse_args(words[1:]).stop_when[0].text == "error below 2.5 px"
    sheet.train.click()
    wait_until(lambda: begun != [])
    assert begun[0][-2:] == ("--stop-when", "error below 2.5 px")


def test_a_rule_that_is_being_typed_is_not_left_out(
    window: MainWindow, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    monkeypatch.setattr(RunSession, "launch", lambda _self, launch, **_kwargs: begun.append(launch.words))
    monkeypatch.setattr(window.runs, "follow", lambda _session: None)
    wait_until(lambda: window.document.facts is not None, 60)
    wait_until(lambda: not errors(window.document.issues()), 20)
    sheet = opened(window)
    sheet.stops.line.followed.emit()
    assert sheet.stops.panel.minimumSizeHint().width() < sheet.width() - 60, "nothing is beyond the edge"
    sheet.stops.panel.close_it.setFocus()
    press(sheet.stops.panel.close_it)
    assert sheet.focusWidget() is sheet.stops.line, "nothing else is scrolled to"
    sheet.stops.line.followed.emit()
    spans = sheet.stops.panel.spans
    spans.selectAll()
    QTest.keyClicks(spans, "banana")
    press(sheet.train)
    window.runs.finish()
    assert (sheet.isVisible(), begun) == (True, [])
    assert spans.selectedText() == "banana"
    QTest.keyClicks(spans, "2 h")
    press(sheet.train)
    window.runs.finish()
    wait_until(lambda: begun != [])
    assert begun[0][-2:] == ("--stop-when", "after 2 h")
    assert "Only as the config says" in opened(window).stops.line.sentence, "they were of that training"
