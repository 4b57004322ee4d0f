"""Where the centre of an animal is: at its anchor, else at one point of all that is visible of it."""

from __future__ import annotations

import math

import torch


def centroids(
    points: torch.Tensor, *, anchor: int | None = None, otherwise: str = "bbox_center"
) -> torch.Tensor:
    """Return the centre of each animal: points (..., N, 2) -> (..., 2), NaN without a visible point.

    It is node `anchor` where that is visible, else what `otherwise` names of the visible nodes: the middle of the box
    around them, their mean, or their geometric median, by the names of `config.centring.REDUCTIONS`.
    """
    middle: torch.Tensor = _REDUCED[otherwise](points)
    if anchor is None:
        return middle
    chosen = points[..., anchor, :]
    return torch.where(torch.isnan(chosen).any(dim=-1, keepdim=True), middle, chosen)


def _box_middle(points: torch.Tensor) -> torch.Tensor:
    seen = ~torch.isnan(points)
    low = torch.where(seen, points, math.inf).amin(dim=-2)
    high = torch.where(seen, points, -math.inf).amax(dim=-2)
    return torch.where(torch.isfinite(low), (low + high) / 2, torch.nan)


def _median(points: torch.Tensor) -> torch.Tensor:
    """Return the point with the least sum of distances to the visible nodes, by Weiszfeld's steps."""
    exact = points.double()
    hidden = torch.isnan(exact).any(dim=-1)
    exact = exact.masked_fill(hidden[..., None], torch.nan)
    at = exact.nanmean(dim=-2)
    for _ in range(_MEDIAN_STEPS):
        distances = (exact - at[..., None, :]).norm(dim=-1)
        weights = torch.where(distances > _ON_A_NODE, 1 / distances, 0.0)[..., None]
        total = weights.sum(dim=-2)
        moved = torch.where(total > 0, (weights * exact.nan_to_num()).sum(dim=-2) / total, at)
        if not bool(((moved - at).abs() > _MEDIAN_EXACT).any()):
            return moved.to(points.dtype)
        at = moved
    return at.to(points.dtype)


_MEDIAN_STEPS, _MEDIAN_EXACT, _ON_A_NODE = 100, 1e-6, 1e-12
_REDUCED = {
    "bbox_center": _box_middle,
    "center_of_mass": lambda points: points.nanmean(dim=-2),
    "geometric_median": _median,
}
