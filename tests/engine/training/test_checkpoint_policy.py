"""Which checkpoint files a run keeps: always the best as best.ckpt, and no more than was asked for."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import attrs
import pytest
import torch

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.training.artifacts.checkpoint_file import Position
from sleapnn_engine.training.callbacks.checkpoint import Checkpoints
from sleapnn_engine.training.report import Report
from sleapnn_engine.training.state import EpochResult
from tests.engine.training.jobs import events, outline


@attrs.define
class Schedule:
    def state_dicts(self) -> list[dict[str, float]]:
        return []


@attrs.define
class Trained:
    """What the callback reads of a training, its own parts and progress: here the weight is the epoch's number."""

    report: Report
    epoch: int = 0
    step: int = 0
    schedule: Schedule = attrs.field(factory=Schedule)
    model: torch.nn.Module = attrs.field(factory=lambda: torch.nn.Linear(1, 1, bias=False))

    @property
    def parts(self) -> "Trained":
        return self

    @property
    def progress(self) -> "Trained":
        return self

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.model.parameters())

    @property
    def position(self) -> Position:
        return Position(epoch=self.epoch, step=self.step, batches=1, steps_per_epoch=1)

    def own_section(self) -> dict[str, int]:
        return {}

    def end_epoch(self, checkpoints: Checkpoints, *, val: float) -> None:
        torch.nn.init.constant_(self.model.weight, self.epoch)
        self.step += 1
        result = EpochResult(
            epoch=self.epoch,
            steps=1,
            train=0.0,
            val=val,
            learning_rate=0.0,
            train_seconds=0.0,
            val_seconds=0.0,
            samples_per_second=0.0,
            waited=0.0,
            by_node={},
            errors=None,
            improved=False,
        )
        checkpoints.epoch_ended(self, result)
        self.epoch += 1


@pytest.fixture
def trained(tmp_path: Path) -> Iterator[Trained]:
    with EngineChannel(tmp_path) as channel:
        yield Trained(Report(channel))


def run(
    trained: Trained, folder: Path, losses: list[float], *, top_k: int, save_last: bool = False
) -> dict[str, int]:
    """Train one epoch per loss; returns {file: epoch it holds}."""
    checkpoints = Checkpoints(folder, top_k=top_k, save_last=save_last)
    for loss in losses:
        trained.end_epoch(checkpoints, val=loss)
    return held(folder)


def held(folder: Path) -> dict[str, int]:
    found = {}
    for path in folder.glob("*.ckpt"):
        content = torch.load(path, weights_only=True)
        assert content["state_dict"]["model.weight"].item() == content["epoch"]
        found[path.name] = content["epoch"]
    return found


def test_one_is_the_best(trained: Trained, tmp_path: Path) -> None:
    assert run(trained, tmp_path, [0.5, 0.3, 0.4, 0.2, 0.9], top_k=1) == {"best.ckpt": 3}
    assert [e["body"]["epoch"] for e in events(tmp_path) if e["kind"] == "checkpoint"] == [0, 1, 3]


def test_an_equal_loss_does_not_replace_the_best(trained: Trained, tmp_path: Path) -> None:
    assert run(trained, tmp_path, [0.5, 0.5], top_k=1) == {"best.ckpt": 0}


def test_several_are_kept_and_best_is_the_best_of_them(trained: Trained, tmp_path: Path) -> None:
    files = run(trained, tmp_path, [0.5, 0.3, 0.4, 0.2, 0.9], top_k=3)
    assert files["best.ckpt"] == 3
    assert sorted(files.values()) == [1, 2, 3]
    assert set(files) <= {"best.ckpt", "best-v1.ckpt", "best-v2.ckpt", "best-v3.ckpt"}


@pytest.mark.setting("trainer_config.model_ckpt.save_top_k")
@pytest.mark.parametrize("top_k", [1, 2, 3])
def test_the_best_are_kept_in_whatever_order_they_come(trained: Trained, tmp_path: Path, top_k: int) -> None:
    for losses in [*permutations([0.2, 0.4, 0.5, 0.9]), (0.2, 0.9, 0.5)]:
        folder = tmp_path / str(losses)
        folder.mkdir()
        trained.epoch = 0
        files = run(trained, folder, list(losses), top_k=top_k)
        assert sorted(losses[epoch] for epoch in files.values()) == sorted(losses)[:top_k]
        assert losses[files["best.ckpt"]] == min(losses)


def test_all_are_kept(trained: Trained, tmp_path: Path) -> None:
    files = run(trained, tmp_path, [0.5, 0.3, 0.4], top_k=-1)
    assert files == {"best.ckpt": 1, "best-v1.ckpt": 0, "best-v2.ckpt": 2}


def test_none_is_kept(trained: Trained, tmp_path: Path) -> None:
    assert run(trained, tmp_path, [0.5, 0.3], top_k=0) == {}
    assert "save started" not in outline(tmp_path)


def test_the_last_is_kept_besides(trained: Trained, tmp_path: Path) -> None:
    files = run(trained, tmp_path, [0.5, 0.3, 0.4], top_k=1, save_last=True)
    assert files == {"best.ckpt": 1, "last.ckpt": 2}
    said = [e["body"] for e in events(tmp_path) if e["kind"] == "checkpoint"]
    assert [(Path(b["path"]).name, b["best"]) for b in said[-3:]] == [
        ("best.ckpt", True),
        ("last.ckpt", False),
        ("last.ckpt", False),
    ]


def test_files_of_others_are_left_alone(trained: Trained, tmp_path: Path) -> None:
    other = tmp_path / "best-v1.ckpt"
    other.write_bytes(b"mine")
    checkpoints = Checkpoints(tmp_path, top_k=2, save_last=False)
    for loss in (0.5, 0.4, 0.3):
        trained.end_epoch(checkpoints, val=loss)
    assert other.read_bytes() == b"mine"
    other.unlink()
    assert sorted(held(tmp_path).values()) == [1, 2]
