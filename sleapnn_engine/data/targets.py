"""What a network should answer: confidence maps, part affinity fields, class maps and centroids, in batches.

Points are where targets belong (`Batch.target_points`), x, y in input pixels. Maps have a cell every
`stride` pixels, the first at 0: cell i stands for coordinate i * stride, and there are ceil(size / stride)
cells.
"""

from __future__ import annotations

import math

import torch


def confidence_maps(
    points: torch.Tensor, *, height: int, width: int, stride: int, sigma: float
) -> torch.Tensor:
    """Draw a gaussian for each visible point: (B, I, N, 2) -> float32 (B, N, h, w), greatest over animals.

    `sigma` is in map cells, so the standard deviation is sigma * stride input pixels. The peak is 1 at the
    point itself and a little less on the grid around it. Missing points (NaN) leave no trace.
    """
    columns, rows = _profiles(points, height=height, width=width, stride=stride, sigma=sigma)
    maps = rows[:, 0, :, :, None] * columns[:, 0, :, None, :]
    one = torch.empty_like(maps) if points.shape[1] > 1 else maps
    for animal in range(1, points.shape[1]):
        torch.mul(rows[:, animal, :, :, None], columns[:, animal, :, None, :], out=one)
        torch.maximum(maps, one, out=maps)
    return maps


def part_affinity_fields(
    points: torch.Tensor, edges: torch.Tensor, *, height: int, width: int, stride: int, sigma: float
) -> torch.Tensor:
    """Draw the direction of each edge around it: points (B, I, N, 2), edges int64 (E, 2) -> (B, 2E, h, w).

    Channels are edge-major: x then y of edge 0, of edge 1, ... Each animal adds its unit vector from source
    to destination times exp(-d^4 / (2 sigma^2)), d being the distance to the edge in input pixels (the
    fourth power and the unscaled sigma are the family's). An edge with a missing end, or with both ends in
    one place, adds nothing.
    """
    ys, xs = _grid(height, width, stride, points)
    source, target = points[:, :, edges[:, 0]], points[:, :, edges[:, 1]]
    fields = points.new_zeros((len(points), len(edges), 2, len(ys), len(xs)))
    for animal in range(points.shape[1]):
        start, span = source[:, animal], target[:, animal] - source[:, animal]
        length = span.norm(dim=-1)
        there = torch.isfinite(length) & (length > 0)
        start = torch.where(there[..., None], start, 0.0)[..., None, None]
        span = torch.where(there[..., None], span, 0.0)[..., None, None]
        length = torch.where(there, length, 1.0)[..., None, None]
        dx, dy = xs - start[:, :, 0], ys[:, None] - start[:, :, 1]
        along = (dx * span[:, :, 0] + dy * span[:, :, 1]) / length.square().clamp_min(1.0)
        along = along.clamp(0.0, 1.0)
        squared = (dx - along * span[:, :, 0]).square() + (dy - along * span[:, :, 1]).square()
        weight = torch.exp(-squared.square() / (2 * sigma**2)) * there[..., None, None]
        fields += (span / length[:, :, None]) * weight[:, :, None]
    return fields.flatten(1, 2)


def class_maps(
    points: torch.Tensor,
    tracks: torch.Tensor,
    *,
    classes: int,
    height: int,
    width: int,
    stride: int,
    sigma: float,
    threshold: float = 0.2,
) -> torch.Tensor:
    """Say whose place each cell is: points (B, I, N, 2), tracks int64 (B, I) -> (B, classes, h, w) in 0..1.

    An animal's claim on a cell is its greatest confidence over nodes, counted where above `threshold`,
    divided by the sum of all claims. Each class shows the greatest claim of its animals. Tracks outside
    0..classes-1 (-1: none) claim their place without showing it for any class.
    """
    columns, rows = _profiles(points, height=height, width=width, stride=stride, sigma=sigma)
    claims = torch.stack(
        [
            (rows[:, animal, :, :, None] * columns[:, animal, :, None, :]).amax(dim=1)
            for animal in range(points.shape[1])
        ],
        dim=1,
    )
    total = claims.sum(dim=1, keepdim=True)
    share = torch.where(claims > threshold, claims / total.clamp_min(torch.finfo(claims.dtype).tiny), 0.0)
    return torch.stack(
        [torch.where((tracks == c)[:, :, None, None], share, 0.0).amax(dim=1) for c in range(classes)], dim=1
    )


def class_vectors(tracks: torch.Tensor, *, classes: int) -> torch.Tensor:
    """Turn tracks, int64 (...), into one-hot float32 (..., classes); other tracks give zeros."""
    return (tracks[..., None] == torch.arange(classes, device=tracks.device)).float()


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


def map_size(height: int, width: int, *, stride: int) -> tuple[int, int]:
    """Cells of a map over an input of that size, (height, width)."""
    return math.ceil(height / stride), math.ceil(width / stride)


def _grid(height: int, width: int, stride: int, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows, columns = map_size(height, width, stride=stride)
    make = {"device": like.device, "dtype": like.dtype}
    return torch.arange(rows, **make) * stride, torch.arange(columns, **make) * stride


def _profiles(
    points: torch.Tensor, *, height: int, width: int, stride: int, sigma: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the two factors of every gaussian: exponentials in x, (B, I, N, w), and y, (B, I, N, h)."""
    ys, xs = _grid(height, width, stride, points)
    factor = -0.5 / (sigma * stride) ** 2
    columns = torch.exp((xs - points[..., :1]).square() * factor).nan_to_num_(nan=0.0)
    rows = torch.exp((ys - points[..., 1:]).square() * factor).nan_to_num_(nan=0.0)
    return columns, rows
