"""Tensors as what is sent to be looked at: 8-bit pictures no larger than a screen shows, points as lists."""

import cv2
import numpy as np
import torch
from torch import Tensor

#: Longest side of a picture that has a pane for itself, and of one among several.
LARGE, SMALL = 1024, 320


def picture(image: Tensor, *, most: int = LARGE) -> np.ndarray:
    """(C, H, W), uint8 or float 0..1, -> uint8 (h, w, C) of the same shape, its sides at most `most`."""
    found: np.ndarray = pictures(image[None], most=most)[0]
    return found


def pictures(images: Tensor, *, most: int = SMALL) -> np.ndarray:
    """(B, C, H, W), uint8 or float 0..1, -> uint8 (B, h, w, C), their sides at most `most`."""
    height, width = images.shape[-2:]
    ratio, pixels = most / max(height, width), images.permute(0, 2, 3, 1).contiguous().numpy()
    if ratio < 1:
        size = max(round(width * ratio), 1), max(round(height * ratio), 1)
        small = [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in pixels]
        pixels = np.stack(small).reshape(len(small), size[1], size[0], -1)
    if pixels.dtype != np.uint8:
        pixels = np.clip(np.rint(pixels * np.float32(255)), 0, 255).astype(np.uint8)
    return pixels


def levels(maps: Tensor) -> np.ndarray:
    """Values 0..1 of any shape as uint8."""
    found: np.ndarray = maps.mul(255).round_().clamp_(0, 255).to(torch.uint8).numpy()
    return found


def listed(points: Tensor | np.ndarray) -> list[list[list[float] | None]]:
    """Points (animals, nodes, 2) as lists of [x, y], null where there is none."""
    return [
        [[float(x), float(y)] if np.isfinite(x) and np.isfinite(y) else None for x, y in animal]
        for animal in np.asarray(points)
    ]
