"""Drawing small patches into large maps: most of a target is zero, so only what is not is computed."""

from __future__ import annotations

import torch

#: Target values below this are as good as zero: no float32 loss can tell them from it.
NOTHING = 1e-7
#: Patches are worth their overhead when they cover no more than this share of a map.
SMALL = 0.4


class Windows:
    """`maps` maps of rows x columns with a margin on each side, so that patches over the border need no cutting.

    A patch may lie at most `margin` cells outside; those beyond are moved into the margin, whose cells are dropped.
    """

    def __init__(self, like: torch.Tensor, *, maps: int, rows: int, columns: int, margin: int) -> None:
        self._rows, self._columns, self._margin = rows, columns, margin
        self._wide = columns + 2 * margin
        self._tall = rows + 2 * margin
        self._values = torch.zeros((maps, self._tall, self._wide), dtype=like.dtype, device=like.device)

    def raise_to(self, planes: torch.Tensor, ys: torch.Tensor, xs: torch.Tensor, patch: torch.Tensor) -> None:
        """Keep the greater of map and patch: planes int64 (...), cells ys (..., k) and xs (..., l), patch (..., k, l).

        No two patches of one call may share a plane.
        """
        flat, index = self._values.view(-1), self._index(planes, ys, xs)
        flat[index] = torch.maximum(flat[index], patch)

    def add(self, planes: torch.Tensor, ys: torch.Tensor, xs: torch.Tensor, patch: torch.Tensor) -> None:
        """Add patches to the maps; several may share a plane."""
        index = self._index(planes, ys, xs)
        self._values.view(-1).index_add_(0, index.flatten(), patch.flatten())

    def inner(self) -> torch.Tensor:
        """The maps without their margin, (maps, rows, columns)."""
        m = self._margin
        return self._values[:, m : m + self._rows, m : m + self._columns].contiguous()

    def _index(self, planes: torch.Tensor, ys: torch.Tensor, xs: torch.Tensor) -> torch.Tensor:
        rows = self._inside(ys, self._rows)
        columns = self._inside(xs, self._columns)
        base = planes[..., None] * self._tall + rows
        return base[..., :, None] * self._wide + columns[..., None, :]

    def _inside(self, cells: torch.Tensor, count: int) -> torch.Tensor:
        """Places of cells on the axis with margins; a patch that starts too far out is moved whole."""
        first, last = cells[..., :1], cells[..., -1:]
        early = (-self._margin - first).clamp_min(0)
        late = (last - (count + self._margin - 1)).clamp_min(0)
        return cells + early - late + self._margin
