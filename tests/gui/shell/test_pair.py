"""A top-down pair in the window: one thing to edit, undo, save, open and leave again."""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.issue import error, issue_values
from sleapnn_engine.config.pairs import CENTRE, PARTS, differing
from sleapnn_engine.config.presets import load_preset
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.drafts import DraftStore
from sleapnn_gui.document.open_files import OpenFile
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.train_sheet import TrainSheet
from sleapnn_gui.shell.training_review import LABELS, LENGTH, MEMORY, MODEL, TIME, rows_of
from tests.engine.commands.in_process import engine
from tests.gui.windows import start_over

Wait = Callable[..., None]
HEADS = "model_config.head_configs"
CENTRE_ANCHOR = f"{HEADS}.centroid.confmaps.anchor_part"
PARTS_ANCHOR = f"{HEADS}.centered_instance.confmaps.anchor_part"
FRACTION, EPOCHS = "data_config.validation_fraction", "trainer_config.max_epochs"
PRESET = "topdown_centered_instance_unet_medium_rf"


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.chdir(tmp_path)
    window = start_over(kept)
    yield window
    for box in window.findChildren(QMessageBox):
        box.close()


@pytest.fixture
def pair(window: MainWindow) -> MainWindow:
    """A window with the preset of crops whose centre model was added by a press."""
    window.files.use_preset(PRESET)
    window.files.finish()
    window.document.undo_stack.clear()
    window.show_page("configure")
    press(window, window.form.halves.add)
    assert window.document.half == PARTS
    return window


def press(window: MainWindow, button: object) -> None:
    assert button.isVisible()  # type: ignore[attr-defined]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]


def turn(window: MainWindow, half: str) -> None:
    press(window, window.form.halves.tabs.buttons[[PARTS, CENTRE].index(half)])
    assert window.document.half == half


def save_as(window: MainWindow, path: Path) -> None:
    """As who has chosen a name in the dialog."""
    window.files.saving._write_as(path, None)
    window.files.finish()


def test_only_a_half_of_top_down_is_offered_the_other(window: MainWindow) -> None:
    halves = window.form.halves
    window.show_page("configure")
    assert not halves.isVisible(), "a model of whole images has no other half"
    window.document.choose(HEADS, "centroid")
    assert (halves.add.isVisible(), halves.add.text()) == (True, "Add the parts model")
    press(window, halves.add)
    assert (halves.add.isVisible(), halves.tabs.isVisible()) == (False, True)
    assert window.document.half == CENTRE
    assert halves.tabs.index() == 1
    assert window.top_bar.config.text() == "Top-down pair"
    assert "same labels, split" in window.banner.sentence
    window.actions_by_verb["undo"].trigger()
    assert (window.document.half, halves.tabs.isVisible()) == ("", False)


def test_a_pair_can_be_made_of_any_model_and_left_again(window: MainWindow) -> None:
    document = window.document
    window.actions_by_verb["make_pair"].trigger()
    assert document.half == PARTS
    assert document.chosen(HEADS) == "centered_instance"
    window.actions_by_verb["make_pair"].trigger()
    assert "already" in window.banner.sentence
    document.turn(CENTRE)
    window.actions_by_verb["part_pair"].trigger()
    assert (document.half, document.chosen(HEADS)) == ("", "centroid")
    assert "the centre model alone now" in window.banner.sentence
    window.actions_by_verb["undo"].trigger()
    assert document.half == CENTRE
    document.choose(HEADS, "bottomup")
    assert document.half == ""
    assert "no half of top-down" in window.banner.sentence
    window.actions_by_verb["undo"].trigger()
    document.choose(HEADS, None)
    assert document.half == CENTRE, "who has chosen nothing yet is not done"


def test_what_is_shared_is_one_change_and_one_step_back(pair: MainWindow) -> None:
    document = pair.document
    steps = document.undo_stack.count()
    document.set_value(FRACTION, 0.25)
    document.set_value(PARTS_ANCHOR, "thorax")
    document.set_value(EPOCHS, 7)
    assert document.undo_stack.count() == steps + 3
    turn(pair, CENTRE)
    assert [document.value(path) for path in (FRACTION, CENTRE_ANCHOR, EPOCHS)] == [0.25, "thorax", 200]
    row = pair.form.row(FRACTION)
    assert row is not None
    assert row.editor.value() == 0.25
    document.set_value(FRACTION, 0.5)
    document.set_value(EPOCHS, 9)
    turn(pair, PARTS)
    assert [document.value(path) for path in (FRACTION, EPOCHS)] == [0.5, 7]
    pair.actions_by_verb["undo"].trigger()
    assert document.half == CENTRE, "one sees what is taken back"
    assert [document.value(path) for path in (FRACTION, EPOCHS)] == [0.5, 200]
    pair.actions_by_verb["undo"].trigger()
    assert document.value(FRACTION) == 0.25
    assert tree.get(document.state.other.values, FRACTION) == 0.25
    for _ in range(3):
        pair.actions_by_verb["undo"].trigger()
    assert document.half == PARTS
    assert [tree.get(half, FRACTION) for half in both(pair)] == [0.1, 0.1]
    for _ in range(5):
        pair.actions_by_verb["redo"].trigger()
    assert document.half == CENTRE
    assert [tree.get(half, FRACTION) for half in both(pair)] == [0.5, 0.5]
    assert [tree.get(half, EPOCHS) for half in both(pair)] == [9, 7]


def both(window: MainWindow) -> list[dict[str, object]]:
    state = window.document.state
    assert state.other is not None
    return [state.values, state.other.values]


def test_edits_of_one_setting_in_both_models_are_two_steps(pair: MainWindow) -> None:
    """Though they follow one another at once."""
    before = pair.document.undo_stack.count()
    pair.document.set_value(EPOCHS, 7)
    pair.document.turn(CENTRE)
    pair.document.set_value(EPOCHS, 9)
    assert pair.document.undo_stack.count() == before + 2


def test_what_is_typed_as_text_and_presets_are_linked_too(pair: MainWindow, tmp_path: Path) -> None:
    from sleapnn_gui.document.states import with_text

    document = pair.document
    text = document.to_yaml().replace("validation_fraction: 0.1", "validation_fraction: 0.4")
    after, _ = with_text(document.state, text, shown=document.values)
    document.adopt_typed(after)
    assert [tree.get(half, FRACTION) for half in both(pair)] == [0.4, 0.4]
    pair.files.use_preset("centroid_swint")
    pair.files.finish()
    assert (document.half, document.chosen("model_config.backbone_config")) == (CENTRE, "swint")
    assert [tree.get(half, FRACTION) for half in both(pair)] == [0.1, 0.1]
    assert "trainer_config" in document.state.other.values
    document.reset(FRACTION)
    assert differing(*both(pair), folder=True) == []


def test_problems_of_both_are_listed_counted_and_gone_to(pair: MainWindow, tmp_path: Path) -> None:
    document = pair.document
    (tmp_path / "flies.slp").touch()
    pair.files.set_labels([str(tmp_path / "flies.slp")])
    document.turn(CENTRE)
    document.set_value(EPOCHS, -3)
    document.turn(PARTS)
    assert not [issue for issue in document.issues() if issue.path == EPOCHS]
    assert "1 problem" in pair.status_line.problems.text()
    assert pair.form.halves.counts(CENTRE).errors == 1
    assert pair.form.halves.counts(PARTS).errors == 0
    assert "1 problem" in pair.form.halves.tabs.buttons[1].accessibleDescription()
    pair.show_page("data")
    pair.actions_by_verb["next_problem"].trigger()
    assert (pair.page(), document.half) == ("configure", CENTRE)
    assert pair.form.page() == pair.form._layout.page_of(EPOCHS).id  # type: ignore[union-attr]
    document.turn(PARTS)
    pair.actions_by_verb["train"].trigger()
    assert pair.session is None, "no model of a pair is trained while the other cannot be"
    assert document.half == CENTRE
    assert pair.banner.sentence.startswith("1 problem stands in the way of training.")
    document.set_value(FRACTION, 2.0)
    wrong = [issue.path for issue in document.every_issue() if issue.path.endswith(FRACTION)]
    assert wrong == [FRACTION], "what is shared is told once"


def test_a_pair_is_saved_as_two_files_that_other_programs_read(pair: MainWindow, tmp_path: Path) -> None:
    labels = tmp_path / "flies.slp"
    labels.touch()
    document = pair.document
    pair.files.set_labels([str(labels)])
    document.set_value(PARTS_ANCHOR, "thorax")
    save_as(pair, tmp_path / "flies.yaml")
    parts, centre = tmp_path / "flies.centered_instance.yaml", tmp_path / "flies.centroid.yaml"
    assert {path.name for path in tmp_path.glob("*.yaml")} == {parts.name, centre.name}
    assert pair.top_bar.config.text() == "flies.centered_instance.yaml + .centroid.yaml"
    assert not document.is_dirty
    assert pair.windowTitle().startswith("flies.centered_instance.yaml + .centroid.yaml – ")
    assert engine("validate", "--pair", parts, centre).code == 0
    texts = {path: path.read_bytes() for path in (parts, centre)}
    document.turn(CENTRE)
    pair.actions_by_verb["save"].trigger()
    pair.files.finish()
    assert {path: path.read_bytes() for path in (parts, centre)} == texts, "nothing was changed"
    document.set_value(FRACTION, 0.25)
    assert document.is_dirty
    pair.actions_by_verb["save"].trigger()
    pair.files.finish()
    assert [tree.get(read_config(path).values, FRACTION) for path in (parts, centre)] == [0.25, 0.25]
    assert f"Saved to {centre} and {parts}." == pair.banner.sentence
    pair.actions_by_verb["undo"].trigger()
    assert document.is_dirty
    assert [path.name for path in document.paths] == [centre.name, parts.name]


def test_a_half_with_a_file_gets_the_other_beside_it(window: MainWindow, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(dump_config(load_preset(PRESET)), encoding="utf-8")
    window.open_path(mine)
    window.files.finish()
    window.files.pairs.finish()
    assert window.document.half == ""
    window.actions_by_verb["make_pair"].trigger()
    taken = tmp_path / "mine.centroid.yaml"
    taken.write_text("trainer_config: {}\n", encoding="utf-8")
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    box = window.findChild(QMessageBox, "overtaken")
    assert box is not None
    assert "already, which is not open here" in box.text()
    box.close()
    taken.unlink()
    window.actions_by_verb["save"].trigger()
    window.files.finish()
    assert sorted(path.name for path in tmp_path.glob("*.yaml")) == ["mine.centroid.yaml", "mine.yaml"]


def write_pair(folder: Path, **shared: object) -> tuple[Path, Path]:
    """Two files of a pair; `shared` are values that the centre has of its own."""
    parts, centre = load_preset(PRESET), load_preset("centroid_unet")
    for name, value in shared.items():
        tree.put(centre, name.replace("__", "."), value)
    paths = folder / "flies.centered_instance.yaml", folder / "flies.centroid.yaml"
    for path, values in zip(paths, (parts, centre), strict=True):
        path.write_text(dump_config(values), encoding="utf-8")
    return paths


@pytest.mark.parametrize("number", [0, 1])
def test_a_half_is_opened_with_the_other_beside_it(window: MainWindow, tmp_path: Path, number: int) -> None:
    paths = write_pair(tmp_path)
    window.open_path(paths[number])
    window.files.finish()
    window.files.pairs.finish()
    assert window.document.half == [PARTS, CENTRE][number]
    assert set(window.document.paths) == set(paths)
    assert not window.document.is_dirty
    assert not window.document.undo_stack.canUndo()
    assert paths[1 - number].name in window.banner.sentence
    window.banner.followed.emit()
    assert window.document.half == ""
    assert window.document.paths == [paths[number]]


def test_a_half_that_differs_is_only_offered(window: MainWindow, tmp_path: Path) -> None:
    paths = write_pair(tmp_path, data_config__validation_fraction=0.3)
    window.open_path(paths[0])
    window.files.finish()
    window.files.pairs.finish()
    assert window.document.half == ""
    assert "but for Validation share" in window.banner.sentence
    window.banner.followed.emit()
    assert window.document.half == PARTS
    assert [tree.get(half, FRACTION) for half in both(window)] == [0.1, 0.1]
    assert window.document.is_dirty


def test_a_draft_keeps_both(pair: MainWindow, tmp_path: Path, wait_until: Wait) -> None:
    document, store = pair.document, DraftStore(tmp_path / "drafts")
    document.set_value(FRACTION, 0.25)
    document.turn(CENTRE)
    document.set_value(EPOCHS, 9)
    store.write(document.state)
    assert store._lock_file is not None
    store._lock_file.release()  # as when the process is killed
    (draft,) = DraftStore(tmp_path / "drafts").claim_abandoned()
    start_over(pair)
    assert document.half == ""
    document.restore(draft.state)
    draft.discard()
    assert document.half == CENTRE
    assert [tree.get(half, FRACTION) for half in both(pair)] == [0.25, 0.25]
    assert document.value(EPOCHS) == 9
    assert document.is_dirty
    pair.show_page("configure")
    assert pair.form.halves.tabs.isVisible()


def test_the_model_that_is_not_in_hand_is_watched_too(
    pair: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    """Files that it names and that are gone, what others write to its file, and who else has that open."""
    document, weights = pair.document, "model_config.pretrained_backbone_weights"
    gone = str(tmp_path / "gone.ckpt")
    turn(pair, CENTRE)
    document.set_value(weights, gone)
    turn(pair, PARTS)
    wait_until(
        lambda: (
            [issue.path for issue in document.every_issue() if gone in issue.message] == [f"centre|{weights}"]
        )
    )
    turn(pair, CENTRE)
    assert [issue.path for issue in document.issues() if gone in issue.message] == [weights]
    document.set_value(weights, None)
    assert not [issue for issue in document.every_issue() if gone in issue.message]
    turn(pair, PARTS)
    save_as(pair, tmp_path / "flies.yaml")
    parts, centre = tmp_path / "flies.centered_instance.yaml", tmp_path / "flies.centroid.yaml"

    other, told = Document(), list[str]()
    lock = OpenFile(other, pair.files.open_file.folder)
    lock.shared.connect(told.append)
    wait_until(lambda: not pair.files.open_file._work.is_at_work)
    other.load(centre)
    wait_until(lambda: bool(told))
    assert told[0].startswith("flies.centroid.yaml is open in another window too")
    other.deleteLater()

    watch = pair.files.watch

    def look() -> None:
        wait_until(lambda: not watch._looking.is_at_work)
        watch.check()
        wait_until(lambda: not watch._looking.is_at_work)

    look()
    document.set_value(EPOCHS, 7)
    for path in (parts, centre):
        path.write_text(path.read_text(encoding="utf-8").replace("seed: null", "seed: 3"), encoding="utf-8")
    look()
    assert pair.disk_offer.text.text().startswith("flies.centered_instance.yaml was changed")
    press(pair, pair.disk_offer.keep)
    QTest.mouseMove(pair.windowHandle(), pair.rect().bottomRight())
    wait_until(pair.disk_offer.isVisible)
    assert pair.disk_offer.text.text().startswith("flies.centroid.yaml was changed")
    assert document.half == PARTS
    press(pair, pair.disk_offer.take)
    assert document.half == CENTRE, "one sees what was taken"
    assert [tree.get(half, "trainer_config.seed") for half in both(pair)] == [3, None]
    assert [tree.get(half, EPOCHS) for half in both(pair)] == [200, 7]
    assert document.is_dirty, "the parts model has an edit that is in no file"
    assert not pair.disk_offer.isVisible()


def test_check_looks_at_both_and_ten_steps_are_measured_of_both(
    pair: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, review = pair.document, pair.review
    asked: list[tuple[str, object]] = []
    monkeypatch.setattr(pair.inspect, "ask", lambda kind, *, values: asked.append((kind, values)))
    parts, centre = both(pair)
    filters = "model_config.backbone_config.unet.filters"

    def found(message: str) -> dict[str, object]:
        return {"issues": [issue_values(error(filters, message))]}

    pair.actions_by_verb["check"].trigger()
    assert asked == [("check", parts)]
    pair.inspect.answered.emit("check", found("Of the parts."))
    assert asked[1:] == [("check", centre)]
    assert not pair.actions_by_verb["check"].isEnabled(), "the other one is still looked at"
    document.turn(CENTRE)
    pair.inspect.answered.emit("check", found("Of the centre."))
    assert pair.actions_by_verb["check"].isEnabled()
    told = [(issue.path, issue.message) for issue in document.every_issue() if issue.path.endswith(filters)]
    assert told == [(filters, "Of the centre."), (f"parts|{filters}", "Of the parts.")]
    document.set_value(filters, 24)
    assert [issue.path for issue in document.every_issue() if issue.path.endswith(filters)] == [
        f"parts|{filters}"
    ]
    pair.full_check._forget()
    asked.clear()

    review.measuring.begin()
    took = {"device": "cpu", "steps": 10, "free": 8e9, "step_seconds": 0.5, "data_share": None, "epochs": 20}
    pair.inspect.answered.emit("measure", took | {"memory": 3e9, "seconds": 60.0})
    document.turn(PARTS)
    pair.inspect.answered.emit("measure", took | {"memory": 2e9, "seconds": 2280.0})
    assert [values for _, values in asked] == [document.state.other.values, document.values]  # type: ignore[union-attr]
    rows = rows_of(document, {}, review.measuring)
    assert rows[MEMORY] == "3 of 8 GB that are free on cpu, for the centre model, the larger of both"
    assert rows[TIME].splitlines()[0].startswith("Centre: about 60 s for all 20 epochs")
    assert rows[TIME].splitlines()[1].startswith("Parts: about 38 min for all 20 epochs")
    assert pair.banner.sentence.startswith("Centre: 10 steps were measured: 3 of 8 GB")
    review.measuring.begin()
    wrong = {"message": "Too large.", "where": filters, "hint": "", "fix": None}
    pair.inspect.answered.emit("measure", {"failed": wrong})
    assert pair.banner.sentence == "The steps of the centre model failed. Too large."
    assert [issue.path for issue in document.every_issue() if issue.message == "Too large."] == [
        f"centre|{filters}"
    ]
    document.set_value(EPOCHS, 7)
    assert not [issue for issue in document.every_issue() if issue.message == "Too large."]


def test_the_sheet_before_training_is_of_both_models(
    pair: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    """Also the command: it trains this pair, and not what else waits in the queue."""
    document, labels = pair.document, shared_data / "flies13_pair" / "val.pkg.slp"
    document.set_value("data_config.train_labels_path", [str(labels)])
    save_as(pair, tmp_path / "flies.yaml")
    wait_until(lambda: document.facts is not None, 60)
    turn(pair, CENTRE)
    document.set_value(EPOCHS, 30)
    pair.actions_by_verb["review"].trigger()
    sheet = pair.findChild(TrainSheet)
    assert sheet is not None
    wait_until(lambda: "larger of both" in sheet.row(MEMORY), 60)
    wait_until(lambda: sheet.row(MODEL).count("parameters") == 2, 60)
    name, *samples = sheet.row(LABELS).splitlines()
    assert name == "val.pkg.slp"
    assert [line.split()[0] for line in samples] == ["Centre:", "Parts:"]
    assert "frames to learn from" in samples[0]
    assert "crops to learn from" in samples[1]
    centre, parts = sheet.row(LENGTH).splitlines()
    assert centre.startswith("Centre: up to 30 epochs · ")
    assert parts.startswith("Parts: up to 200 epochs · ")
    assert "steps each" in parts
    wait_until(lambda: "--pair" in sheet.command.toPlainText())
    _, adding, training = [shlex.split(one) for one in sheet.command.toPlainText().split(" && ")]
    files = [str(tmp_path / f"flies.{kind}.yaml") for kind in ("centroid", "centered_instance")]
    assert adding[1:] == ["queue", "add", files[0], "--pair", files[1]]
    assert training[1:] == ["queue", "run", "--group", "pair flies"]
    sheet.close()


def test_undo_that_shows_the_other_model_leaves_the_keyboard_on_what_is_there(pair: MainWindow) -> None:
    """On the model that is chosen where it was on the other's word, or on a setting that only the other has."""
    sigma = f"{HEADS}.centroid.confmaps.sigma"
    tabs = pair.form.halves.tabs.buttons
    pair.activateWindow()
    assert QTest.qWaitForWindowActive(pair)
    for went_to in ("", sigma):
        pair.document.set_value(EPOCHS, 40 + len(went_to))
        turn(pair, CENTRE)
        tabs[1].setFocus()
        if went_to:
            pair.reveal(went_to)
            row = pair.form.row(went_to)
            assert row is not None
            assert row.isAncestorOf(QApplication.focusWidget())
        pair.actions_by_verb["undo"].trigger()
        assert pair.document.half == PARTS
        assert QApplication.focusWidget() is tabs[0]
