"""Train on a top-down pair, with the real queue and real engines: both models, one after the other, then judged as one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.pairs import PARTS
from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_gui.main_window import MainWindow
from tests.engine.training.rendered import job, write_labels
from tests.gui.real_runs import real_window

Wait = Callable[..., None]
pytestmark = pytest.mark.usefixtures("quick_engines")


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("SLEAPNN_QUEUE", str(tmp_path / "queue.json"))
    with real_window(tmp_path, monkeypatch) as found:
        yield found


def write_pair(folder: Path) -> Path:
    """Both configs of a pair on drawn animals; returns the one of the parts."""
    labels = write_labels(folder, animals=2, size=(64, 96))
    for kind in ("centroid", "centered_instance"):
        said = {"run_name": kind, "max_epochs": 2, "save_ckpt": True}
        changes = {f"trainer_config__{name}": value for name, value in said.items()}
        values = job(folder, labels, model_type=kind, **changes)
        (folder / f"flies.{kind}.yaml").write_text(dump_config(values), encoding="utf-8")
    return folder / "flies.centered_instance.yaml"


def test_both_models_are_trained_followed_and_judged_as_one(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    queue = TrainingQueue(tmp_path / "queue.json")
    (tmp_path / "else.yaml").touch()
    queue.add(config=tmp_path / "else.yaml", folder=tmp_path)
    window.open_path(write_pair(tmp_path))
    window.files.finish()
    window.files.pairs.finish()
    assert window.document.half == PARTS
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    window.document.set_value("trainer_config.seed", 7)  # what is edited and not saved is trained too
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.page() == "train"
    wait_until(lambda: len(queue.read()) == 3, 30, "both are in the queue")
    assert [one.group for one in queue.read()] == ["pair flies"] * 2 + [""], "before what waits already"
    wait_until(lambda: "one after the other: centroid and centered_instance." in window.banner.sentence)
    window.actions_by_verb["train"].trigger()
    assert "A top-down pair is being trained" in window.banner.sentence
    for name in ("centroid", "centered_instance"):
        wait_until(
            lambda name=name: (
                window.session is not None and window.session.run_dir == tmp_path / "models" / name
            ),
            90,
            f"{name} is followed",
        )
    wait_until(lambda: "Judged together" in window.banner.sentence, 120, "judged together")
    assert [one.state for one in queue.read()] == ["done", "done", "waiting"], "nobody asked for the rest"
    said = window.banner.sentence
    assert "of 4 animals found on the validation frames" in said
    assert "missed by the centre model" in said
    assert "misplaced by the parts model" in said
    window.banner.followed.emit()
    assert window.page() == "evaluation"
    (made,) = (tmp_path / "models" / "centered_instance" / "evaluations").glob("*/evaluation.json")
    assert made.parent.name == "labels_gt.val.0 with centroid"
