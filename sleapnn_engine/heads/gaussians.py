"""The grid that maps are drawn on, and the gaussians that mark points there.

Points are where targets belong (`Batch.target_points`), x, y in input pixels. Maps have a cell every
`stride` pixels, the first at 0: cell i stands for coordinate i * stride, and there are ceil(size / stride)
cells.
"""

from __future__ import annotations

import functools
import math

import torch

from sleapnn_engine.heads.patch_indexing import LEAST_EXPONENT


def map_size(height: int, width: int, *, stride: int) -> tuple[int, int]:
    """Cells of a map over an input of that size, (height, width)."""
    return math.ceil(height / stride), math.ceil(width / stride)


def profiles(
    points: torch.Tensor, *, height: int, width: int, stride: int, sigma: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the two factors of every gaussian: exponentials in x, (B, I, w, N), and y, (B, I, h, N)."""
    rows, columns = map_size(height, width, stride=stride)
    cells = _cells(max(rows, columns), stride=stride, device=points.device, dtype=points.dtype)
    # Room of this shape, for the result would take over the order in memory of the points.
    off = points.new_empty((*points.shape[:2], 2, len(cells), points.shape[2]))
    torch.sub(cells, points.mT.unsqueeze(-2), out=off)
    exponents = off.square_().mul_(-0.5 / (sigma * stride) ** 2).clamp_min_(LEAST_EXPONENT)
    across, down = exponents.exp_().nan_to_num_(nan=0.0).unbind(2)
    return across.narrow(2, 0, columns), down.narrow(2, 0, rows)


@functools.lru_cache(maxsize=256)
def _cells(count: int, *, stride: int, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Coordinates of so many cells, (count, 1); kept, for every batch asks. Not to be changed."""
    return (torch.arange(count, device=device, dtype=dtype) * stride)[:, None]
