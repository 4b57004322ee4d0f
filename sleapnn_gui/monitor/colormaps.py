"""Confidence maps as see-through colour, and the colours of body parts."""

import functools

import numpy as np
from PySide6.QtGui import QColor, QImage

# Okabe and Ito's colours that can be told apart with any colour vision, without black, which is lost on images.
PART_COLORS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#e7eaee")


@functools.cache
def part_color(index: int) -> QColor:
    """The colour of a body part by its place in the skeleton; it repeats after eight, the name tells them apart."""
    return QColor(PART_COLORS[index % len(PART_COLORS)])


@functools.cache
def colormap(name: str) -> np.ndarray:
    """256 RGB rows of a perceptually even colour map."""
    import pyqtgraph as pg  # takes a third of a second, and no part of the first page needs it

    return np.ascontiguousarray(pg.colormap.get(name).getLookupTable(0.0, 1.0, 256, alpha=False), np.uint8)


def confidence_image(maps: np.ndarray, *, node: int | None, name: str = "magma") -> QImage:
    """Confidence of one part, or the largest of all parts, as an image that is clearer the higher the confidence.

    `maps`: (nodes, height, width), confidence 0 to 1; what is not finite shows as nothing.
    """
    values = maps[node] if node is not None else maps.max(axis=0)
    values = np.clip(np.nan_to_num(values.astype(np.float32), nan=0.0), 0.0, 1.0)
    levels = (values * 255).astype(np.uint8)
    pixels = np.empty((*levels.shape, 4), np.uint8)
    pixels[..., :3] = colormap(name)[levels]
    # The root keeps weak confidence visible, which is where a model goes wrong.
    pixels[..., 3] = (np.sqrt(values) * 255).astype(np.uint8)
    height, width = levels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def gray_or_color_image(array: np.ndarray) -> QImage:
    """An image as the engine sends it: uint8, (height, width, channels) with one or three channels."""
    height, width, channels = array.shape
    if channels == 1:
        data = np.ascontiguousarray(array[..., 0])
        return QImage(data.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    data = np.ascontiguousarray(array[..., :3])
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
