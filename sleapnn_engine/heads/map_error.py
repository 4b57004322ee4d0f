"""The loss of heads that draw maps: squared error, and more of it for the keypoints that are hardest."""

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


def map_error(
    predicted: Tensor, target: Tensor, *, hard: HardKeypoints | None, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Mean squared error of (B, C, h, w) maps as a scalar, with mining where `hard` says how, and that of each channel,
    (C,), without. `weights`, (B,), say how much each sample of the batch counts in the mean, and in nothing else."""
    assert predicted.shape == target.shape, (predicted.shape, target.shape)
    channels = squared_errors(predicted, target)
    samples = predicted.numel() // len(channels)
    if weights is None:
        loss = channels.sum() / predicted.numel()
    else:
        loss = weights @ (predicted - target).square().flatten(start_dim=1).mean(dim=1) / len(weights)
    if hard is not None:
        loss = loss + hard_keypoint_loss(channels, samples=samples, hard=hard)
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
