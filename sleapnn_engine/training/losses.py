"""What the network is told to make small: the weighted sum over the losses of its heads."""

from collections.abc import Mapping, Sequence

import attrs
import torch
from torch import Tensor

from sleapnn_engine.heads.kind import Criterion
from sleapnn_engine.heads.map_error import HardKeypoints, map_error


@attrs.frozen(kw_only=True)
class HeadLoss:
    """The loss of one head.

    `head` is its name in the model's outputs, `name` what reports call it; `hard` is mining where that applies.
    """

    head: str
    name: str
    weight: float = 1.0
    criterion: Criterion = map_error
    hard: HardKeypoints | None = None

    def __call__(
        self, predicted: Tensor, target: Tensor, *, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Loss as a scalar and what each channel has of it as (C,); `weights` are those of `total_loss`."""
        return self.criterion(predicted, target, hard=self.hard, weights=weights)


@attrs.frozen
class LossResult:
    """`total` to differentiate (a scalar); per head its own loss and the error of each of its channels, detached."""

    total: Tensor
    by_head: dict[str, Tensor]
    by_channel: dict[str, Tensor]


def total_loss(
    losses: Sequence[HeadLoss],
    outputs: Mapping[str, Tensor],
    targets: Mapping[str, Tensor],
    *,
    weights: Tensor | None = None,
) -> LossResult:
    """Weighted sum of all heads' losses, in the order of `losses`; `weights`, (B,), say how much each sample counts."""
    by_head: dict[str, Tensor] = {}
    by_channel: dict[str, Tensor] = {}
    weighted = []
    for loss in losses:
        value, channels = loss(outputs[loss.head], targets[loss.head], weights=weights)
        by_head[loss.name], by_channel[loss.name] = value.detach(), channels
        weighted.append(loss.weight * value)
    return LossResult(torch.stack(weighted).sum(), by_head, by_channel)
