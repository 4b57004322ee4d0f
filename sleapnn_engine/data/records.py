"""What a set of labels is once it has been read: frames, points, videos, counts and warnings."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import attrs
import numpy as np

from sleapnn_engine.config.errors import UserError


class ImageSource(Protocol):
    """Reads the frames of one video; implementations live in `videos.py`."""

    def read(self, frame_index: int) -> np.ndarray:
        """Return one frame as uint8 (height, width, 1 or 3), RGB; raise ValueError with the reason if not."""
        ...

    def close(self) -> None:
        """Release file handles; reading again reopens them."""
        ...


@attrs.frozen(eq=False)
class LabeledFrame:
    """One frame that has at least one usable animal or mark of a centre, or is `empty`: there is none, which is learned.

    `points` is float32 (instances, nodes, 2): x, y in source pixels, pixel centres at whole numbers, NaN
    where a node is not visible. `track_index` is int64 (instances,), -1 without a track. `size` is (height,
    width, channels) of the image, None while its video cannot be found. `centers`, float32 (instances, 2) in source
    pixels, is where crops are cut; None until `model_labels.with_centers` has placed them. `marks`, float32 (marks, 2)
    in source pixels, are centres of animals that have no body parts; None where there are none. `outside`, `unpointed`
    and `repeated` count points outside the image, animals without a visible point and exact copies that were left out.
    """

    file_index: int
    video_index: int
    frame_index: int
    points: np.ndarray
    track_index: np.ndarray
    is_user: np.ndarray
    size: tuple[int, int, int] | None = None
    centers: np.ndarray | None = None
    marks: np.ndarray | None = None
    outside: int = 0
    unpointed: int = 0
    repeated: int = 0
    empty: bool = False


@attrs.frozen
class VideoSource:
    """One video of one labels file: where it is, what it holds, and whether it can be read.

    `same_as` is the number of an earlier video of that file that is the very same; its frames count as that one's.
    """

    file_index: int
    number: int
    path: str
    kind: str
    size: tuple[int, int, int] | None = None
    frame_count: int | None = None
    found: bool = True
    same_as: int | None = None


@attrs.frozen
class Counts:
    """What was in the files before anything was left out; the sums over all files read together."""

    frames: int = 0
    empty_frames: int = 0
    user_instances: int = 0
    predicted_instances: int = 0
    user_frames: int = 0
    instances_without_points: int = 0
    repeated_frames: int = 0
    repeated_instances: int = 0
    points_outside: int = 0
    points_not_finite: int = 0
    unreadable_frames: int = 0
    predictions_left_out: int = 0
    centroid_marks: int = 0
    negative_frames: int = 0

    def __add__(self, other: Counts) -> Counts:
        names = [field.name for field in attrs.fields(Counts)]
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})


@attrs.frozen(eq=False)
class LabelSet:
    """Labelled frames of one or more files that share one skeleton.

    Records are plain values and may be read from several threads; `read_image` serialises access per video.
    """

    files: tuple[Path, ...]
    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    symmetries: tuple[tuple[str, str], ...]
    tracks: tuple[str, ...]
    videos: tuple[VideoSource, ...]
    frames: tuple[LabeledFrame, ...]
    counts: Counts = Counts()
    warnings: tuple[str, ...] = ()
    sources: tuple[ImageSource | None, ...] = ()

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def max_instances(self) -> int:
        """Most animals on any one frame; 0 when there is no frame."""
        return max((len(frame.points) for frame in self.frames), default=0)

    def place(self, index: int) -> str:
        """Name a frame the way messages do: labels file, video (its file too, unless it is the same) and frame number."""
        frame = self.frames[index]
        file, video = self.files[frame.file_index], self.videos[frame.video_index]
        path = "" if str(video.path) == str(file) else f" ({video.path})"
        return f"{file}, video {video.number}{path}, frame {frame.frame_index}"

    def read_image(self, index: int) -> np.ndarray:
        """Return the image of frame `index` as uint8 (height, width, 1 or 3), RGB.

        Raises UserError naming file, video and frame when the image cannot be read or has changed its size.
        """
        frame = self.frames[index]
        source = self.sources[frame.video_index] if self.sources else None
        hint = "Restore the video or image, or remove this frame from the labels."
        if source is None:
            text = "The video of this frame was not found."
            raise UserError(text, where=self.place(index), hint=hint, cause="images")
        try:
            image = source.read(frame.frame_index)
        except (ValueError, OSError, IndexError, KeyError) as error:
            message = f"The image of this frame cannot be read: {error}."
            raise UserError(message, where=self.place(index), hint=hint, cause="images") from error
        if frame.size is not None and image.shape != frame.size:
            message = f"The image is {_size_text(image.shape)}, but {_size_text(frame.size)} was expected."
            raise UserError(message, where=self.place(index), hint=hint)
        return image

    def subset(self, indices: Sequence[int]) -> LabelSet:
        """Return the same labels with only the frames at `indices`, in that order; videos are shared."""
        return attrs.evolve(self, frames=tuple(self.frames[int(i)] for i in indices))

    def close(self) -> None:
        """Release the files of all videos."""
        for source in self.sources:
            if source is not None:
                with contextlib.suppress(OSError):
                    source.close()


def _size_text(size: Sequence[int]) -> str:
    """Say (height, width, channels) as people say image sizes."""
    return f"{size[1]}×{size[0]} px with {size[2]} channel{'' if size[2] == 1 else 's'}"


def edge_table(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Edges as pairs of places in `nodes`."""
    return [[nodes.index(a), nodes.index(b)] for a, b in edges]
