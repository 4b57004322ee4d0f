"""What the loop and everything around it share while a model is trained."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.inference.decode import Decoder
from sleapnn_engine.models.assemble import PoseModel

from .checkpoint_file import Progress
from .device import Compute
from .feed import Feed
from .losses import HeadLoss
from .report import Report
from .schedule import Best, Schedule


@attrs.frozen(kw_only=True)
class BatchResult:
    """One optimizer step: `loss` and `by_head` are floats, `by_channel` is {head: (C,) tensor}, times in seconds."""

    epoch: int
    step: int
    batch: int
    samples: int
    loss: float
    by_head: dict[str, float]
    by_channel: dict[str, Tensor]
    waited: float
    seconds: float


@attrs.frozen(kw_only=True)
class PointErrors:
    """Distances between predicted and labelled points of the validation frames, in source-image pixels.

    None where nothing was labelled or found. `percent_of_body` relates the median to the median diagonal of the
    animals' bounding boxes. `precision`, `recall` and `f1` count animals, for models that may miss or invent some;
    `class_accuracy` is the share of animals found that have the right identity.
    """

    median_px: float | None
    p90_px: float | None
    percent_of_body: float | None
    by_node: dict[str, float | None]
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    class_accuracy: float | None = None


@attrs.frozen(kw_only=True)
class EpochResult:
    """One epoch, trained and validated.

    `by_node` is the training error of each node's maps, `waited` a share 0..1, `*_by_head` the mean loss of each head.
    """

    epoch: int
    steps: int
    train: float
    val: float
    learning_rate: float
    train_seconds: float
    val_seconds: float
    samples_per_second: float
    waited: float
    by_node: dict[str, float]
    errors: PointErrors | None
    improved: bool
    train_by_head: dict[str, float] = attrs.field(factory=dict)
    val_by_head: dict[str, float] = attrs.field(factory=dict)


_NOTHING = nullcontext()


def unprofiled(stage: str) -> AbstractContextManager[Any]:
    """What surrounds a stage of the loop in a run without a profiler."""
    return _NOTHING


@attrs.define(kw_only=True)
class Training:
    """One training: its parts, and how far it has come.

    `epoch` and `step` count from 0 and name the next to be done while a step is running; `batch` is the number of
    steps done in this epoch. `stop_after` is what a viewer asked for; `interrupted` names the signal that came.
    `profile` surrounds each stage of the loop: data, forward, backward, optimizer, callbacks, validation.
    """

    job: Job
    folder: Path
    run_name: str
    model_type: str
    compute: Compute
    model: PoseModel
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    losses: tuple[HeadLoss, ...]
    decoder: Decoder
    best: Best
    feed: Feed
    report: Report
    max_epochs: int
    steps_per_epoch: int
    epoch: int = 0
    step: int = 0
    batch: int = 0
    paused_seconds: float = 0.0
    stop_after: str | None = None
    interrupted: str | None = None
    epochs_done: int = 0
    best_errors: PointErrors | None = None
    profile: Callable[[str], AbstractContextManager[Any]] = unprofiled

    @property
    def progress(self) -> Progress:
        """For the checkpoint: the epoch in progress and how much of it is done."""
        return Progress(
            epoch=self.epoch, step=self.step, batches=self.batch, steps_per_epoch=self.steps_per_epoch
        )

    @property
    def best_val(self) -> float | None:
        return self.best.best_val if math.isfinite(self.best.best_val) else None

    @property
    def best_epoch(self) -> int | None:
        return self.best.best_epoch if self.best.best_epoch >= 0 else None

    def move(self, device: torch.device) -> None:
        """Take weights and optimizer state to another device, in place."""
        self.model.to(device)
        for values in self.optimizer.state.values():
            for name, value in values.items():
                if isinstance(value, Tensor):
                    values[name] = value.to(device)

    def own_section(self) -> dict[str, Any]:
        """Our part of a checkpoint: plain values that Lightning has no place for."""
        return {
            "run_name": self.run_name,
            "model_type": self.model_type,
            "precision": self.compute.precision,
            "best_val": self.best_val,
            "best_epoch": self.best_epoch,
            "epochs_without_progress": self.best.waited,
        }
