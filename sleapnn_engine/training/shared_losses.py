"""The loss of one batch that several processes compute together: each its part, and the parts add up."""

from collections.abc import Callable, Sequence

import attrs
from torch import Tensor
from torch.nn import functional

from .losses import HeadLoss, hard_keypoint_loss


@attrs.define
class Portion:
    """How many samples of the batch in progress are this process's, and how many there are in all.

    A process without any computes on a stand-in, which counts for nothing.
    """

    own: int = 1
    whole: int = 1


@attrs.frozen(kw_only=True)
class SharedLoss(HeadLoss):
    """This process's part of a head's loss, so that values and gradients of all processes add up to those of the batch.

    `total` gives the sum of a detached tensor over all processes; it is asked for only where a loss is not a mean
    over samples: for the choice of hard keypoints, and for samples without a class, which do not count.
    """

    portion: Portion
    total: Callable[[Tensor], Tensor]
    processes: int

    @classmethod
    def of(
        cls, loss: HeadLoss, *, portion: Portion, total: Callable[[Tensor], Tensor], processes: int
    ) -> "SharedLoss":
        """Share an ordinary loss."""
        fields = {field.name: getattr(loss, field.name) for field in attrs.fields(HeadLoss)}
        return cls(**fields, portion=portion, total=total, processes=processes)

    def __call__(self, predicted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """This process's part of the loss as a scalar and of what each channel has of it as (C,)."""
        plain = HeadLoss(head=self.head, name=self.name)
        value, channels = plain(predicted, target)
        if predicted.ndim == 2:
            part = self._classified(target)
            return value * part, channels * part
        part = self.portion.own / self.portion.whole
        value, channels = value * part, channels * part
        return (value if self.hard is None else value + self._hard(predicted, target)), channels

    def _classified(self, target: Tensor) -> Tensor:
        """How much of the samples that have a class is this process's."""
        own = target.sum() if self.portion.own else target.new_zeros(())
        # A process without such samples has a loss of 0 already, which `HeadLoss` divides by 1.
        return own.clamp_min(1.0) * bool(self.portion.own) / self.total(own).clamp_min(1.0)

    def _hard(self, predicted: Tensor, target: Tensor) -> Tensor:
        """The part of the extra loss: channels are chosen by their errors on the whole batch."""
        assert self.hard is not None
        squared = functional.mse_loss(predicted, target, reduction="none")
        own = squared.sum(dim=(0, 2, 3)) * bool(self.portion.own)
        whole = self.total(own.detach()) + (own - own.detach())  # the batch's value, this process's gradient
        cells = squared[0, 0].numel()
        hard = hard_keypoint_loss(whole, samples=self.portion.whole * cells, hard=self.hard)
        # Every process tells an equal part of the value.
        return hard - hard.detach() * (1 - 1 / self.processes)


def share_losses(
    losses: Sequence[HeadLoss], *, portion: Portion, total: Callable[[Tensor], Tensor], processes: int
) -> tuple[SharedLoss, ...]:
    """Share the losses of all heads."""
    return tuple(SharedLoss.of(loss, portion=portion, total=total, processes=processes) for loss in losses)
