"""What a network should answer: confidence maps, part affinity fields, class maps and centroids, in batches.

Points are where targets belong (`Batch.target_points`), x, y in input pixels. Maps have a cell every
`stride` pixels, the first at 0: cell i stands for coordinate i * stride, and there are ceil(size / stride)
cells.
"""

from __future__ import annotations

import math

import torch

from sleapnn_engine.data.patch_indexing import LEAST_EXPONENT, NOTHING, inside, places

#: Gaussians are drawn as patches when one covers no more than this share of a map; writing a cell of a patch costs
#: about twenty times what writing a cell of a whole map costs (measured on one CPU thread).
PATCH_SHARE = 0.05


def confidence_maps(
    points: torch.Tensor, *, height: int, width: int, stride: int, sigma: float
) -> torch.Tensor:
    """Draw a gaussian for each visible point: (B, I, N, 2) -> float32 (B, N, h, w), greatest over animals.

    `sigma` is in map cells, so the standard deviation is sigma * stride input pixels. The peak is 1 at the
    point itself and a little less on the grid around it. Missing points (NaN) leave no trace. Values below
    `NOTHING` may be 0.
    """
    rows, columns = map_size(height, width, stride=stride)
    side = 2 * math.ceil(sigma * math.sqrt(-2 * math.log(NOTHING))) + 1
    if side**2 > PATCH_SHARE * rows * columns or side > min(rows, columns):
        return _whole_maps(points, height=height, width=width, stride=stride, sigma=sigma)
    batch, animals, nodes = points.shape[:3]
    cells = points / stride
    start = cells.nan_to_num(nan=0.0).round().long() - side // 2
    xs, ys = inside(start[..., 0], side=side, count=columns), inside(start[..., 1], side=side, count=rows)
    across = torch.exp((xs - cells[..., :1]).square() * (-0.5 / sigma**2)).nan_to_num_(nan=0.0)
    down = torch.exp((ys - cells[..., 1:]).square() * (-0.5 / sigma**2)).nan_to_num_(nan=0.0)
    maps = points.new_zeros(batch * nodes * rows * columns)
    planes = torch.arange(batch * nodes, device=points.device).view(batch, nodes)
    for animal in range(animals):
        index = places(planes, ys[:, animal], xs[:, animal], size=(rows, columns))
        patch = down[:, animal, :, :, None] * across[:, animal, :, None, :]
        maps[index] = patch if animal == 0 else torch.maximum(maps[index], patch)
    return maps.view(batch, nodes, rows, columns)


def _whole_maps(points: torch.Tensor, *, height: int, width: int, stride: int, sigma: float) -> torch.Tensor:
    """Draw gaussians that reach over most of the map, every cell of them; the memory layout is channels_last, which
    is that of a network's answers."""
    across, down = _profiles(points, height=height, width=width, stride=stride, sigma=sigma)
    across, down = across[:, :, None], down[:, :, :, None]
    maps = down[:, 0] * across[:, 0]
    one = torch.empty_like(maps) if points.shape[1] > 1 else maps
    for animal in range(1, points.shape[1]):
        torch.mul(down[:, animal], across[:, animal], out=one)
        torch.maximum(maps, one, out=maps)
    return maps.permute(0, 3, 1, 2)


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
    profiles = _profiles(points, height=height, width=width, stride=stride, sigma=sigma)
    columns, rows = (profile.mT.contiguous() for profile in profiles)
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


def _profiles(
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
