"""Pictures of predictions: the image, the confidence maps over it, labelled and predicted points with their names."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from sleapnn_engine.config.disk import write_whole

#: Pictures are enlarged so that their longer side has about this many pixels.
WANTED_SIDE = 960
_HEAT = 0.45
# Colours are blue, green, red, as OpenCV has them.
TRUTH, PREDICTED, DARK, BRIGHT = (120, 230, 90), (70, 90, 255), (16, 16, 16), (245, 245, 245)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_prediction(
    image: np.ndarray,
    maps: np.ndarray,
    *,
    truth: np.ndarray,
    predicted: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    nodes: Sequence[str],
    stride: int,
) -> np.ndarray:
    """A BGR picture, uint8 (H', W', 3), of an image uint8 (H, W, 1 or 3).

    `maps` (channels, h, w) with one cell every `stride` pixels; `truth` and `predicted` (animals, nodes, 2) in image
    pixels. Circles are labelled points, crosses predicted ones, with a line between the two where `pairs` (predicted,
    true) says that they are one animal's.
    """
    height, width = image.shape[:2]
    zoom = max(1, round(WANTED_SIDE / max(height, width)))
    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR if image.shape[2] == 1 else cv2.COLOR_RGB2BGR)
    picture = cv2.resize(picture, (width * zoom, height * zoom), interpolation=cv2.INTER_NEAREST)
    picture = _heated(picture, maps, cell=stride * zoom, zoom=zoom)
    true = [[_to_pixels(point, zoom) for point in animal] for animal in truth]
    found = [[_to_pixels(point, zoom) for point in animal] for animal in predicted]
    for p, t in pairs:
        for start, end in zip(found[p], true[t], strict=True):
            if start and end:
                cv2.line(picture, start, end, BRIGHT, 1, cv2.LINE_AA)
    for place in filter(None, chain.from_iterable(true)):
        _circle(picture, place)
    for place in filter(None, chain.from_iterable(found)):
        _cross(picture, place)
    for animal in true or found:
        for name, point in zip(nodes, animal, strict=True):
            if point:
                _text(picture, name, (point[0] + 9, point[1] + 4), size=0.36)
    return _with_legend(picture)


def save_picture(picture: np.ndarray, path: Path) -> None:
    """Write a PNG whole or not at all. Raises OSError when the folder cannot be written to."""
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise OSError(0, "the picture cannot be encoded", str(path))
    write_whole(path, data.tobytes(), durable=False)


def _heated(picture: np.ndarray, maps: np.ndarray, *, cell: int, zoom: int) -> np.ndarray:
    """Lay the greatest of all maps over the picture, the more opaque the higher it is."""
    heat = np.clip(np.nan_to_num(maps.astype(np.float32)).max(axis=0), 0.0, 1.0)
    # Cell i stands for pixel i * stride, whose centre is zoom/2 - 0.5 into its enlarged square.
    height, width = picture.shape[:2]
    middle = zoom / 2 - 0.5
    place = np.array([[cell, 0, middle], [0, cell, middle]], dtype=np.float32)
    heat = cv2.warpAffine(
        heat, place, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    share = _HEAT * heat[..., None]
    heated: np.ndarray = (picture * (1 - share) + colours * share).astype(np.uint8)
    return heated


def _to_pixels(point: np.ndarray, zoom: int) -> tuple[int, int] | None:
    if not np.isfinite(point).all():
        return None
    x, y = (point + 0.5) * zoom - 0.5
    return round(float(x)), round(float(y))


def _circle(picture: np.ndarray, place: tuple[int, int]) -> None:
    cv2.circle(picture, place, 6, DARK, 3, cv2.LINE_AA)
    cv2.circle(picture, place, 6, TRUTH, 1, cv2.LINE_AA)


def _cross(picture: np.ndarray, place: tuple[int, int]) -> None:
    for colour, thickness in ((DARK, 3), (PREDICTED, 1)):
        cv2.drawMarker(picture, place, colour, cv2.MARKER_TILTED_CROSS, 10, thickness, cv2.LINE_AA)


def _text(picture: np.ndarray, text: str, place: tuple[int, int], *, size: float) -> None:
    for colour, thickness in ((DARK, 3), (BRIGHT, 1)):
        cv2.putText(picture, text, place, _FONT, size, colour, thickness, cv2.LINE_AA)


def _with_legend(picture: np.ndarray) -> np.ndarray:
    strip = np.full((26, picture.shape[1], 3), DARK, dtype=np.uint8)
    cv2.circle(strip, (14, 13), 6, TRUTH, 1, cv2.LINE_AA)
    _text(strip, "labelled", (26, 17), size=0.4)
    cv2.drawMarker(strip, (104, 13), PREDICTED, cv2.MARKER_TILTED_CROSS, 10, 1, cv2.LINE_AA)
    _text(strip, "predicted", (116, 17), size=0.4)
    return np.vstack([picture, strip])
