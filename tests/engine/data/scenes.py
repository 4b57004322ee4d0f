"""Pictures whose truth is known exactly, and label sets made of them without any file."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import attrs
import numpy as np

from sleapnn_engine.data.records import LabeledFrame, LabelSet, VideoSource


@attrs.define(eq=False)
class ArrayFrames:
    """An image source over arrays; counts how often it was read."""

    images: Sequence[np.ndarray]
    reads: int = 0

    def read(self, frame_index: int) -> np.ndarray:
        self.reads += 1
        if not 0 <= frame_index < len(self.images):
            raise ValueError("there is no such frame")
        return self.images[frame_index]

    def close(self) -> None:
        pass


def dots(points: np.ndarray, *, height: int, width: int, radius: float = 4.0) -> np.ndarray:
    """Draw a smooth dot at each (x, y) of (P, 2): uint8 (height, width, 1), brightest 240."""
    y, x = np.mgrid[:height, :width]
    image = np.zeros((height, width))
    for px, py in points:
        image = np.maximum(image, np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * radius**2)))
    return (image * 240 + 0.5).astype(np.uint8)[..., None]


def dot_place(image: np.ndarray, near: np.ndarray, *, reach: int = 14) -> np.ndarray:
    """Return the centre of brightness (x, y) of the dot around `near` in an image (height, width)."""
    x0, y0 = (round(float(value)) for value in near)
    rows = np.arange(max(y0 - reach, 0), min(y0 + reach + 1, image.shape[0]))
    columns = np.arange(max(x0 - reach, 0), min(x0 + reach + 1, image.shape[1]))
    patch = image[np.ix_(rows, columns)].astype(float)
    total = patch.sum()
    return np.array([(patch * columns).sum() / total, (patch * rows[:, None]).sum() / total])


def label_set(
    images: Sequence[np.ndarray],
    points: Sequence[np.ndarray],
    *,
    files: Sequence[int] | None = None,
    nodes: Sequence[str] = ("nose", "tail"),
    tracks: Sequence[str] = (),
) -> LabelSet:
    """Make a label set of images (uint8 HWC) and points (instances, nodes, 2), one frame each, in one video per file."""
    files = list(files) if files is not None else [0] * len(images)
    count = max(files, default=-1) + 1
    frames = [
        LabeledFrame(
            file_index=file,
            video_index=file,
            frame_index=number,
            points=np.asarray(place, dtype=np.float32),
            track_index=np.arange(len(place)) if tracks else np.full(len(place), -1),
            is_user=np.ones(len(place), dtype=bool),
            size=image.shape,
        )
        for number, (file, image, place) in enumerate(zip(files, images, points, strict=True))
    ]
    source = ArrayFrames(images)
    return LabelSet(
        files=tuple(Path(f"labels_{i}.slp") for i in range(count)),
        nodes=tuple(nodes),
        edges=tuple(pairwise(nodes)),
        symmetries=(),
        tracks=tuple(tracks),
        videos=tuple(
            VideoSource(file_index=i, number=0, path=f"video_{i}", kind="embedded") for i in range(count)
        ),
        frames=tuple(frames),
        sources=(source,) * count,
    )


def plain_set(
    count: int, *, size: tuple[int, int, int] = (8, 10, 1), files: Sequence[int] | None = None
) -> LabelSet:
    """Make a label set of `count` flat gray frames, each as bright as its number, with one animal."""
    images = [np.full(size, number % 256, dtype=np.uint8) for number in range(count)]
    points = [np.array([[[1.0, 2.0], [3.0, number % 5]]]) for number in range(count)]
    return label_set(images, points, files=files)
