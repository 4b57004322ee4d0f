"""The one point that stands for an animal."""

from __future__ import annotations

import math

import torch


def centroids(points: torch.Tensor, *, anchor: int | None = None) -> torch.Tensor:
    """Return the centre of each animal: points (..., N, 2) -> (..., 2), NaN without a visible point.

    It is node `anchor` where that is visible, else the midpoint of the box around the visible nodes.
    """
    seen = ~torch.isnan(points)
    low = torch.where(seen, points, math.inf).amin(dim=-2)
    high = torch.where(seen, points, -math.inf).amax(dim=-2)
    middle = torch.where(torch.isfinite(low), (low + high) / 2, torch.nan)
    if anchor is None:
        return middle
    chosen = points[..., anchor, :]
    return torch.where(torch.isnan(chosen).any(dim=-1, keepdim=True), middle, chosen)
