"""The optimizer, the learning rate over time, and when training has stopped improving."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

import attrs
import torch
from torch import nn

from sleapnn_engine.config.schema.schedule import EarlyStoppingConfig, LRSchedulerConfig, OptimizerConfig
from sleapnn_engine.training.rate_curve import AlongCurve, curve_of


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

    def __init__(self, params: Any, *, weight_decay: float = 0.01, **kwargs: Any) -> None:
        super().__init__(params, weight_decay=weight_decay, decoupled_weight_decay=True, **kwargs)


OPTIMIZERS: dict[str, type[EagerAdam]] = {"Adam": EagerAdam, "AdamW": EagerAdamW}

#: What PyTorch's schedulers count, by the names in their state; the rest of it are settings.
STEP_COUNTS = ("last_epoch", "_step_count")
PLATEAU_COUNTS = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")


def build_optimizer(
    parameters: Iterable[nn.Parameter], *, name: str, settings: OptimizerConfig, device: torch.device
) -> torch.optim.Optimizer:
    """Adam or AdamW, with the fused step where the device has one. Raises ValueError for any other name."""
    if name not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {name!r}; there are {', '.join(OPTIMIZERS)}")
    trainable = [parameter for parameter in parameters if parameter.requires_grad]
    fused = device.type in ("cpu", "cuda")
    return OPTIMIZERS[name](trainable, lr=settings.lr, amsgrad=settings.amsgrad, fused=fused)


def go_on_with(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> float:
    """Take over the moments and the learning rate of another optimizer's state_dict; returns the rate.

    Everything else of the optimizer stays as this run's settings made it. Raises ValueError, saying why, when the
    state is of another kind of optimizer or of other weights.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    own = optimizer.state_dict()
    amsgrad = own["param_groups"][0]["amsgrad"]
    require_state(state, weights, amsgrad=amsgrad)
    order = [i for group in own["param_groups"] for i in group["params"]]
    given = _numbers(state)
    moments: dict[int, dict[str, Any]] = {}
    for place, number, weight in zip(order, given, weights, strict=True):
        if number in state["state"]:
            moments[place] = _moments(state["state"][number], weight, amsgrad=amsgrad)
    rate = float(state["param_groups"][0]["lr"])
    groups = [{**group, "lr": rate} for group in own["param_groups"]]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    return rate


def require_state(state: Mapping[str, Any], weights: Sequence[nn.Parameter], *, amsgrad: bool) -> None:
    """Raise ValueError, saying why, when a state_dict is of another kind of optimizer or of other weights."""
    given = _numbers(state)
    if len(given) != len(weights):
        raise ValueError(f"it has moments for {len(given)} tensors, and this network has {len(weights)}")
    for number, weight in zip(given, weights, strict=True):
        one = state["state"].get(number)
        if one is None:
            continue
        names = _kept(one, amsgrad=amsgrad)
        if "step" not in one or any(name not in one for name in names):
            raise ValueError("it is the state of another kind of optimizer than Adam")
        for name in names:
            if one[name].shape != weight.shape:
                raise ValueError(
                    f"{name} of one tensor is {_shape(one[name])}, and the tensor {_shape(weight)}"
                )


def _numbers(state: Mapping[str, Any]) -> list[Any]:
    return [i for group in state["param_groups"] for i in group["params"]]


def _kept(given: Mapping[str, Any], *, amsgrad: bool) -> list[str]:
    """Names of the moments that are gone on with."""
    return ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * (amsgrad and "max_exp_avg_sq" in given)


def _moments(given: Mapping[str, Any], weight: nn.Parameter, *, amsgrad: bool) -> dict[str, Any]:
    """One tensor's state on its device and in its memory layout, for fused steps go through memory in order."""
    moments: dict[str, Any] = {"step": torch.as_tensor(float(given["step"]))}
    for name in _kept(given, amsgrad=amsgrad):
        moments[name] = torch.empty_like(weight, requires_grad=False).copy_(given[name])
    if amsgrad:
        moments.setdefault("max_exp_avg_sq", moments["exp_avg_sq"].clone())
    return moments


def _shape(tensor: torch.Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a single number"


class Schedule:
    """Moves the learning rate once per epoch.

    When several are set, a curve goes first, then `step_lr`, then `reduce_lr_on_plateau`. `max_epochs` is where a curve
    ends that does not say so itself.
    """

    def __init__(
        self, optimizer: torch.optim.Optimizer, settings: LRSchedulerConfig | None, *, max_epochs: int
    ) -> None:
        self._optimizer = optimizer
        self._scheduler: Any = None
        self._watches_loss = False
        if settings is None:
            return
        curve = curve_of(settings, lr=self.learning_rate, max_epochs=max_epochs)
        if curve is not None:
            self._scheduler = AlongCurve(optimizer, curve)
        elif settings.step_lr is not None:
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
                threshold_mode=cast(Literal["abs", "rel"], plateau.threshold_mode),
                cooldown=plateau.cooldown,
                min_lr=_lower_bounds(plateau.min_lr),
                eps=0.0,  # PyTorch leaves out falls of 1e-8 or less otherwise; here `min_lr` alone is the floor
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

    @property
    def is_set(self) -> bool:
        """Whether the learning rate moves at all."""
        return self._scheduler is not None

    @property
    def is_curve(self) -> bool:
        """Whether the learning rate follows from nothing but the number of the epoch."""
        return isinstance(self._scheduler, AlongCurve)

    def go_to(self, epoch: int) -> None:
        """Be where a curve is in an epoch, counted from 0; nothing else is such a schedule."""
        self._scheduler.go_to(epoch)

    def go_on(self, state: Mapping[str, Any]) -> bool:
        """Take over how far another schedule had come; False, with nothing changed, when it was of another kind.

        Only counts are taken: when and by how much the rate falls is what this run's settings say. The optimizer must
        have its learning rate already.
        """
        counts = PLATEAU_COUNTS if self._watches_loss else STEP_COUNTS
        if self._scheduler is None or any(name not in state for name in counts):
            return False
        rates = [float(group["lr"]) for group in self._optimizer.param_groups]
        self._scheduler.load_state_dict({**{name: state[name] for name in counts}, "_last_lr": rates})
        return True


def counts_of(settings: LRSchedulerConfig | None) -> tuple[str, ...]:
    """What a schedule of these settings counts, by the names in its state.

    Empty where the rate does not move, and for a curve, which the number of the epoch is enough for.
    """
    if settings is None or (settings.step_lr is None and settings.reduce_lr_on_plateau is None):
        return ()
    if curve_of(settings, lr=1.0, max_epochs=1) is not None:
        return ()
    return STEP_COUNTS if settings.step_lr is not None else PLATEAU_COUNTS


def _lower_bounds(value: float | list[float]) -> float | list[float]:
    return [float(bound) for bound in value] if isinstance(value, list | tuple) else float(value)


@attrs.define
class EarlyStopping:
    """The best epoch so far, and how long ago the validation loss made progress.

    `best_score` is compared exactly (the best checkpoint): the validation loss, or the loss that is to decide instead;
    `best_val` is the validation loss of that epoch. `reference` only moves by more than `min_delta` and counts towards
    early stopping.
    """

    min_delta: float = 0.0
    patience: int | None = None
    best_val: float = math.inf
    best_epoch: int = -1
    best_score: float = math.inf
    reference: float = math.inf
    waited: int = 0

    def state(self) -> dict[str, Any]:
        """What has been counted, as plain values; None where there is nothing yet."""
        return {
            "best_val": self.best_val if math.isfinite(self.best_val) else None,
            "best_epoch": self.best_epoch if self.best_epoch >= 0 else None,
            "best_score": self.best_score if self.best_score != self.best_val else None,
            "reference": self.reference if math.isfinite(self.reference) else None,
            "epochs_without_progress": self.waited,
        }

    def go_on(self, state: Mapping[str, Any], *, is_alike: bool = True) -> None:
        """Take over what `state` gave; the settings stay those of this run.

        Where another loss decided there, which `is_alike` says, there is no best epoch yet.
        """
        best, epoch = state.get("best_val"), state.get("best_epoch")
        reference = state.get("reference", best)
        if is_alike:
            score = state.get("best_score")
            self.best_val = math.inf if best is None else float(best)
            self.best_epoch = -1 if epoch is None else int(epoch)
            self.best_score = self.best_val if score is None else float(score)
        self.reference = math.inf if reference is None else float(reference)
        self.waited = int(state.get("epochs_without_progress") or 0)

    @classmethod
    def from_settings(cls, settings: EarlyStoppingConfig) -> "EarlyStopping":
        patience = settings.patience if settings.stop_training_on_plateau else None
        return cls(min_delta=settings.min_delta, patience=patience)

    def add(self, epoch: int, val_loss: float, *, score: float | None = None) -> bool:
        """Take in one epoch's validation loss, and the loss that decides if it is another; True when it is the best."""
        if val_loss < self.reference - self.min_delta:
            self.reference, self.waited = val_loss, 0
        else:
            self.waited += 1
        score = val_loss if score is None else score
        improved = score < self.best_score
        if improved:
            self.best_val, self.best_epoch, self.best_score = val_loss, epoch, score
        return improved

    @property
    def exhausted(self) -> bool:
        """Whether early stopping ends training now."""
        return self.patience is not None and self.waited >= max(self.patience, 1)
