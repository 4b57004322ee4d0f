"""Square cut-outs around animals, exact to the pixel, and how large they must be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from sleapnn_engine.config.derived import LEAST_CROP


def cut_crops(images: torch.Tensor, corners: torch.Tensor, rows: torch.Tensor, *, size: int) -> torch.Tensor:
    """Cut (M, C, size, size) out of images (B, C, H, W) from corners, int64 (M, 2) x, y, to the right and down.

    `rows`, int64 (M,), picks the image. The corner of every crop is a whole pixel, so nothing is resampled:
    `crop pixel + corner = image pixel` holds exactly, for pixels and for points. What lies outside the
    image is zero.
    """
    crops = images.new_zeros((len(corners), images.shape[1], size, size))
    height, width = images.shape[-2:]
    # Slices are copied row by row, which is several times faster than gathering single pixels; numpy takes less time
    # than torch to find a slice.
    on_cpu = images.device.type == "cpu"
    source, target = (images.numpy(), crops.numpy()) if on_cpu else (images, crops)
    for crop, row, (left, top) in zip(target, rows.tolist(), corners.tolist(), strict=True):
        x0, x1 = max(left, 0), min(left + size, width)
        y0, y1 = max(top, 0), min(top + size, height)
        if x0 < x1 and y0 < y1:
            crop[:, y0 - top : y1 - top, x0 - left : x1 - left] = source[row, :, y0:y1, x0:x1]
    return crops


def crop_corners(centers: torch.Tensor, *, size: int) -> torch.Tensor:
    """Top left pixels, int64 (M, 2) x, y, of crops around centers (M, 2): the whole pixels that centre them best.

    Raises ValueError for a centre that is not finite.
    """
    if not torch.isfinite(centers).all():
        raise ValueError("a crop needs a finite centre")
    return torch.floor(centers - (size - 1) / 2 + 0.5).long()


def auto_crop_size(
    animals: Iterable[np.ndarray],
    centers: Iterable[np.ndarray],
    *,
    max_stride: int,
    min_crop_size: int | None = 100,
    crop_padding: int | None = None,
    geometric: Any = None,
) -> int:
    """Find the crop side, in pixels of the size-matched image, that holds every labelled animal.

    `animals` are (N, 2) points with NaN where missing, `centers` their (2,) crop centres. Needed is twice the farthest
    reach from the centre along an axis plus padding, at least `min_crop_size`, rounded up to a multiple of `max_stride`;
    sleap-nn from 0.3.5 on computes the same. Without `crop_padding`, the padding follows the rotation and scale of `geometric` (the
    config section, or None) and is that of LEAST_CROP px for smaller animals where there is no `min_crop_size`.
    """
    points = _stacked(animals)
    middles = np.asarray(centers if isinstance(centers, np.ndarray) else list(centers)).reshape(-1, 1, 2)
    need = 2 * float(np.nanmax(np.abs(points - middles), initial=0.0))
    if crop_padding is None:
        crop_padding = auto_crop_padding(points, min_crop_size=min_crop_size, geometric=geometric)
    least = min_crop_size or 0
    wanted = max(need, least - crop_padding) + crop_padding
    return max(math.ceil(wanted / max_stride), 1) * max_stride


def auto_crop_padding(
    animals: Iterable[np.ndarray], *, min_crop_size: int | None = 100, geometric: Any = None
) -> int:
    """Find the room, in pixels, that rotation and scale of `geometric` need around the largest of (N, 2) animals."""
    points = _stacked(animals)
    seen = np.isfinite(points).all(axis=-1, keepdims=True)
    low = np.where(seen, points, np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen, points, -np.inf).max(axis=1, initial=-np.inf)
    side = float((high - low).max(initial=0.0))
    return math.ceil(max(side, min_crop_size or LEAST_CROP) * (_growth(geometric) - 1))


def _stacked(animals: Iterable[np.ndarray]) -> np.ndarray:
    """Animals as one array (A, N, 2), a point without one of its two places as NaN."""
    points = np.asarray(animals if isinstance(animals, np.ndarray) else list(animals))
    if not len(points):
        return np.zeros((0, 1, 2))
    return np.where(np.isfinite(points).all(axis=-1, keepdims=True), points, np.nan)


def crop_margin(side: int, *, geometric: Any) -> int:
    """Find how many pixels to cut around a crop of `side` so that turning, shrinking and shifting shows no false border.

    `geometric` is the section of the config, or None. What is beyond the image itself stays black.
    """
    if geometric is None:
        return 0
    turns, scales, shifts = _chances(geometric)
    reach = _turned(geometric) if turns > 0 else 1.0
    reach /= min(geometric.scale_min, 1.0) if scales > 0 else 1.0
    if shifts > 0:  # the shift is one of the finished crop, and is turned and scaled back with it
        reach *= 1 + 2 * max(geometric.translate_width, geometric.translate_height)
    return math.ceil(side * (reach - 1) / 2)


def _chances(geometric: Any) -> tuple[float, float, float]:
    """How likely an image is turned, scaled and shifted."""
    each = (geometric.rotation_p, geometric.scale_p, geometric.translate_p)
    bundled = geometric.affine_p if all(p is None for p in each) else 0.0
    turns, scales, shifts = (bundled if p is None else p for p in each)
    return turns, scales, shifts


def _turned(geometric: Any) -> float:
    """How much larger the box around a square becomes at the largest turn."""
    degrees = min(max(abs(geometric.rotation_min), abs(geometric.rotation_max)), 45.0)
    return math.cos(math.radians(degrees)) + math.sin(math.radians(degrees))


def _growth(geometric: Any) -> float:
    """How much larger a box may become under the rotation and scale that are switched on."""
    if geometric is None:
        return 1.0
    turns, scales, _ = _chances(geometric)
    growth = _turned(geometric) if turns > 0 else 1.0
    return growth * max(geometric.scale_max, 1.0) if scales > 0 else growth
