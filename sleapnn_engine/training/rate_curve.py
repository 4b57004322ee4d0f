"""Learning rates that follow from the number of the epoch: they rise for a while, then fall along a line or a cosine."""

import math
from typing import Any

import attrs
import torch

from sleapnn_engine.config.schema.schedule import CosineAnnealingWarmupConfig, LRSchedulerConfig


@attrs.frozen(kw_only=True)
class Curve:
    """From `first` to `peak` in `warmup` epochs, and to `last` when `epochs` of them are over; there it stays."""

    first: float
    peak: float
    last: float
    warmup: int
    epochs: int
    is_cosine: bool

    def at(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0."""
        if epoch < self.warmup:
            return self.first + (self.peak - self.first) * epoch / self.warmup
        done = min((epoch - self.warmup) / max(self.epochs - self.warmup, 1), 1.0)
        left = (1 + math.cos(math.pi * done)) / 2 if self.is_cosine else 1 - done
        return self.last + (self.peak - self.last) * left


def curve_of(settings: LRSchedulerConfig | None, *, lr: float, max_epochs: int) -> Curve | None:
    """The curve that is set, with `lr` as its peak; None where the learning rate goes by something else."""
    if settings is None:
        return None
    chosen = settings.cosine_annealing_warmup or settings.linear_warmup_linear_decay
    if chosen is None:
        return None
    return Curve(
        first=chosen.warmup_start_lr,
        peak=lr,
        last=chosen.eta_min if isinstance(chosen, CosineAnnealingWarmupConfig) else chosen.end_lr,
        warmup=chosen.warmup_epochs,
        epochs=max_epochs if chosen.max_epochs is None else chosen.max_epochs,
        is_cosine=isinstance(chosen, CosineAnnealingWarmupConfig),
    )


class AlongCurve(torch.optim.lr_scheduler.LRScheduler):
    """Gives all weights the learning rate of a curve; its state is how many epochs have passed."""

    def __init__(self, optimizer: torch.optim.Optimizer, curve: Curve) -> None:
        self._curve = curve
        super().__init__(optimizer)

    def get_lr(self) -> list[float | torch.Tensor]:
        """The learning rate of each group of weights in the epoch that is reached."""
        return [self._curve.at(self.last_epoch) for _ in self.optimizer.param_groups]

    def go_to(self, epoch: int) -> None:
        """Be in an epoch, counted from 0, with its learning rate."""
        rate = self._curve.at(epoch)
        super().load_state_dict({"last_epoch": epoch})
        self._last_lr = [rate for _ in self.optimizer.param_groups]
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """Plain values: what it counts, and the rates as they are."""
        return {name: value for name, value in super().state_dict().items() if name != "_curve"}
