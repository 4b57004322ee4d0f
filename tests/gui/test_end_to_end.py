"""The real window with the real engine on real labels: train, pause, resume, stop."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sleap_io as sio
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton

from sleapnn_engine.protocol.checkpoint_reach import checkpoint_reach
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from tests.gui.real_runs import SMALL, real_window

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
SHORT = {**SMALL, "trainer_config.max_epochs": 50, "trainer_config.train_steps_per_epoch": 4}


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    with real_window(tmp_path, monkeypatch) as found:
        yield found


def prepare(window: MainWindow, labels: Path, folder: Path, wait_until: Wait) -> None:
    window.open_path(labels)
    window.document.apply_values({**SHORT, "trainer_config.ckpt_dir": str(folder)}, "small")
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")


def kinds(run_dir: Path) -> list[str]:
    return [event.kind for event in JournalReader(run_dir).read_all()]


def test_train_pause_resume_stop(
    window: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    prepare(window, shared_data / "fly32_single" / "train.pkg.slp", tmp_path / "models", wait_until)
    window.document.set_value("trainer_config.model_ckpt.save_last", True)
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    window.runs.finish()
    session = window.session
    assert session is not None
    assert window.page() == "train"
    assert session.run_dir is not None
    stages: list[tuple[str, str]] = []
    session.command_state.connect(lambda verb, stage, _text: stages.append((verb, stage)))
    rows = window.train_page.store.epochs
    wait_until(lambda: session.state is State.TRAINING and len(rows) >= 1, 120, "the first epoch ends")

    window.actions_by_verb["pause"].trigger()
    wait_until(lambda: session.state is State.PAUSED, 60, "paused")
    assert not window.actions_by_verb["pause"].isEnabled()
    window.show_page("runs")
    window.runs.open_run(session.run_dir)  # as by a double-click in the list: it is the one that is followed
    assert (window.page(), window.session, window.banner.isVisible()) == ("train", session, False)
    window.actions_by_verb["resume"].trigger()
    wait_until(lambda: session.state is State.TRAINING, 60, "training again")
    window.actions_by_verb["stop"].trigger()
    wait_until(lambda: session.is_over, 120, "stopped")

    assert session.state is State.STOPPED
    for verb in ("pause", "resume", "stop"):
        said = [stage for name, stage in stages if name == verb]
        assert said == ["asked", "accepted", "done"], (verb, stages)
    order = [
        kind
        for kind in kinds(session.run_dir)
        if kind in ("pausing", "paused", "resumed", "stopping", "finished")
    ]
    assert order == ["pausing", "paused", "resumed", "stopping", "finished"]
    best = torch.load(session.run_dir / "best.ckpt", weights_only=True)
    assert all(name.startswith("model.") for name in best["state_dict"])
    assert (session.run_dir / "training_config.yaml").is_file()
    assert not (session.run_dir / "engine.json").exists()
    is_sent_to_labelling(window, tmp_path / "again.slp", wait_until)
    goes_on(window, session.run_dir, wait_until)


def is_sent_to_labelling(window: MainWindow, file: Path, wait_until: Wait) -> None:
    """Send the frames that are shown to labelling; SLEAP lists them as suggestions."""
    frames = window.train_page.charts.frames
    frames.fill_menu()
    frames.menu.actions()[-1].trigger()
    dialog = next(one for one in window.findChildren(QFileDialog) if one.isVisible())
    dialog.fileSelected.emit(str(file))
    dialog.close()
    wait_until(file.is_file, 60, "the suggestions are written")
    wait_until(lambda: "suggestions in" in window.banner.sentence, 30, "it is said")
    assert len(sio.load_slp(file.as_posix()).suggestions) == len(frames._together()) > 1


def goes_on(window: MainWindow, folder: Path, wait_until: Wait) -> None:
    """Press “Go on” on a run that was stopped, and see its next epoch end where the earlier one left off."""
    done = torch.load(folder / "last.ckpt", weights_only=True)["global_step"]
    window.show_page("runs")
    listed = window.runs_page.model.find
    wait_until(lambda: (run := listed(folder)) is not None and run.is_over, 30, "the run is listed")
    window.runs_page.choose([folder])
    button = next(one for one in window.runs_page.panel.findChildren(QPushButton) if one.text() == "Go on")
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    reach = checkpoint_reach(folder / "last.ckpt")
    assert reach is not None
    wait_until(
        lambda: window.session is not None and window.session.run_dir != folder, 30, "another run begins"
    )
    assert f"after {reach.text}, in a folder of its own: {folder.name}-1" in window.banner.sentence
    session = window.session
    assert session is not None
    assert session.run_dir is not None
    wait_until(lambda: len(window.train_page.store.epochs) >= 1, 120, "an epoch ends")
    window.actions_by_verb["stop_when"].trigger()
    panel = window.train_page.stops.panel
    assert panel.isVisible()
    panel.spans.setText("0.1 s")
    panel.after.setChecked(True)
    panel.use.click()
    wait_until(lambda: session.is_over, 120, "stopped again")
    assert "it was to stop after 0.1 s." in window.train_page.banner.text
    events = list(JournalReader(session.run_dir).read_all())
    first = next(event.body for event in events if event.kind == "batch_end")
    assert (first["step"], first["epoch"], first["batch"]) == (done, reach.epochs, reach.steps)
    assert next(event.body["epoch"] for event in events if event.kind == "epoch_end") == reach.epochs


def test_the_window_closes_and_the_run_goes_on(
    window: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    prepare(window, shared_data / "fly32_single" / "train.pkg.slp", tmp_path / "models", wait_until)
    window.actions_by_verb["train"].trigger()
    window.runs.finish()
    session = window.session
    assert session is not None
    run_dir, pid = session.run_dir, session.pid
    assert run_dir is not None
    assert pid
    wait_until(lambda: session.state is State.TRAINING, 120, "training")
    window.document.undo_stack.setClean()
    window.close()
    box = window.findChild(QMessageBox, "closing")
    assert box is not None
    leave = next(button for button in box.buttons() if button.text() == "Leave it running")
    QTest.mouseClick(leave, Qt.MouseButton.LeftButton)
    wait_until(lambda: not window.isVisible())
    os.kill(pid, 0)

    window.show()
    assert window.session is None
    window.open_path(run_dir)
    window.files.finish()
    again = window.session
    assert again is not None
    wait_until(lambda: len(window.train_page.store.epochs) >= 1, 60, "its history is here")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: again.state is State.CRASHED, 20, "its death is noticed")
    assert (run_dir / "events.jsonl").is_file()


def test_labels_that_do_not_fit_are_refused_before_anything_is_made(
    window: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    prepare(window, shared_data / "fly32_single" / "train.pkg.slp", tmp_path / "models", wait_until)
    window.document.choose("model_config.head_configs", "multi_class_bottomup")
    window.actions_by_verb["train"].trigger()
    assert window.session is None
    assert window.banner.severity == "error"
    assert "No animal has a track" in window.banner.sentence
    assert not (tmp_path / "models").exists()
