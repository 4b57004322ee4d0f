"""The videos of one labels file: found, opened and checked for the frames that are labelled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from .image_bytes import ImageHeader
from .phrases import counted, file_name, first_places
from .records import ImageSource, VideoSource
from .videos import EncodedFrames, StreamFrames, embedded_frames, find_file, listed_frames

Size = tuple[int, int, int]


@attrs.frozen(eq=False)
class CheckedVideo:
    """One video with its reader, the image size of each readable frame, and why the others cannot be read."""

    record: VideoSource
    source: ImageSource | None
    sizes: dict[int, Size | None]
    unreadable: dict[int, str]
    warnings: tuple[str, ...] = ()


def check_video(
    video: Any, *, file_index: int, number: int, folder: Path, frames: Sequence[int], every_image: bool
) -> CheckedVideo:
    """Find and open one video of a labels file and see whether its labelled `frames` can be read.

    `video` is a sleap-io video. With `every_image`, each separately stored image is checked to be whole
    (its bytes are read, not decoded); otherwise only the first, which then gives the size of all. Never
    raises for what is wrong with the video: `record.found` is False for a missing one, and `unreadable`
    names what cannot be read.
    """
    kind, stored = _kind(video), _stored_name(video)
    record = VideoSource(file_index=file_index, number=number, path=stored, kind=kind, size=_told_size(video))
    try:
        source, path = _open(video, kind, folder)
    except (ValueError, OSError, KeyError, ImportError, NotImplementedError) as error:
        return _unreadable_video(record, frames, str(error))
    if source is None:
        return CheckedVideo(attrs.evolve(record, found=False), None, dict.fromkeys(frames), {})
    record = attrs.evolve(record, path=path, frame_count=_frame_count(video, kind))
    if isinstance(source, EncodedFrames):
        return _check_images(record, source, frames, every_image=every_image)
    return _check_stream(record, source, frames)


def video_name(record: VideoSource) -> str:
    """Name a video in messages that already name the labels file."""
    return f"video {record.number}" + ("" if record.kind == "embedded" else f" ({file_name(record.path)})")


def _check_images(
    record: VideoSource, source: EncodedFrames, frames: Sequence[int], *, every_image: bool
) -> CheckedVideo:
    """Look at separately stored images one by one; each may have a size of its own."""
    sizes: dict[int, Size | None] = {}
    unreadable: dict[int, str] = {}
    deep: list[str] = []
    known: ImageHeader | None = None
    for frame in sorted(set(frames)):
        if known is None or every_image:
            try:
                known = source.header(frame)
            except (ValueError, OSError, KeyError, IndexError) as error:
                unreadable[frame] = str(error)
                continue
        if known.bits > 8:
            deep.append(f"{video_name(record)} frame {frame}")
        sizes[frame] = (known.height, known.width, known.channels)
    coloured, told_gray = _coloured(source, sorted(sizes)) if sizes else None, source.grayscale
    if told_gray is None and coloured is False:
        source.grayscale = True
        sizes = {frame: (size[0], size[1], 1) for frame, size in sizes.items() if size is not None}
    first = sizes[min(sizes)] if sizes else record.size
    notes = [f"{counted(len(deep), 'image')} of 16 bits: scaled to 8{first_places(deep)}."] if deep else []
    if told_gray and coloured:
        notes.append(
            f"{video_name(record)}: the labels file says that its images are gray, but they have colours, of which only "
            "the red is read. Import the images into SLEAP without grayscale to learn from all."
        )
    return CheckedVideo(attrs.evolve(record, size=first), source, sizes, unreadable, tuple(notes))


def _check_stream(record: VideoSource, source: StreamFrames, frames: Sequence[int]) -> CheckedVideo:
    """Decode the first labelled frame of a film; the others have its size if the film is long enough."""
    if not frames:
        return CheckedVideo(record, source, {}, {})
    count = record.frame_count
    unreadable = {
        f: f"the video ends after {counted(count, 'frame')}"
        for f in frames
        if count is not None and f >= count
    }
    rest = sorted(set(frames) - set(unreadable))
    if count is not None and count <= 0:
        return _unreadable_video(record, frames, "it is damaged: no frame can be decoded")
    if not rest:
        return CheckedVideo(record, source, {}, unreadable)
    try:
        header = source.header(rest[0])
    except (ValueError, OSError, KeyError) as error:
        return _unreadable_video(record, frames, str(error))
    size = (header.height, header.width, header.channels)
    return CheckedVideo(attrs.evolve(record, size=size), source, dict.fromkeys(rest, size), unreadable)


def _open(video: Any, kind: str, folder: Path) -> tuple[ImageSource | None, str]:
    """Return a reader and the path it reads from; (None, ...) when nothing of the video is there."""
    if kind == "images":
        paths = [find_file(str(name), folder) for name in video.filename]
        if not any(paths):
            return None, _stored_name(video)
        shape, grayscale = video.backend_metadata.get("shape"), video.backend_metadata.get("grayscale")
        if grayscale is None and shape:
            grayscale = True if shape[-1] == 1 else None
        return listed_frames(paths, grayscale=grayscale), str(next(path for path in paths if path))
    found = find_file(str(video.filename), folder)
    if found is None:
        return None, str(video.filename)
    if video.backend is None or str(video.filename) != str(found):
        video.replace_filename(found.as_posix(), open=True)
    backend = video.backend
    if backend is None:
        raise ValueError("it cannot be opened as a video")
    if getattr(backend, "has_embedded_images", False):
        return embedded_frames(backend), str(found)
    return StreamFrames(backend), str(found)


def _frame_count(video: Any, kind: str) -> int | None:
    if kind == "images":
        return len(video.filename)
    try:
        return int(video.backend.num_frames)
    except Exception:  # guards third-party readers, which fail in their own ways on damaged films
        return None


def _unreadable_video(record: VideoSource, frames: Sequence[int], reason: str) -> CheckedVideo:
    return CheckedVideo(record, None, {}, dict.fromkeys(frames, reason))


def _coloured(source: EncodedFrames, frames: Sequence[int]) -> bool | None:
    """Whether images have channels that differ; three frames in order speak for the rest.

    None where they have one channel or cannot be read.
    """
    for frame in (frames[0], frames[len(frames) // 2], frames[-1]):
        try:
            image = source.decode(frame)
        except (ValueError, OSError):
            return None
        if image.shape[2] != 3:
            return None
        if (image != image[..., :1]).any():
            return True
    return False


def _kind(video: Any) -> str:
    if isinstance(video.filename, list):
        return "images"
    if str(video.filename).lower().endswith((".slp", ".h5", ".hdf5")):
        return "embedded"
    return "film"


def _stored_name(video: Any) -> str:
    """Name a video as a person would: its path, or the first file of a list with their number."""
    if isinstance(video.filename, list):
        first = file_name(str(video.filename[0])) if video.filename else ""
        return f"{first} and {len(video.filename) - 1} more images"
    return str(video.filename)


def _told_size(video: Any) -> Size | None:
    """Size as the labels file tells it, for videos that cannot be opened."""
    shape = video.backend_metadata.get("shape")
    if not shape or len(shape) != 4 or any(value is None for value in shape):
        return None
    return (int(shape[1]), int(shape[2]), int(shape[3]))
