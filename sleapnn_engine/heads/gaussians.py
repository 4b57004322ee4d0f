"""The grid that maps are drawn on, and the gaussians that mark points there.

Points are where targets belong (`Batch.target_points`), x, y in input pixels. Maps have a cell every
`stride` pixels, the first at 0: cell i stands for coordinate i * stride, and there are ceil(size / stride)
cells.
"""

from __future__ import annotations

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
    cells = torch.arange(max(rows, columns), device=points.device, dtype=points.dtype) * stride
    # Room of this shape, for the result would take over the order in memory of the points.
    off = points.new_empty((*points.shape[:2], 2, len(cells), points.shape[2]))
    torch.sub(cells[:, None], points.mT.unsqueeze(-2), out=off)
    exponents = off.square_().mul_(-0.5 / (sigma * stride) ** 2).clamp_min_(LEAST_EXPONENT)
    both = exponents.exp_().nan_to_num_(nan=0.0)
    return both[:, :, 0, :columns], both[:, :, 1, :rows]
