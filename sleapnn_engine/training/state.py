"""What the loop and everything around it share while a model is trained."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.monitors import USUAL_MONITOR
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.loader import ALONE, Share
from sleapnn_engine.inference.decode import Decoder
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.device import device_name, empty_cache
from sleapnn_engine.protocol.counting import Reach, reached
from sleapnn_engine.protocol.measures import Measured
from sleapnn_engine.training.artifacts.checkpoint_file import Position
from sleapnn_engine.training.inputs.batches import Batches
from sleapnn_engine.training.losses import HeadLoss
from sleapnn_engine.training.processes.device import number_format
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.report import Report
from sleapnn_engine.training.resuming.random_states import read_random_states
from sleapnn_engine.training.schedule import EarlyStopping, Schedule

if TYPE_CHECKING:
    from sleapnn_engine.training.averages import Averages
    from sleapnn_engine.training.processes.followers import Followers


@attrs.frozen(kw_only=True)
class BatchResult:
    """One optimizer step: `loss` and `by_head` are floats, `by_channel` is {head: (C,) tensor}, times in seconds.

    `gradient` is the length of the gradient, of the few steps at which it is measured.
    """

    epoch: int
    step: int
    batch: int
    samples: int
    loss: float
    by_head: dict[str, float]
    by_channel: dict[str, Tensor]
    waited: float
    seconds: float
    gradient: float | None = None


@attrs.frozen(kw_only=True)
class EpochResult:
    """One epoch, trained and validated.

    `by_node` is the training error of each node's maps, `waited` a share 0..1, `*_by_head` the mean loss of each head,
    `worst` the validation samples from the worst on, `worst_by_part` that with the greatest error of each part, `swapped` on which share of animals two parts are taken for each other, `score` the loss by which it may be the best (None: that of validation), `gradient` the mean length of the measured gradients, `body` the diagonal of the median validation animal's box in source pixels.
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
    errors: Measured | None
    improved: bool
    train_by_head: dict[str, float] = attrs.field(factory=dict)
    val_by_head: dict[str, float] = attrs.field(factory=dict)
    body: float | None = None
    score: float | None = None
    worst: tuple[int, ...] = ()
    worst_by_part: dict[str, int] = attrs.field(factory=dict)
    swapped: dict[str, float] = attrs.field(factory=dict)
    gradient: float | None = None


_NOTHING = nullcontext()


def unprofiled(stage: str) -> AbstractContextManager[Any]:
    """What surrounds a stage of the loop in a run without a profiler."""
    return _NOTHING


def _not_set_up(*_: Any) -> Any:
    raise RuntimeError("this training was not given to Fabric; see set_up")


@attrs.frozen(kw_only=True, eq=False)
class Parts:
    """What a training is made of. `seed` and `split` say which frames it learns from.

    `forward` is the network and `update` the optimizer's step as Fabric has them, for the loop; everything else takes
    the plain objects. `share` is this process's part of each step, and `followers` are the other processes of it, where
    there are some and this is the first.
    """

    job: Job
    folder: Path
    run_name: str
    model_type: str
    fabric: Fabric
    model: PoseModel
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    losses: tuple[HeadLoss, ...]
    decoder: Decoder
    early_stopping: EarlyStopping
    batches: Batches
    report: Report
    max_epochs: int
    steps_per_epoch: int
    seed: int | None = None
    split: str = ""
    forward: Callable[[Tensor], dict[str, Tensor]] = _not_set_up
    update: Callable[[], Any] = _not_set_up
    share: Share = ALONE
    followers: "Followers | None" = None

    @property
    def batch_size(self) -> int:
        """Samples that are asked for in one step, in all processes together."""
        return self.job.trainer_config.train_data_loader.batch_size * self.share.of


@attrs.define(kw_only=True, eq=False)
class Progress:
    """How far a training has come, and what was asked of it.

    `epoch` and `step` count from 0 and name the next to be done while a step is running; `batch` is the number of
    steps done in this epoch, and `averages` and `epoch_seconds` are of these. `epoch_ended` says that the epoch was
    validated and counted as well. `start_step` is the step this run began with. `stop_after` is what a viewer asked
    for; `interrupted` names the signal that came. `unfinished` is the part of a checkpoint before an extra validation.
    """

    epoch: int = 0
    step: int = 0
    batch: int = 0
    start_step: int = 0
    paused_seconds: float = 0.0
    stop_after: str | None = None
    interrupted: str | None = None
    best_errors: Measured | None = None
    averages: "Averages | None" = None
    epoch_seconds: float = 0.0
    epoch_ended: bool = False
    unfinished: dict[str, Any] | None = None

    def begin_next_epoch(self) -> None:
        """The epoch has ended, and another one follows."""
        self.epoch, self.batch = self.epoch + 1, 0
        self.averages, self.epoch_seconds, self.epoch_ended = None, 0.0, False


@attrs.define(eq=False)
class Training:
    """One training: its parts, which only `with_parts` exchanges, and how far it has come.

    `profile` surrounds each stage of the loop: data, forward, backward, optimizer, callbacks, validation.
    """

    parts: Parts
    progress: Progress = attrs.field(factory=Progress)
    profile: Callable[[str], AbstractContextManager[Any]] = unprofiled

    def with_parts(self, **parts: Any) -> None:
        """Exchange some of the parts, by the names of the fields of `Parts`."""
        self.parts = attrs.evolve(self.parts, **parts)

    @property
    def position(self) -> Position:
        """For the checkpoint: the epoch that was trained last and how much of it is done."""
        steps = self.parts.steps_per_epoch
        if self.progress.epoch and not self.progress.batch:
            return Position(
                epoch=self.progress.epoch - 1, step=self.progress.step, batches=steps, steps_per_epoch=steps
            )
        return Position(
            epoch=self.progress.epoch,
            step=self.progress.step,
            batches=self.progress.batch,
            steps_per_epoch=steps,
        )

    @property
    def reach(self) -> Reach:
        """How far it has come, an earlier training that it goes on with included."""
        return reached(
            self.progress.epoch, batches=self.progress.batch, steps_per_epoch=self.parts.steps_per_epoch
        )

    @property
    def best_val(self) -> float | None:
        return (
            self.parts.early_stopping.best_val if math.isfinite(self.parts.early_stopping.best_val) else None
        )

    @property
    def best_epoch(self) -> int | None:
        return self.parts.early_stopping.best_epoch if self.parts.early_stopping.best_epoch >= 0 else None

    def move(self, device: torch.device) -> None:
        """Take weights and optimizer state to another device, in place; other processes do so as well."""
        if self.parts.followers is not None:
            self.parts.followers.announce("move", away=device != self.parts.fabric.device)
        self.parts.model.to(device)
        for values in self.parts.optimizer.state.values():
            for name, value in values.items():
                if isinstance(value, Tensor):
                    values[name] = value.to(device)

    def free_memory(self) -> int:
        """Give unused GPU memory back in all processes; returns the bytes that this one had."""
        if self.parts.followers is not None:
            self.parts.followers.announce("free")
        return empty_cache(self.parts.fabric.device)

    @property
    def device_name(self) -> str:
        """What people call what it is trained on."""
        own = device_name(self.parts.fabric.device)
        if self.parts.followers is None:
            return own
        names = [own, *self.parts.followers.devices]
        return ", ".join(names) if len(set(names)) > 1 else f"{names[0]} ({len(names)} processes)"

    def hold_unfinished(self) -> None:
        """Remember the state before the validation of an epoch that was stopped half-way.

        That validation is an extra one: a training that had not been stopped would not have had it. So it counts for
        what is told and for which model is the best, but not for the training that is taken up again, and checkpoints
        written after it hold the state before it. The learning rate moves at the end of whole epochs only.
        """
        self.progress.unfinished = self.own_section()

    def own_section(self) -> dict[str, Any]:
        """Our part of a checkpoint: what a training needs to go on as if it had never ended.

        Plain values and tensors that Lightning has no place for: where to go on (`next_epoch`, and `next_batch` of
        it, which is the number of all its steps when only the validation is missing), the best epoch and the count
        for early stopping, sums over the steps of an epoch in progress, all random states, and how frames were split.
        """
        if self.progress.unfinished is not None:
            return self.progress.unfinished
        trainer = self.parts.job.trainer_config
        averages = None
        if self.progress.averages is not None and not self.progress.epoch_ended:
            averages = attrs.asdict(self.progress.averages, recurse=False)
        return {
            "run_name": self.parts.run_name,
            "model_type": self.parts.model_type,
            "places": self.parts.batches.train.store.plan.places,
            "precision": number_format(self.parts.fabric),
            "loss_scale": self.parts.fabric.strategy.precision.state_dict(),
            **self.parts.early_stopping.state(),
            "monitor": trainer.model_ckpt.monitor or USUAL_MONITOR,
            "best_errors": None if self.progress.best_errors is None else self.progress.best_errors.body,
            "next_epoch": self.progress.epoch + 1 if self.progress.epoch_ended else self.progress.epoch,
            "next_batch": 0 if self.progress.epoch_ended else self.progress.batch,
            "steps_per_epoch": self.parts.steps_per_epoch,
            "batch_size": self.parts.batch_size,
            "learning_rate": trainer.optimizer.lr,
            "seed": self.parts.seed,
            "split": self.parts.split,
            "averages": averages,
            "epoch_seconds": 0.0 if self.progress.epoch_ended else self.progress.epoch_seconds,
            "random": read_random_states(self.parts.batches, device=self.parts.fabric.device),
        }
