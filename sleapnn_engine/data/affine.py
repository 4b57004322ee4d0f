"""One affine map per image that moves pixels and points together, about the true centre of the image."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import torch
import torch.nn.functional as functional

#: A uint8 image of up to so many numbers is moved as floats: OpenCV is faster with these, until they leave the
#: processor's caches. What comes out is the same once it is rounded.
_AS_FLOATS = 2**21


def affine_matrices(*, degrees: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> torch.Tensor:
    """Build float32 (B, 2, 3) matrices about the image centre: scale and rotate first, then shift.

    `degrees` (B,) turns clockwise on the screen when positive, `scale` (B,) enlarges above 1, `shift` (B,
    2) moves by pixels x, y of the resulting image.
    """
    radians = np.deg2rad(degrees)
    cos, sin = np.cos(radians) * scale, np.sin(radians) * scale
    matrices = np.empty((len(radians), 2, 3), dtype=np.float32)
    matrices[:, 0, 0], matrices[:, 0, 1] = cos, -sin
    matrices[:, 1, 0], matrices[:, 1, 1] = sin, cos
    matrices[:, :, 2] = shift
    return torch.from_numpy(matrices)


def move_points(points: torch.Tensor, matrices: torch.Tensor, *, height: int, width: int) -> torch.Tensor:
    """Map points (B, I, N, 2) on images of that size by (B, 2, 3) matrices; NaN stays NaN.

    The centre is ((width - 1) / 2, (height - 1) / 2): pixel centres are whole numbers.
    """
    centre, _ = _extent(height, width, device=points.device, dtype=points.dtype)
    linear, shift = matrices.mT.split_with_sizes((2, 1), dim=1)
    turned = torch.baddbmm(shift + centre, (points - centre).flatten(1, 2), linear)
    return turned.view(points.shape)


def move_images(images: torch.Tensor, matrices: torch.Tensor, *, margin: int = 0) -> torch.Tensor:
    """Map images (B, C, H, W) by (B, 2, 3) matrices as `move_points` does, to floats: bilinear, black outside.

    `margin` pixels on each side are only there to be moved into view: the result is without them. On a CPU OpenCV
    does it, several times faster than torch, and gives the memory layout channels_last; there uint8 images are moved
    to whole numbers and then become 0..1. Other devices take floats.
    """
    if images.device.type == "cpu":
        return _move_on_cpu(images, matrices, margin=margin)
    moved = move_by_grid(images, matrices)
    return moved[..., margin:-margin, margin:-margin] if margin else moved


def _move_on_cpu(images: torch.Tensor, matrices: torch.Tensor, *, margin: int) -> torch.Tensor:
    batch, channels, height, width = images.shape
    pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
    moved = torch.empty((batch, height - 2 * margin, width - 2 * margin, channels))
    x, y = (width - 1) / 2, (height - 1) / 2
    move = _move_bytes if images.dtype == torch.uint8 else _move_floats
    # Numbers one by one: of a batch there are a few, for which each call of an array's function takes longer.
    for source, target, ((a, b, right), (c, d, down)) in zip(
        pixels, moved.numpy(), matrices.tolist(), strict=True
    ):
        right, down = right + (x - (a * x + b * y) - margin), down + (y - (c * x + d * y) - margin)
        move(source, np.array(((a, b, right), (c, d, down))), target)
    return moved.permute(0, 3, 1, 2)


def _move_floats(source: np.ndarray, matrix: np.ndarray, target: np.ndarray) -> None:
    """Fill `target`, float (h, w, C), with an image of floats that is moved by a (2, 3) matrix of its pixels."""
    cv2.warpAffine(source, matrix, target.shape[1::-1], dst=target, flags=cv2.INTER_LINEAR)


def _move_bytes(source: np.ndarray, matrix: np.ndarray, target: np.ndarray) -> None:
    """Move a uint8 image to floats in 0..1, one image at a time, so that it stays in the processor's caches."""
    if source.size <= _AS_FLOATS:
        _move_floats(source.astype(np.float32), matrix, target)
        np.rint(target, out=target)
    else:
        bytes_moved = cv2.warpAffine(source, matrix, target.shape[1::-1], flags=cv2.INTER_LINEAR)
        target[:] = bytes_moved.reshape(target.shape)
    np.divide(target, np.float32(255), out=target)


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
    return points.where(inside, torch.nan)


@functools.lru_cache(maxsize=256)
def _extent(
    height: int, width: int, *, device: torch.device, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Centre of an image of that size and half its sides, (2,) x, y each; kept, for every batch asks and has its own copy
    made on the device. Not to be changed."""
    sides = [[(width - 1) / 2, (height - 1) / 2], [width / 2, height / 2]]
    centre, half = torch.tensor(sides, device=device, dtype=dtype).unbind()
    return centre, half
