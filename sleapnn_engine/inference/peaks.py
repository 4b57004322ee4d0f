"""From confidence maps to points: the highest cell of each map, refined below the cell."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as functional

Refinement = Literal["integral", "quadratic"]
_REACH = 2


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
        patches = _patches(maps, cells)
        offset = _centre_of_mass(patches) if refinement == "integral" else _gaussian_fit(patches)
        points = points + offset.view(batch, nodes, 2)
    found = torch.isfinite(scores) & (scores >= threshold)
    points = torch.where(found[..., None], points * stride, torch.nan)
    return points, torch.where(found, scores, 0.0)


def _patches(maps: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Cut 5x5 cells around each peak, zeros outside the map: (B * N, 5, 5), rows are y."""
    side = 2 * _REACH + 1
    padded = functional.pad(maps.flatten(0, 1), (_REACH,) * 4)
    steps = torch.arange(side, device=maps.device)
    x, y = cells.flatten(0, 1).unbind(-1)
    rows = torch.arange(len(padded), device=maps.device)[:, None, None]
    return padded[rows, (y[:, None] + steps)[:, :, None], (x[:, None] + steps)[:, None, :]]


def _centre_of_mass(patches: torch.Tensor) -> torch.Tensor:
    """Offset of the centre of mass of raw values from the middle cell, (P, 2) x, y."""
    steps = torch.arange(-_REACH, _REACH + 1, device=patches.device, dtype=patches.dtype)
    total = patches.sum(dim=(1, 2))
    x = (patches.sum(dim=1) * steps).sum(dim=1) / total
    y = (patches.sum(dim=2) * steps).sum(dim=1) / total
    return torch.stack([x, y], dim=-1).nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)


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
