"""One affine map per image that moves pixels and points together, about the true centre of the image."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import torch
import torch.nn.functional as functional


def affine_matrices(*, degrees: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> torch.Tensor:
    """Build float32 (B, 2, 3) matrices about the image centre: scale and rotate first, then shift.

    `degrees` (B,) turns clockwise on the screen when positive, `scale` (B,) enlarges above 1, `shift` (B,
    2) moves by pixels x, y of the resulting image.
    """
    radians, (x, y) = np.deg2rad(degrees), shift.T
    cos, sin = np.cos(radians) * scale, np.sin(radians) * scale
    rows = np.array([[cos, -sin, x], [sin, cos, y]], dtype=np.float32)
    return torch.from_numpy(np.ascontiguousarray(rows.transpose(2, 0, 1)))


def move_points(points: torch.Tensor, matrices: torch.Tensor, *, height: int, width: int) -> torch.Tensor:
    """Map points (B, I, N, 2) on images of that size by (B, 2, 3) matrices; NaN stays NaN.

    The centre is ((width - 1) / 2, (height - 1) / 2): pixel centres are whole numbers.
    """
    centre, _ = _extent(height, width, device=points.device, dtype=points.dtype)
    linear, offset = matrices[:, :, :2].mT, matrices[:, None, :, 2] + centre
    turned = torch.baddbmm(offset, (points - centre).flatten(1, 2), linear)
    return turned.view(points.shape)


def move_images(images: torch.Tensor, matrices: torch.Tensor, *, margin: int = 0) -> torch.Tensor:
    """Map images (B, C, H, W) by (B, 2, 3) matrices as `move_points` does: bilinear, black outside.

    `margin` pixels on each side are only there to be moved into view: the result is without them. On a CPU OpenCV
    does it, several times faster than torch, and gives the memory layout channels_last; other devices take floats.
    """
    if images.device.type == "cpu":
        return _move_on_cpu(images, matrices, margin=margin)
    moved = move_by_grid(images, matrices)
    return moved[..., margin:-margin, margin:-margin] if margin else moved


def _move_on_cpu(images: torch.Tensor, matrices: torch.Tensor, *, margin: int) -> torch.Tensor:
    batch, channels, height, width = images.shape
    pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
    size = (height - 2 * margin, width - 2 * margin)
    moved = torch.empty((batch, *size, channels), dtype=images.dtype)
    x, y = (width - 1) / 2, (height - 1) / 2
    placed = matrices.numpy().astype(np.float64)
    placed[:, :, 2] += np.array([x, y]) - (placed[:, :, 0] * x + placed[:, :, 1] * y) - margin
    targets = moved.numpy().reshape((batch, *size) if channels == 1 else moved.shape)
    for source, target, matrix in zip(pixels, targets, placed, strict=True):
        cv2.warpAffine(source, matrix, size[::-1], dst=target, flags=cv2.INTER_LINEAR)
    return moved.permute(0, 3, 1, 2)


def move_by_grid(images: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Do what `move_images` does with torch alone, on any device.

    The sampler asks where each output pixel comes from, in coordinates that run from -1 to 1 between the
    outer edges of the image; relative to the centre that is a plain division by half the size.
    """
    height, width = images.shape[-2:]
    inverse = torch.linalg.inv(matrices[:, :, :2])
    offset = -(inverse @ matrices[:, :, 2:])
    half = matrices.new_tensor([width / 2, height / 2])
    linear = inverse * half[None, None, :] / half[None, :, None]
    theta = torch.cat([linear, offset / half[None, :, None]], dim=-1).to(images.dtype)
    xs = (torch.arange(width, device=images.device, dtype=images.dtype) * 2 + 1) / width - 1
    ys = (torch.arange(height, device=images.device, dtype=images.dtype) * 2 + 1) / height - 1
    # Sums of a row and a column: several times faster than the product that affine_grid computes.
    across = theta[:, :, 0, None] * xs
    down = theta[:, :, 1, None] * ys + theta[:, :, 2, None]
    grid = torch.stack([across[:, axis, None, :] + down[:, axis, :, None] for axis in (0, 1)], dim=-1)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def drop_outside(points: torch.Tensor, *, height: int, width: int) -> torch.Tensor:
    """Set points (..., 2) that are not on an image of that size to NaN."""
    middle, reach = _extent(height, width, device=points.device, dtype=points.dtype)
    inside = ((points - middle).abs_() <= reach).all(dim=-1, keepdim=True)
    return torch.where(inside, points, torch.nan)


@functools.lru_cache(maxsize=256)
def _extent(
    height: int, width: int, *, device: torch.device, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Centre of an image of that size and half its sides, (2,) x, y each; kept, for every batch asks and has its own copy
    made on the device. Not to be changed."""
    sides = [[(width - 1) / 2, (height - 1) / 2], [width / 2, height / 2]]
    centre, half = torch.tensor(sides, device=device, dtype=dtype).unbind()
    return centre, half
