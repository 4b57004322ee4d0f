"""The videos of one labels file: found, opened, and every labelled frame looked at before anything starts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import attrs
import cv2
import numpy as np

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.text_format import counted, file_name, first_places
from sleapnn_engine.data.image_bytes import ImageHeader
from sleapnn_engine.data.pixel_span import ValueRange, depth_text
from sleapnn_engine.data.records import ImageSource, VideoSource
from sleapnn_engine.data.video_choice import Stored
from sleapnn_engine.data.video_frames import OtherFrame, VideoFrames
from sleapnn_engine.data.videos import (
    EncodedFrames,
    NoVideo,
    StackPages,
    StreamFrames,
    embedded_frames,
    listed_frames,
)

Size = tuple[int, int, int]
#: Told of frames looked at and of all there are; what it raises ends the looking.
Progress = Callable[[int, int], None]

_PACKAGES = (".slp", ".h5", ".hdf5")
_IMAGES = (".png", ".jpg", ".jpeg", ".bmp")
_STACKS = (".tif", ".tiff")
#: Videos that sleap-io reads in a way of its own.
_OTHER = (".seq",)
_THREADS = 4
#: How often progress is told while frames are looked at, in seconds.
_TOLD = 0.2


@attrs.frozen(eq=False)
class CheckedVideo:
    """One video with its reader, the image size of each readable frame, and why the others cannot be read.

    `mismatch` says that it is not the video that was labelled; '' where it is.
    """

    record: VideoSource
    source: ImageSource | None
    sizes: dict[int, Size | None]
    unreadable: dict[int, str]
    warnings: tuple[str, ...] = ()
    mismatch: str = ""


@attrs.define(eq=False)
class _Looking:
    """How far the frames of all videos have been looked at, and whether that should end; `on_frame` hears of each."""

    on_frame: Callable[[int], None] | None = None
    done: int = 0
    ended: bool = False
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def over(self, frames: Iterable[int]) -> Iterable[int]:
        """The frames one by one, counted, until it ends."""
        for frame in frames:
            if self.ended:
                return
            yield frame
            with self._lock:
                self.done += 1
            if self.on_frame is not None:
                self.on_frame(self.done)


def check_videos(
    videos: Sequence[tuple[Any, Stored, Sequence[int]]],
    *,
    file_index: int,
    every_image: bool,
    progress: Progress | None = None,
) -> list[CheckedVideo]:
    """Open videos, sleap-io's with their files and labelled frames, and see which of these frames can be read.

    With `every_image`, separately stored images are checked to be whole (their bytes are read, not decoded), frames of
    videos and stacks are decoded; otherwise only the first readable one, which then gives the size of all. Several
    videos are looked at at once. Never raises for what is wrong with a video: `record.found` is False for a missing
    one, `unreadable` names what cannot be read, `mismatch` what is not as it was labelled.
    """
    looking = _Looking()

    def check(one: tuple[Any, Stored, Sequence[int]]) -> CheckedVideo:
        video, stored, frames = one
        return _check(video, stored, sorted(set(frames)), file_index, looking if every_image else None)

    total = sum(len(set(frames)) for _, _, frames in videos)
    if len(videos) < 2:
        if progress is not None:
            looking.on_frame = lambda done: progress(done, total)
        return [check(one) for one in videos]
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        try:
            waiting = [pool.submit(check, one) for one in videos]
            left: set[Any] = set(waiting)
            while left:
                _, left = wait(left, timeout=_TOLD)
                if progress is not None and total:
                    progress(min(looking.done, total), total)
            return [one.result() for one in waiting]
        except BaseException:  # whatever ends it, a signal too, the threads must not go on
            looking.ended = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def video_name(record: VideoSource) -> str:
    """Name a video in messages that already name the labels file."""
    return f"video {record.number}" + ("" if record.kind == "embedded" else f" ({file_name(record.path)})")


def _check(
    video: Any, stored: Stored, frames: Sequence[int], file_index: int, looking: _Looking | None
) -> CheckedVideo:
    kind = _kind(stored)
    size = stored.shape[1:] if stored.shape else None
    record = VideoSource(
        file_index=file_index,
        number=stored.number,
        path=stored.display_name,
        kind=kind,
        size=size,
        same_as=stored.same_as,
    )
    if not stored.is_found:
        return CheckedVideo(attrs.evolve(record, found=False), None, dict.fromkeys(frames), {})
    try:
        source, count = _open(video, stored, kind, frames)
    except NoVideo as error:
        return _unreadable_video(record, frames, str(error))
    except Exception:  # guards third-party readers, which fail in their own ways on what is no video
        return _unreadable_video(record, frames, "it cannot be opened as a video")
    record = attrs.evolve(record, path=str(stored.path), frame_count=count)
    if isinstance(source, EncodedFrames):
        checked = _check_images(record, source, frames, looking)
    else:
        checked = _check_stream(record, source, frames, looking)
    return _compared(checked, stored)


def _open(video: Any, stored: Stored, kind: str, frames: Sequence[int]) -> tuple[Any, int | None]:
    """Return a reader for the files that were found, and the number of frames where it is known."""
    metadata = video.backend_metadata
    grayscale = metadata.get("grayscale")
    if grayscale is None and stored.shape:
        grayscale = True if stored.shape[-1] == 1 else (None if kind == "images" else False)
    path = stored.path
    assert path is not None
    if kind == "images":
        return listed_frames([place.path for place in stored.places], grayscale=grayscale), len(stored.names)
    suffix = path.suffix.lower()
    if kind == "film" and suffix not in (*_STACKS, *_OTHER) and "crop" not in metadata:
        whole = VideoFrames(str(path), grayscale=grayscale)
        return whole, whole.count()
    pages = cv2.imcount(path.as_posix()) if suffix in _STACKS else 0
    if pages > 1 and "crop" not in metadata:
        return StreamFrames(StackPages(path.as_posix()), grayscale=grayscale), pages
    if video.backend is None or str(video.filename) != str(path):
        video.replace_filename(path.as_posix(), open=True)
    backend = video.backend
    if backend is None:
        inside = f"its images ('{metadata.get('dataset')}') are not in the package, or damaged"
        raise NoVideo(inside if stored.inside else "it cannot be opened as a video")
    if getattr(backend, "has_embedded_images", False):
        return embedded_frames(backend, labelled=frames), int(backend.num_frames)
    # How many frames a TIFF file has that is no stack of pages, only reading them would tell.
    count = None if suffix in _STACKS else int(backend.num_frames)
    return StreamFrames(backend, grayscale=grayscale), count


def _check_images(
    record: VideoSource, source: EncodedFrames, frames: Sequence[int], looking: _Looking | None
) -> CheckedVideo:
    """Look at separately stored images one by one; each may have a size of its own."""
    headers: dict[int, ImageHeader] = {}
    unreadable: dict[int, str] = {}
    known: ImageHeader | None = None
    for frame in looking.over(frames) if looking else frames:
        if known is None or looking:
            try:
                known = source.header(frame)
            except (ValueError, OSError, KeyError, IndexError) as error:
                unreadable[frame] = str(error)
                continue
        headers[frame] = known
    readable = sorted(headers)
    notes = _scale_values(record, source, headers, unreadable) if looking else []
    coloured, told_gray = _coloured(source, readable) if readable else None, source.grayscale
    if told_gray is None and coloured is False:
        source.grayscale = True
    sizes: dict[int, Size | None] = {
        frame: (h.height, h.width, 1 if source.grayscale else h.channels)
        for frame, h in headers.items()
        if frame not in unreadable
    }
    if told_gray and coloured:
        notes.append(
            f"{video_name(record)}: the labels file says that its images are gray, but they have colours, of which only "
            "the red is read. Import the images into SLEAP without grayscale to learn from all."
        )
    first = sizes[min(sizes)] if sizes else record.size
    return CheckedVideo(attrs.evolve(record, size=first), source, sizes, unreadable, tuple(notes))


def _scale_values(
    record: VideoSource, source: EncodedFrames, headers: dict[int, ImageHeader], unreadable: dict[int, str]
) -> list[str]:
    """Find the range of images that are not of 8 bits, or only 0 and 1, and have them scaled by it; says so."""
    deep = [frame for frame, header in headers.items() if not header.plain]
    shown = sorted(set(headers) - set(deep))
    chosen = deep or (list(headers) if _is_mask(source, shown) else [])
    values = _range_of(source, chosen, unreadable)
    source.span = values.span()
    alpha = [f"{video_name(record)} frame {frame}" for frame, header in headers.items() if header.alpha]
    notes = (
        [f"{counted(len(alpha), 'image')} with transparency, which is left out{first_places(alpha)}."]
        if alpha
        else []
    )
    return notes + _describe_scaling(record, source, values, chosen)


def _is_mask(source: EncodedFrames, frames: Sequence[int]) -> bool:
    """Whether images hold 0 and 1 only; the first speaks for the rest, unless it could be one."""
    if not frames or _range_of(source, frames[:1], {}).high > 1:
        return False
    return _range_of(source, [frames[0], frames[len(frames) // 2], frames[-1]], {}).high == 1


def _range_of(source: Any, frames: Sequence[int], unreadable: dict[int, str]) -> ValueRange:
    values = ValueRange()
    for frame in frames:
        try:
            values.add(source.values(frame))
        except (ValueError, OSError, KeyError, IndexError) as error:
            unreadable[frame] = str(error)
    return values


def _describe_scaling(
    record: VideoSource, source: Any, values: ValueRange, frames: Sequence[int]
) -> list[str]:
    if source.span is None or not frames:
        return []
    places = [f"{video_name(record)} frame {frame}" for frame in frames]
    low, high = map(plain, source.span)
    said = f"{counted(len(frames), 'image')} of {depth_text(values.dtype)}"
    return [f"{said}: scaled to 8, {low} as black and {high} as white{first_places(places)}."]


def _check_stream(
    record: VideoSource, source: Any, frames: Sequence[int], looking: _Looking | None
) -> CheckedVideo:
    """Decode the labelled frames of a video or stack in order; without `looking`, up to the first that can be."""
    count = record.frame_count
    if frames and count is not None and count <= 0:
        return _unreadable_video(record, frames, "it is damaged: no frame can be decoded")
    ends = f"the video ends after {counted(count or 0, 'frame')}"
    unreadable = {frame: ends for frame in frames if count is not None and frame >= count}
    rest = [frame for frame in frames if frame not in unreadable]
    shapes: dict[int, Size] = {}
    values, others = ValueRange(), []
    for frame in looking.over(rest) if looking else rest:
        try:
            image = source.read(frame) if isinstance(source, VideoFrames) else source.values(frame)
        except OtherFrame as error:
            others.append(frame)
            unreadable[frame] = str(error)
        except ValueError as error:
            unreadable[frame] = str(error)
        else:
            shapes[frame] = _shape(image)
            if image.dtype != np.uint8:
                values.add(image)
            if not looking:
                break
    notes = [] if looking is None else _uneven(record, source, others, shapes, unreadable)
    if isinstance(source, StreamFrames):
        source.span = values.span()
        notes += _describe_scaling(record, source, values, sorted(shapes))
    return _one_size(record, source, rest, shapes, unreadable, notes)


def _one_size(
    record: VideoSource,
    source: Any,
    frames: Sequence[int],
    shapes: dict[int, Size],
    unreadable: dict[int, str],
    notes: Sequence[str],
) -> CheckedVideo:
    """All frames of a video have the size that most of them have; the others are damaged."""
    if not shapes:
        return CheckedVideo(record, source, {}, unreadable, tuple(notes))
    size = Counter(shapes.values()).most_common(1)[0][0]
    for frame, shape in shapes.items():
        if shape != size:
            unreadable[frame] = f"it is {_size_text(shape)}, the others are {_size_text(size)}"
    sizes: dict[int, Size | None] = dict.fromkeys(
        [frame for frame in frames if frame not in unreadable], size
    )
    return CheckedVideo(attrs.evolve(record, size=size), source, sizes, unreadable, tuple(notes))


def _uneven(
    record: VideoSource,
    source: Any,
    others: Sequence[int],
    shapes: dict[int, Size],
    unreadable: dict[int, str],
) -> list[str]:
    """Take frames whose time does not fit their number after all where that holds for most of an undamaged video."""
    if len(others) <= len(shapes) or len(unreadable) > len(others):
        return []
    source.exact = False
    for frame in others:
        shapes[frame] = _shape(source.read(frame))
        del unreadable[frame]
    return [
        f"{video_name(record)}: its frames are not evenly spaced in time, so frames may be some places off from where "
        "they were labelled. Convert it to a constant frame rate before labelling."
    ]


def _compared(checked: CheckedVideo, stored: Stored) -> CheckedVideo:
    """Compare a video with what the labels file says of the one that was labelled.

    One that stands where it was labelled and is only shorter has been cut off: that is said, and its end is left out.
    """
    if stored.shape is None or stored.inside or not checked.sizes:
        return checked
    count, height, width, _ = stored.shape
    found, now = checked.record.frame_count, checked.record.size
    sizes = {size[:2] for size in checked.sizes.values() if size is not None}
    other_size = height > 0 and width > 0 and (height, width) not in sizes
    timed = checked.record.kind == "film" and found is not None and count > 0
    longer = found - count if timed and found is not None else 0
    other_length = abs(longer) > min(2, count // 100)
    if not other_size and not longer:
        return checked
    was = f"{width}×{height} px with {counted(count, 'frame')}"
    shown = f"{now[1]}×{now[0]} px with {counted(found, 'frame')}" if now and found is not None else ""
    if other_size or (other_length and (longer > 0 or stored.is_moved)):
        text = f"{stored.display_name} was {was} when it was labelled; {checked.record.path} has {shown}"
        return attrs.evolve(checked, mismatch=text)
    note = f"{video_name(checked.record)} has {counted(found or 0, 'frame')}, but had {count} when it was labelled."
    return attrs.evolve(checked, warnings=(*checked.warnings, note))


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


def _kind(stored: Stored) -> str:
    name = stored.names[0].lower()
    if len(stored.names) > 1 or name.endswith(_IMAGES):
        return "images"
    return "embedded" if stored.inside or name.endswith(_PACKAGES) else "film"


def _shape(image: np.ndarray) -> Size:
    return image.shape[0], image.shape[1], 3 if image.shape[2] >= 3 else 1


def _size_text(size: Size) -> str:
    return f"{size[1]}×{size[0]} px"
