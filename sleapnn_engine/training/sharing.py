"""One step made by several processes: which samples are whose, and what is added up."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from sleapnn_engine.data.loader import samples_of_step

from .group import Group
from .losses import HeadLoss, LossResult
from .shared_losses import Portion, SharedLoss, share_losses


def silent(verb: str, **values: Any) -> None:
    """Tells nobody anything: what processes other than the first one do."""


@attrs.define(kw_only=True)
class Sharing:
    """A process's place among those that make each step together.

    `losses` give this process's part of the loss; `batch_size` is that of all processes together. `announce` tells
    the other processes what to do; only the first one has somebody to tell. `devices` are the names of all.
    """

    group: Group
    losses: tuple[SharedLoss, ...]
    parameters: tuple[nn.Parameter, ...]
    portion: Portion
    n_train: int
    batch_size: int
    devices: tuple[str, ...]
    announce: Callable[..., None] = silent

    @classmethod
    def begin_with(
        cls,
        group: Group,
        *,
        losses: Sequence[HeadLoss],
        model: nn.Module,
        n_train: int,
        batch_size: int,
        devices: Sequence[str],
        announce: Callable[..., None] = silent,
    ) -> "Sharing":
        """Share the work on `model`."""
        portion, processes = Portion(), group.share.of
        return cls(
            group=group,
            losses=share_losses(losses, portion=portion, total=group.total, processes=processes),
            parameters=tuple(parameter for parameter in model.parameters() if parameter.requires_grad),
            portion=portion,
            n_train=n_train,
            batch_size=batch_size,
            devices=tuple(devices),
            announce=announce,
        )

    @property
    def samples(self) -> int:
        """Samples of all processes in the step in progress."""
        return self.portion.whole

    def step(self, number: int, *, learning_rate: float) -> None:
        """Begin step `number`, counted from the start of training, in all processes."""
        self.announce("step", number=number, learning_rate=learning_rate)
        self.portion.whole = samples_of_step(number, samples=self.n_train, batch_size=self.batch_size)
        self.portion.own = self.group.share.size(self.portion.whole)

    def add_up(self, losses: LossResult) -> LossResult:
        """Make gradients and losses those of the whole batch; raises Lost when a process is gone.

        Gradients, losses and which weights have a gradient at all travel as one tensor: a plain sum is exact for
        batches that do not divide evenly, and leaves the model as it is. A weight without a gradient in any process
        has none afterwards, so that the optimizer passes it over.
        """
        device = losses.total.device
        grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters]
        there = torch.tensor([float(p.grad is not None) for p in self.parameters], device=device)
        told = [losses.total.detach().reshape(1), *(value.reshape(1) for value in losses.by_head.values())]
        told += list(losses.by_channel.values())
        flat = torch.cat([*(grad.reshape(-1) for grad in grads), there, *told])
        rest = len(there) + sum(map(len, told))
        summed = iter(self.group.total(flat).split([*(grad.numel() for grad in grads), rest]))
        for parameter, grad in zip(self.parameters, grads, strict=True):
            parameter.grad = grad.copy_(next(summed).view_as(grad))
        having, values = next(summed).split([len(there), rest - len(there)])
        for parameter, count in zip(self.parameters, having.tolist(), strict=True):
            if not count:
                parameter.grad = None
        return _told(values, losses)


def _told(values: Tensor, losses: LossResult) -> LossResult:
    """Values in the order of `add_up` as losses; single numbers on the CPU, where they are read next."""
    sizes = [len(channels) for channels in losses.by_channel.values()]
    whole, channels = values.split([1 + len(losses.by_head), sum(sizes)])
    total, *heads = whole.cpu().unbind()
    return LossResult(
        total,
        dict(zip(losses.by_head, heads, strict=True)),
        dict(zip(losses.by_channel, channels.split(sizes), strict=True)),
    )
