"""The optimizer, the learning rate over time, and when training has stopped improving."""

import math
from collections.abc import Iterable
from typing import Any

import attrs
import torch
from torch import nn

from ..config.schema.schedule import EarlyStoppingConfig, LRSchedulerConfig, OptimizerConfig


def _plain(name: str) -> Any:
    """PyTorch's own method of Adam without the wrapper that calls its compiler, where there is such a wrapper."""
    method = getattr(torch.optim.Adam, name)
    return getattr(method, "__wrapped__", method)


class EagerAdam(torch.optim.Adam):
    """PyTorch's Adam, without importing PyTorch's compiler, which takes more than a second and is not used here.

    Nothing is computed differently: outside of compiled code the wrappers that are left out do nothing.
    """

    add_param_group = _plain("add_param_group")
    zero_grad = _plain("zero_grad")
    state_dict = _plain("state_dict")
    load_state_dict = _plain("load_state_dict")
    step = torch.no_grad()(_plain("step"))


class EagerAdamW(EagerAdam):
    """Adam with decoupled weight decay of 0.01 a step, PyTorch's default for AdamW."""

    def __init__(self, *args: Any, weight_decay: float = 0.01, **kwargs: Any) -> None:
        super().__init__(*args, weight_decay=weight_decay, decoupled_weight_decay=True, **kwargs)


OPTIMIZERS: dict[str, type[EagerAdam]] = {"Adam": EagerAdam, "AdamW": EagerAdamW}


def build_optimizer(
    parameters: Iterable[nn.Parameter], *, name: str, settings: OptimizerConfig, device: torch.device
) -> torch.optim.Optimizer:
    """Adam or AdamW, with the fused step where the device has one. Raises ValueError for any other name."""
    if name not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {name!r}; there are {', '.join(OPTIMIZERS)}")
    trainable = [parameter for parameter in parameters if parameter.requires_grad]
    fused = device.type in ("cpu", "cuda")
    return OPTIMIZERS[name](trainable, lr=settings.lr, amsgrad=settings.amsgrad, fused=fused)


class Schedule:
    """Moves the learning rate once per epoch; `step_lr` goes before `reduce_lr_on_plateau` when both are set."""

    def __init__(self, optimizer: torch.optim.Optimizer, settings: LRSchedulerConfig | None) -> None:
        self._optimizer = optimizer
        self._scheduler: Any = None
        self._watches_loss = False
        if settings is None:
            return
        if settings.step_lr is not None:
            step = settings.step_lr
            self._scheduler = torch.optim.lr_scheduler.StepLR(
                optimizer, step_size=step.step_size, gamma=step.gamma
            )
        elif settings.reduce_lr_on_plateau is not None:
            plateau = settings.reduce_lr_on_plateau
            self._watches_loss = True
            self._scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer,
                mode="min",
                factor=plateau.factor,
                patience=plateau.patience,
                threshold=plateau.threshold,
                threshold_mode=plateau.threshold_mode,
                cooldown=plateau.cooldown,
                min_lr=_lower_bounds(plateau.min_lr),
            )

    @property
    def learning_rate(self) -> float:
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, val_loss: float) -> None:
        """Called once after each epoch's validation."""
        if self._scheduler is None:
            return
        self._scheduler.step(val_loss) if self._watches_loss else self._scheduler.step()

    def state_dicts(self) -> list[dict[str, Any]]:
        """Plain values, as the checkpoint's `lr_schedulers` has them."""
        return [] if self._scheduler is None else [self._scheduler.state_dict()]


def _lower_bounds(value: float | list[float]) -> float | list[float]:
    return [float(bound) for bound in value] if isinstance(value, list | tuple) else float(value)


@attrs.define
class Best:
    """The best validation loss so far, and how long ago it was.

    `best_val` is compared exactly (the best checkpoint); `reference` only moves by more than `min_delta` and
    counts towards early stopping.
    """

    min_delta: float = 0.0
    patience: int | None = None
    best_val: float = math.inf
    best_epoch: int = -1
    reference: float = math.inf
    waited: int = 0

    @classmethod
    def from_settings(cls, settings: EarlyStoppingConfig) -> "Best":
        patience = settings.patience if settings.stop_training_on_plateau else None
        return cls(min_delta=settings.min_delta, patience=patience)

    def add(self, epoch: int, val_loss: float) -> bool:
        """Take in one epoch's validation loss; True when it is the best so far."""
        if val_loss < self.reference - self.min_delta:
            self.reference, self.waited = val_loss, 0
        else:
            self.waited += 1
        improved = val_loss < self.best_val
        if improved:
            self.best_val, self.best_epoch = val_loss, epoch
        return improved

    @property
    def exhausted(self) -> bool:
        """Whether early stopping ends training now."""
        return self.patience is not None and self.waited >= max(self.patience, 1)
