"""The contents of a `.ckpt` file: plain tensors and values only, in the layout that Lightning programs read."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from sleapnn_engine.config.disk import whole_file
from sleapnn_engine.models.weights import OWN_SECTION, PREFIX, first_broken_tensor, is_finite

#: Named in the file when Lightning is not installed; any 2.x layout is the one written here.
LIGHTNING_LAYOUT = "2.6.0"


@attrs.frozen(kw_only=True)
class Position:
    """How far training had come when the file was written.

    `epoch` counts from 0 and is the epoch the weights are from; `batches` of its `steps_per_epoch` steps were done.
    It is what Lightning programs go by. Whether the epoch was validated as well, which they have no word for, stands
    in our own section.
    """

    epoch: int
    step: int
    batches: int
    steps_per_epoch: int

    @property
    def epoch_finished(self) -> bool:
        return self.batches >= self.steps_per_epoch


def contents(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedulers: list[dict[str, Any]],
    *,
    position: Position,
    own: Mapping[str, Any],
) -> dict[str, Any]:
    """All that `torch.save` writes. Tensors are contiguous copies on the CPU; `own` may hold tensors, too."""
    state = {PREFIX + name: _plain_tensor(value) for name, value in model.state_dict().items()}
    return {
        "epoch": position.epoch,
        "global_step": position.step,
        "pytorch-lightning_version": _lightning_version(),
        "state_dict": state,
        "loops": _loops(position),
        "callbacks": {},
        "optimizer_states": [_plain_state(optimizer.state_dict())],
        "lr_schedulers": _plain_state(schedulers),
        OWN_SECTION: _plain_state(own),
    }


def first_broken(content: Mapping[str, Any]) -> str | None:
    """Where a checkpoint holds a number that is not finite: a weight's name, or the place in the optimizer's state.

    None where weights and moments are all finite. Counts and losses are not looked at.
    """
    broken = first_broken_tensor(content["state_dict"])
    if broken is not None:
        return broken
    for state in content.get("optimizer_states") or ():
        for number, moments in state.get("state", {}).items():
            for name, value in moments.items():
                if not is_finite(value):
                    return f"the state of the optimizer ({name} of tensor {number})"
    return None


def write_atomically(content: dict[str, Any], path: Path) -> None:
    """Write `content` so that `path` is at all times either the old file or the whole new one.

    Raises OSError when the disk takes no more.
    """
    with whole_file(path) as file:
        try:
            torch.save(content, file)
        except RuntimeError as error:  # PyTorch's writer puts its own error over that of the file
            raise error.__context__ if isinstance(error.__context__, OSError) else error from None


def _plain_tensor(value: Tensor) -> Tensor:
    return value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _plain_state(value: Any) -> Any:
    """The same nested dicts, lists and tuples with tensors copied to the CPU and numpy's numbers as Python's.

    Readers that take nothing but plain values refuse a file with a single number of another library in it.
    """
    if isinstance(value, Tensor):
        return _plain_tensor(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _plain_state(item) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_plain_state(item) for item in value)
    return value


def _lightning_version() -> str:
    try:
        return version("lightning-fabric")
    except PackageNotFoundError:
        return LIGHTNING_LAYOUT


def _counts(total: int, current: int, *names: str) -> dict[str, dict[str, int]]:
    return {"total": dict.fromkeys(names, total), "current": dict.fromkeys(names, current)}


def _loops(position: Position) -> dict[str, Any]:
    """Lightning's counters, so that it resumes at the next epoch (or, after a partial epoch, within it)."""
    started = ("ready", "started", "processed", "completed")
    batches = _counts(position.step, position.batches, *started)
    idle = {"state_dict": {}, "batch_progress": _counts(0, 0, *started)}
    done = position.epoch + 1 if position.epoch_finished else position.epoch
    epochs = {
        kind: {
            "ready": position.epoch + 1,
            "started": position.epoch + 1,
            "processed": done,
            "completed": position.epoch,
        }
        for kind in ("total", "current")
    }
    fit = {
        "state_dict": {},
        "epoch_loop.state_dict": {"_batches_that_stepped": position.step},
        "epoch_loop.batch_progress": {**batches, "is_last_batch": position.epoch_finished},
        "epoch_loop.scheduler_progress": _counts(done, 0, "ready", "completed"),
        "epoch_loop.automatic_optimization.state_dict": {},
        "epoch_loop.automatic_optimization.optim_progress": {
            "optimizer": {
                "step": _counts(position.step, position.batches, "ready", "completed"),
                "zero_grad": _counts(position.step, position.batches, "ready", "started", "completed"),
            }
        },
        "epoch_loop.manual_optimization.state_dict": {},
        "epoch_loop.manual_optimization.optim_step_progress": _counts(0, 0, "ready", "completed"),
        "epoch_loop.val_loop.state_dict": {},
        "epoch_loop.val_loop.batch_progress": {**_counts(0, 0, *started), "is_last_batch": False},
        "epoch_progress": epochs,
    }
    return {
        "fit_loop": fit,
        "validate_loop": {**idle, "batch_progress": {**idle["batch_progress"], "is_last_batch": False}},
        "test_loop": {**idle, "batch_progress": {**idle["batch_progress"], "is_last_batch": False}},
        "predict_loop": idle,
    }
