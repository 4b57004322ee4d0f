"""The queue of trainings as the window sees it while an engine of it begins."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.journal import JournalWriter
from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_gui.run.queue_watch import QueueWatch


def test_a_run_is_at_hand_once_its_engine_can_be_reached_and_not_when_it_has_begun_to_write(
    app: QApplication, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    """Whoever followed it between the two would take it for one whose engine is gone."""
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    (tmp_path / "a.yaml").touch()
    queue = TrainingQueue(tmp_path / "queue.json")
    queue.add(config=tmp_path / "a.yaml", folder=tmp_path, run_dir=str(run_dir))
    owner = QObject()
    watch = QueueWatch(owner, path=tmp_path / "queue.json")
    with queue.working():
        one = queue.start_next()
        assert one is not None
        JournalWriter(run_dir).close()
        watch.watch(True)
        wait_until(lambda: watch.sight.reach == {one.number: ""})
        with EngineChannel(run_dir):
            wait_until(lambda: bool(watch.sight.reach[one.number]))
    watch.leave()
