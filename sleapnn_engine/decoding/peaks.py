"""From confidence maps to points: the highest cells of each map, refined below the cell."""

from __future__ import annotations

from typing import Literal

import attrs
import torch
import torch.nn.functional as functional

Refinement = Literal["integral", "quadratic"]
_REACH = 2
# How far a centre of mass may lie from the highest cell, in cells.
_FARTHEST = 2.0
# Half precision flattens the top of a wide gaussian to a few cells; anything wider shows no place.
_WIDEST_TOP = 8


@attrs.frozen(eq=False)
class Peaks:
    """Local peaks of a batch of maps, sorted by row, channel and place: line by line from the top, as the family's programs
    have them, whose rules take the first of several that are alike.

    `rows` int64 (P,) is the image in the batch, `channels` int64 (P,) the map, `points` float32 (P, 2) x, y in
    input pixels where targets are drawn, `values` float32 (P,) the height of the peak.
    """

    rows: torch.Tensor
    channels: torch.Tensor
    points: torch.Tensor
    values: torch.Tensor

    def __len__(self) -> int:
        return len(self.values)

    def cpu(self) -> Peaks:
        """Return the same peaks in main memory."""
        return Peaks(self.rows.cpu(), self.channels.cpu(), self.points.cpu(), self.values.cpu())


def global_peaks(
    confmaps: torch.Tensor,
    *,
    stride: int = 1,
    threshold: float = 0.2,
    refinement: Refinement | None = "integral",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Find a point per map: confmaps (B, N, h, w) -> points (B, N, 2) x, y in input pixels, scores (B, N).

    Cell i stands for input pixel i * stride. Points are where targets were drawn, that is
    `FrameSizing.target_shift` off the exact place on the image. The score is the value of the highest cell;
    below `threshold` the point is NaN and the score 0.

    `refinement`: "integral" is the family's, the centre of mass of the 5x5 cells around the peak (cheap,
    pulls towards the cell when gaussians are wider than the patch); "quadratic" fits a gaussian to the same
    cells (weighted least squares of the logarithm), exact for a gaussian of any width; None stays on the
    cell.
    """
    maps = confmaps.detach().float()
    batch, nodes, _, width = maps.shape
    scores, place = maps.flatten(2).max(dim=2)
    cells = torch.stack([place % width, torch.div(place, width, rounding_mode="floor")], dim=-1)
    points = cells.float()
    if refinement is not None:
        every = torch.arange(batch * nodes, device=maps.device)
        offset = _offsets(maps.flatten(0, 1), every, cells.flatten(0, 1), refinement=refinement)
        points = points + offset.view(batch, nodes, 2)
    found = torch.isfinite(scores) & (scores >= threshold)
    points = torch.where(found[..., None], points * stride, torch.nan)
    return points, torch.where(found, scores, 0.0)


def local_peaks(
    maps: torch.Tensor,
    *,
    stride: int,
    threshold: float = 0.2,
    refinement: Refinement | None = "integral",
    most: int | None = None,
) -> Peaks:
    """Find every peak of every map: maps (B, N, h, w) -> Peaks.

    A peak is above `threshold` and above its 8 neighbours; outside the map there is nothing to be above. Cells of
    one height that touch count together: once, at their mean, when nothing around them is as high; not at all
    when they reach farther than half precision explains. `most` keeps that many of each map, the highest.
    Points and `refinement` are those of `global_peaks`.
    """
    heights = maps.detach().float()
    heights = torch.where(torch.isnan(heights), -torch.inf, heights).flatten(0, 1)
    which, cells, middles = _tops(heights, threshold)
    values = heights[which, cells[:, 1], cells[:, 0]]
    order = _strongest_first(which, values)
    if most is not None:
        order = order[_places_in_runs(which[order]) < most]
    order = order[_by_place(which[order], cells[order], shape=heights.shape)]
    which, cells, middles, values = which[order], cells[order], middles[order], values[order]
    if refinement is None:
        points = middles
    else:
        points = cells + _offsets(heights, which, cells, refinement=refinement)
    nodes = maps.shape[1]
    return Peaks(
        rows=torch.div(which, nodes, rounding_mode="floor"),
        channels=which % nodes,
        points=points * stride,
        values=values,
    )


def _tops(heights: torch.Tensor, threshold: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return map index (P,), one cell (P, 2) x, y and the exact middle (P, 2) of each top in (M, h, w)."""
    top = (heights > threshold) & (heights >= _highest_around(heights))
    which, y, x = torch.nonzero(top, as_tuple=True)
    cells = torch.stack([x, y], dim=-1)
    around = _patches(heights, which, cells, reach=1, outside=-torch.inf)
    alone = (around == around[:, 1:2, 1:2]).sum(dim=(1, 2)) == 1
    if alone.all():
        return which, cells, cells.float()
    flat = top.clone()
    flat[which[alone], y[alone], x[alone]] = False
    wide, middles = _flat_tops(heights, flat)
    which, cells = which[alone], cells[alone]
    return torch.cat([which, wide]), torch.cat([cells, middles.floor().long()]), torch.cat([cells, middles])


def _flat_tops(heights: torch.Tensor, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Join touching cells of `flat`, bool (M, h, w), to tops: map index (P,) and middle (P, 2) x, y."""
    height, width = flat.shape[-2:]
    last = height * width + 1
    number = torch.arange(1, last, device=flat.device).view(height, width)
    # A cell whose equal neighbour has something higher beside it is a slope's shoulder, and so are all it touches.
    shoulder = flat & (_highest_around(torch.where(flat, -torch.inf, heights)) == heights)
    names = torch.where(shoulder, last, number).to(heights.dtype) * flat
    spread = names
    for _ in range(_WIDEST_TOP):
        names, spread = spread, _highest_around(spread) * flat
        if torch.equal(spread, names):
            break
    which, y, x = torch.nonzero(flat, as_tuple=True)
    base = which * (last + 1)
    own, met = base + names[which, y, x].long(), base + spread[which, y, x].long()
    # Names that still meet others belong to something too wide.
    unsettled = torch.cat([own[own != met], met[own != met]])
    kept = (names[which, y, x] < last) & ~torch.isin(own, unsettled)
    which, y, x = which[kept], y[kept], x[kept]
    tops, member = torch.unique(own[kept], return_inverse=True)
    sums = heights.new_zeros((len(tops), 3))
    sums.index_add_(0, member, torch.stack([x, y, torch.ones_like(x)], dim=-1).to(heights.dtype))
    return torch.div(tops, last + 1, rounding_mode="floor"), sums[:, :2] / sums[:, 2:]


def _highest_around(heights: torch.Tensor) -> torch.Tensor:
    """Greatest of the 3x3 cells around and at each cell of (M, h, w)."""
    return functional.max_pool2d(heights[:, None], 3, stride=1, padding=1)[:, 0]


def _strongest_first(groups: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Order (P,) by group, and inside a group by falling value."""
    falling = torch.argsort(values, descending=True, stable=True)
    return falling[torch.argsort(groups[falling], stable=True)]


def _by_place(which: torch.Tensor, cells: torch.Tensor, *, shape: torch.Size) -> torch.Tensor:
    """Order (P,) by map, row of cells and column."""
    _, height, width = shape
    x, y = cells.unbind(-1)
    return torch.argsort((which * height + y) * width + x, stable=True)


def _places_in_runs(sorted_groups: torch.Tensor) -> torch.Tensor:
    """Number the members of each group of sorted (P,) groups from 0."""
    first = torch.searchsorted(sorted_groups, sorted_groups)
    return torch.arange(len(sorted_groups), device=sorted_groups.device) - first


def _offsets(
    heights: torch.Tensor, which: torch.Tensor, cells: torch.Tensor, *, refinement: Refinement
) -> torch.Tensor:
    """Offset of the refined point from each cell, (P, 2) x, y; maps (M, h, w), which (P,), cells (P, 2)."""
    patches = _patches(heights, which, cells)
    return _centre_of_mass(patches) if refinement == "integral" else _gaussian_fit(patches)


def _patches(
    heights: torch.Tensor,
    which: torch.Tensor,
    cells: torch.Tensor,
    *,
    reach: int = _REACH,
    outside: float = 0.0,
) -> torch.Tensor:
    """Cut the cells within `reach` of each cell out of maps (M, h, w): (P, 2 reach + 1, the same), rows are y."""
    padded = functional.pad(heights, (reach,) * 4, value=outside)
    steps = torch.arange(2 * reach + 1, device=heights.device)
    x, y = cells.unbind(-1)
    return padded[which[:, None, None], (y[:, None] + steps)[:, :, None], (x[:, None] + steps)[:, None, :]]


def _centre_of_mass(patches: torch.Tensor) -> torch.Tensor:
    """Offset of the centre of mass of raw values from the middle cell, (P, 2) x, y.

    Values below zero can put the formula far outside the cells it looks at; it then ends at their border. The family's
    programs take it as it is: such a peak, which is mostly none, is somewhere else there.
    """
    steps = torch.arange(-_REACH, _REACH + 1, device=patches.device, dtype=patches.dtype)
    total = patches.sum(dim=(1, 2))
    x = (patches.sum(dim=1) * steps).sum(dim=1) / total
    y = (patches.sum(dim=2) * steps).sum(dim=1) / total
    offset = torch.stack([x, y], dim=-1).nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
    return offset.clamp(-_FARTHEST, _FARTHEST)


def _gaussian_fit(patches: torch.Tensor) -> torch.Tensor:
    """Offset of the top of log v = a + bx + cy + dx² + ey², weighted by v²: (P, 2) x, y, within one cell."""
    steps = torch.arange(-_REACH, _REACH + 1, device=patches.device, dtype=patches.dtype)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    basis = torch.stack([torch.ones_like(x), x, y, x * x, y * y], dim=-1).flatten(0, 1)
    values = patches.flatten(1)
    values = (values / values.amax(dim=1, keepdim=True).clamp_min(1e-6)).clamp_min(0.0)
    weights = torch.where(values > 0.05, values.square(), 0.0)
    logs = torch.log(values.clamp_min(0.05))
    normal = torch.einsum("pk,ki,kj->pij", weights, basis, basis)
    right = torch.einsum("pk,ki,pk->pi", weights, basis, logs)
    # A little of the identity keeps peaks with too few cells above zero solvable.
    normal = normal + 1e-6 * torch.eye(5, device=patches.device, dtype=patches.dtype)
    b, c, d, e = torch.linalg.solve(normal, right)[:, 1:].unbind(-1)
    offset = torch.stack([-b / (2 * d), -c / (2 * e)], dim=-1)
    curved = torch.stack([d, e], dim=-1) < -1e-6
    return torch.where(curved, offset.clamp(-1.0, 1.0), 0.0)
