"""What the network is told to make small: map errors, hard-keypoint mining, and the weighted sum over heads."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor


@attrs.frozen(kw_only=True)
class HardKeypoints:
    """Settings of hard keypoint mining; see `hard_keypoint_loss`."""

    hard_to_easy_ratio: float
    min_hard: int
    max_hard: int | None
    loss_scale: float


def hard_keypoint_loss(errors: Tensor, *, samples: int, hard: HardKeypoints) -> Tensor:
    """An extra loss on the channels that are hardest at the moment.

    `errors` is (channels,): the squared error of each channel summed over batch and cells; `samples` is how many
    values each sum covers. A channel is hard when its error is at least `hard_to_easy_ratio` times the smallest one;
    at least `min_hard` and at most `max_hard` channels count. Returns a scalar.
    """
    with torch.no_grad():
        n_hard = int((errors >= hard.hard_to_easy_ratio * errors.min()).sum())
    most = len(errors) if hard.max_hard is None else min(hard.max_hard, len(errors))
    k = max(min(max(n_hard, hard.min_hard), most), 0)
    if k == 0:
        return errors.new_zeros(())
    return hard.loss_scale * errors.topk(k).values.sum() / (samples * k)


@attrs.frozen(kw_only=True)
class HeadLoss:
    """The loss of one head.

    `head` is its name in the model's outputs, `name` what reports call it; `hard` is mining where that applies.
    """

    head: str
    name: str
    weight: float = 1.0
    hard: HardKeypoints | None = None

    def __call__(self, predicted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Loss as a scalar and what each channel has of it as (C,): squared error of (B, C, h, w) maps, or the
        cross entropy of (B, classes) probabilities."""
        if predicted.ndim == 2:
            return _cross_entropy(predicted, target)
        assert predicted.shape == target.shape, (predicted.shape, target.shape)
        channels = squared_errors(predicted, target)
        samples = predicted.numel() // len(channels)
        loss = channels.sum() / predicted.numel()
        if self.hard is not None:
            loss = loss + hard_keypoint_loss(channels, samples=samples, hard=self.hard)
        return loss, channels.detach() / samples


def squared_errors(predicted: Tensor, target: Tensor) -> Tensor:
    """The squared error of each channel summed over batch and cells: two (B, C, h, w) -> (C,)."""
    result: Tensor = _SquaredErrors.apply(predicted, target)
    return result


class _SquaredErrors(torch.autograd.Function):
    """Goes over the maps half as often as the same in separate operations, each of which keeps maps of its own."""

    @staticmethod
    def forward(context: Any, predicted: Tensor, target: Tensor) -> Tensor:
        difference = predicted - target
        context.save_for_backward(difference)
        by_cell = difference.permute(0, 2, 3, 1).reshape(-1, difference.shape[1])
        return by_cell.square().sum(dim=0)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (difference,) = context.saved_tensors
        return difference * (2 * gradient)[:, None, None], None


def _cross_entropy(predicted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Of probabilities as they are: other programs take the softmax of them once more, which bounds their loss from
    below. Samples without a class count for nothing."""
    logs = predicted.clamp_min(torch.finfo(predicted.dtype).tiny).log()
    by_class = -(target * logs).sum(dim=0)
    known = target.sum().clamp_min(1.0)
    return by_class.sum() / known, by_class.detach() / known


@attrs.frozen
class LossResult:
    """`total` to differentiate (a scalar); per head its own loss and the error of each of its channels, detached."""

    total: Tensor
    by_head: dict[str, Tensor]
    by_channel: dict[str, Tensor]


def total_loss(
    losses: Sequence[HeadLoss], outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
) -> LossResult:
    """Weighted sum of all heads' losses, in the order of `losses`."""
    by_head: dict[str, Tensor] = {}
    by_channel: dict[str, Tensor] = {}
    weighted = []
    for loss in losses:
        value, channels = loss(outputs[loss.head], targets[loss.head])
        by_head[loss.name], by_channel[loss.name] = value.detach(), channels
        weighted.append(loss.weight * value)
    return LossResult(torch.stack(weighted).sum(), by_head, by_channel)
