"""Commands on the runs that are chosen in the list: what they open, start, keep and move away."""

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.processes import start_mark
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.resuming import CHECKPOINT, Resumed, prepare_resuming
from sleapnn_gui.shell.settings_store import remember_run_folder, run_folders
from tests.gui.monitor.test_runs_page import connection, run, write
from tests.gui.windows import start_over

Wait = Callable[..., None]
LR = "trainer_config.optimizer.lr"


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    return start_over(kept)


@pytest.fixture
def runs(window: MainWindow, tmp_path: Path, wait_until: Wait) -> dict[str, Path]:
    """Two runs that are over, in a folder that was used once, and one that is at work."""
    made = {}
    for name in ("one", "two", "now"):
        (tmp_path / "used").mkdir(exist_ok=True)
        folder = write(
            tmp_path / "used" / name, run("single_instance"), outcome="" if name == "now" else "stopped"
        )
        preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
        values = copy_values(read_config(preset.path).values)
        tree.put(values, LR, 0.0123)
        (folder / "training_config.yaml").write_text(dump_config(values))
        made[name] = folder
    connection(made["now"], pid=os.getpid(), began=start_mark(os.getpid()))
    remember_run_folder(tmp_path / "used")
    window.show_page("runs")
    wait_until(lambda: {one.folder for one in window.runs_page.model.shown} == set(made.values()))
    return made


def enabled(window: MainWindow) -> set[str]:
    return {
        verb.removeprefix("list_")
        for verb, action in window.actions_by_verb.items()
        if verb.startswith("list_") and action.isEnabled()
    }


def test_what_can_be_done_with_a_run_stays_in_sight(
    window: MainWindow, runs: dict[str, Path], wait_until: Wait
) -> None:
    """On a screen of 720 lines, where there is more to say of a run than fits."""
    page, size = window.runs_page, window.size()
    window.resize(1272, 682)
    QApplication.processEvents()
    foot = page.panel.buttons.itemAt(page.panel.buttons.count() - 1).widget()
    before = [foot.mapTo(window, QPoint()), page.table.width()]
    page.choose([runs["two"]])
    wait_until(lambda: page.panel.details is not None)
    page.panel.changes.show_rows([(f"Setting {row}", "1 → 2") for row in range(20)])
    page.panel.changes.show()
    QTest.qWait(50)
    assert [foot.mapTo(window, QPoint()), page.table.width()] == before
    assert foot.visibleRegion().boundingRect() == foot.rect()
    window.resize(size)


def test_what_is_offered_follows_what_is_chosen(window: MainWindow, runs: dict[str, Path]) -> None:
    page = window.runs_page
    assert enabled(window) == set()
    page.choose([runs["one"]])
    assert enabled(window) == {
        "open",
        "resume",
        "retrain",
        "weights",
        "queue",
        "methods",
        "bundle",
        "star",
        "rename",
        "note",
        "reveal",
        "trash",
    }
    page.choose([runs["now"]])
    assert "resume" not in enabled(window)
    page.choose([runs["one"], runs["two"]])
    assert enabled(window) >= {"star", "reveal", "trash", "compare"}
    assert not enabled(window) & {"open", "resume", "retrain", "weights", "rename", "note"}
    window.actions_by_verb["list_star"].trigger()
    assert {one.name for one in page.model.shown if one.star} == {"one", "two"}
    window.show_page("configure")
    assert enabled(window) == set(), "nothing is moved away from a page that does not show it"


def test_a_config_is_trained_again_with_changes(
    window: MainWindow, runs: dict[str, Path], wait_until: Wait
) -> None:
    page, document = window.runs_page, window.document
    page.choose([runs["one"]])
    window.actions_by_verb["list_weights"].trigger()
    wait_until(lambda: "has kept no model" in window.banner.sentence)
    for verb in ("list_retrain", "list_weights"):
        (runs["one"] / "best.ckpt").touch()
        window.show_page("runs")
        page.choose([runs["one"]])
        window.actions_by_verb[verb].trigger()
        wait_until(lambda: window.page() == "configure")
        assert document.value(LR) == 0.0123
        assert document.path is None, "saving must not write over what was trained"
        assert window.form.context.diff.isVisible()
        weights = document.value("model_config.pretrained_head_weights")
        assert weights == (str(runs["one"] / "best.ckpt") if verb == "list_weights" else None)
        changed = {path for path, *_ in document.differences()}
        assert changed == (
            {f"model_config.pretrained_{part}_weights" for part in ("backbone", "head")} if weights else set()
        )
        document.undo_stack.setClean()


def save_checkpoint(path: Path, content: dict | None) -> None:
    """What torch writes, as far as it says how far a training was; without content, a file that is none."""
    if content is None:
        path.write_bytes(b"no zip")
        return
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))


def test_going_on_is_made_ready_in_a_folder_of_its_own(runs: dict[str, Path]) -> None:
    said = prepare_resuming(runs["one"])
    assert isinstance(said, str)
    assert "cannot go on: it has no last.ckpt" in said
    own = {"epoch": 6, "state": {"epoch": 1}, "sleapnn": {"next_epoch": 6, "next_batch": 3}}
    for content, told in (
        (None, "from its last checkpoint, in a folder of its own: one-1"),
        ({"epoch": 6}, "from its last checkpoint, after 7 epochs, in a folder"),
        (own, "from its last checkpoint, after 6 epochs and 3 steps, in a folder"),
    ):
        save_checkpoint(runs["one"] / CHECKPOINT, content)
        found = prepare_resuming(runs["one"])
        assert isinstance(found, Resumed)
        assert told in found.sentence
        found.launch.discard()
    planned = read_config(runs["one"] / "training_config.yaml").values["trainer_config"]["max_epochs"]
    save_checkpoint(runs["one"] / CHECKPOINT, {"epoch": planned - 1})
    over = prepare_resuming(runs["one"])
    assert isinstance(over, str)
    assert f"has trained all of its {planned} epochs" in over
    save_checkpoint(runs["one"] / CHECKPOINT, None)
    found = prepare_resuming(runs["one"])
    assert isinstance(found, Resumed)
    assert found.launch.run_dir == runs["one"].with_name("one-1")
    values = read_config(found.launch.config).values
    assert tree.get(values, "trainer_config.resume_ckpt_path") == str(runs["one"] / CHECKPOINT)
    found.launch.discard()


def test_runs_go_to_the_trash_when_that_was_answered(
    window: MainWindow, runs: dict[str, Path], wait_until: Wait
) -> None:
    page = window.runs_page
    page.choose(list(runs.values()))
    window.actions_by_verb["list_trash"].trigger()
    box = window.findChild(QMessageBox, "trash")
    assert box is not None
    assert box.defaultButton().text() == "Keep"
    box.defaultButton().click()
    assert all(folder.exists() for folder in runs.values())
    window.actions_by_verb["list_trash"].trigger()
    boxes = [one for one in window.findChildren(QMessageBox, "trash") if one.isVisible()]
    next(button for button in boxes[-1].buttons() if button.text() == "Move to trash").click()
    wait_until(lambda: [one.name for one in page.model.shown] == ["now"])
    assert [name for name, folder in runs.items() if folder.exists()] == ["now"]
    assert "2 runs moved to the trash." in window.banner.sentence
    assert "now stays: its training may still be at work." in window.banner.sentence


def test_a_run_on_another_computer_is_followed_and_said_to_be_there(
    window: MainWindow, runs: dict[str, Path], wait_until: Wait
) -> None:
    folder = runs["now"]
    connection(folder, pid=1, began="", host="another-computer")
    window.show_page("data")
    window.show_page("runs")
    wait_until(lambda: any(one.state.startswith("elsewhere") for one in window.runs_page.model.shown))
    window.runs_page.choose([folder])
    assert not window.actions_by_verb["list_resume"].isEnabled(), "it may still be at work"
    window.actions_by_verb["list_open"].trigger()
    store = window.train_page.store
    wait_until(lambda: len(window.train_page.store.epochs) == 3)
    wait_until(lambda: "is on the computer “another-computer”" in window.banner.sentence)
    assert window.banner.isVisible()
    assert not any(window.runs.can(verb) for verb in ("pause", "stop", "cancel", "checkpoint"))
    with (folder / "events.jsonl").open("ab") as journal:
        speaker = run("single_instance")
        speaker.batches(4, steps=4).epoch(3, val=0.1, median=2.0)
        seqs = {json.loads(line)["seq"] for line in (folder / "events.jsonl").read_bytes().splitlines()}
        fresh = [event for event in speaker.events if event.seq not in seqs]
        journal.write(b"".join(encode_event(event).rstrip(b"\n") + b"\n" for event in fresh))
    wait_until(lambda: len(store.epochs) == 4, what="what is written there is seen here")


def test_folders_are_remembered(window: MainWindow, runs: dict[str, Path], tmp_path: Path) -> None:
    for number in range(60):
        remember_run_folder(tmp_path / str(number))
    remember_run_folder(tmp_path / "used")
    assert run_folders()[0] == tmp_path / "used"
    assert len(run_folders()) == 50
    window.runs.open_run(runs["one"])
    assert window.runs.folders()[1] == tmp_path / "used"
