"""Drawing small patches into large maps: most of a target is zero, so only what is not is computed."""

from __future__ import annotations

import torch

#: Target values below this are as good as zero for a float32 loss.
NOTHING = 1e-6

#: exp() of less is as good as zero. Of -88 and less it takes ten times as long because it underflows, as do products of
#: what just does not.
LEAST_EXPONENT = -40.0


def inside(start: torch.Tensor, *, side: int, count: int) -> torch.Tensor:
    """Move patches of `side` cells that start at `start`, int64 (...), onto an axis of `count` cells: (..., side).

    What is drawn must hold for any cell, as a formula of its place does; then moving a patch changes nothing.
    """
    steps = torch.arange(side, device=start.device)
    return start.clamp(0, count - side)[..., None] + steps


def places(
    planes: torch.Tensor, ys: torch.Tensor, xs: torch.Tensor, *, size: tuple[int, int]
) -> torch.Tensor:
    """Indices of patches in flattened maps: planes int64 (...), cells ys (..., k) and xs (..., l) -> (..., k, l).

    `size` is (rows, columns) of a map.
    """
    rows, columns = size
    base = (planes[..., None] * rows + ys) * columns
    return base[..., :, None] + xs[..., None, :]
