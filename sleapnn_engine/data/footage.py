"""What a trained model is shown: labels files, videos, stacks and folders of images, opened with their readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import cv2
import numpy as np
import sleap_io as sio

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.frame_ranges import Ranges, within
from sleapnn_engine.config.predict_options import require_data
from sleapnn_engine.config.text_format import counted, file_name
from sleapnn_engine.data.label_files import check_labels_file, unreadable_labels
from sleapnn_engine.data.label_videos import CheckedVideo, check_videos
from sleapnn_engine.data.label_writing import name_video
from sleapnn_engine.data.records import ImageSource
from sleapnn_engine.data.video_choice import Stored, choose_files, describe_moves, why_missing
from sleapnn_engine.data.video_frames import OtherFrame, VideoFrames
from sleapnn_engine.data.videos import quiet_decoders

LABELS = ".slp"
_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_STACKS = (".tif", ".tiff")
#: Shades that channels of a gray picture may differ by after a video has been compressed.
_SHADES = 16
#: Frames that are looked at to learn whether a video is evenly spaced in time.
_PROBED = 5


@attrs.frozen(kw_only=True)
class Choice:
    """Which frames are meant: of a labels file by itself those that it lists, of a video all.

    `frames` are numbers from 0; `video` the place of one in the list of a labels file, whose frames are then all meant;
    `only_labelled` leaves frames that show an animal which a person has labelled.
    """

    frames: Ranges | None = None
    video: int | None = None
    only_labelled: bool = False


@attrs.frozen(eq=False)
class Footage:
    """Frames to look at. `videos` are sleap-io's, as labels of these frames refer to them; `sources` read them.

    `wanted` pairs the number of a video with the numbers of its frames, in order. `notes` are sentences on what is
    otherwise than it seems.
    """

    path: Path
    videos: tuple[sio.Video, ...]
    sources: tuple[ImageSource | None, ...]
    wanted: tuple[tuple[int, Sequence[int]], ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(len(frames) for _, frames in self.wanted)

    def name(self, video: int) -> str:
        """What people call a video: the name of its file, with its number where there are several."""
        given = self.videos[video].filename
        first = given[0] if isinstance(given, list) else given
        own = file_name(str(Path(str(first)).parent if isinstance(given, list) else first))
        return own if len(self.videos) == 1 else f"video {video} ({own})"

    def close(self) -> None:
        """Release all files."""
        for source in self.sources:
            if source is not None:
                source.close()


def open_footage(path: Path, choice: Choice) -> Footage:
    """Open a labels file (.slp, .pkg.slp), a video, a TIFF stack, an array file (.h5) or a folder of images.

    Raises UserError (usage) when there is no such thing or the choice makes no sense for it, and UserError when it
    cannot be read.
    """
    quiet_decoders()
    path = Path(path).expanduser().absolute()
    require_data(path)
    if path.suffix.lower() == LABELS and not path.is_dir():
        return _of_labels(path, choice)
    for wrong, option, what in (
        (choice.only_labelled, "--only-labelled", "shows no labels"),
        (choice.video is not None, "--video-index", "is one video"),
    ):
        if wrong:
            raise UserError(f"{path.name} {what}.", where=option, hint="Leave it out.", usage=True)
    return _of_video(path, choice)


def has_colour(image: np.ndarray) -> bool:
    """Whether an image, uint8 (height, width, 1 or 3), shows more than shades of gray."""
    return bool((image.max(axis=-1) - image.min(axis=-1)).max() > _SHADES)


def _of_video(path: Path, choice: Choice) -> Footage:
    given: Any = _images_in(path) if path.is_dir() else path.as_posix()
    try:
        video = sio.load_video(given)
        # Not every stack of pages is told as one.
        count = max(len(video), cv2.imcount(given) if path.suffix.lower() in _STACKS else 0)
    except Exception:  # guards third-party decoders, each of which fails in its own way
        count = 0 if path.is_dir() else VideoFrames(str(path)).count()
        video = sio.Video(given, open_backend=False)
    if count < 1:
        raise UserError(
            "No frame of it can be read: it is no video, or it is damaged.",
            where=str(path),
            hint="Give a video that plays, a folder of images, or a labels file.",
        )
    frames = range(count) if choice.frames is None else within(choice.frames, count, where=path.name)
    stored = choose_files([video], labels=path, labelled=[0])
    checked = _checked([(video, stored[0], frames)])[0]
    if checked.source is None or not checked.sizes:
        reason = next(iter(checked.unreadable.values()), "it cannot be opened")
        raise UserError(f"No frame of it can be read: {reason}.", where=str(path), hint="Give another video.")
    return Footage(path, (video,), (checked.source,), ((0, frames),), _notes([checked]))


def _images_in(folder: Path) -> list[str]:
    """The images of a folder, numbers in their names counted as numbers."""
    found = [file for file in folder.iterdir() if file.suffix.lower() in _IMAGES and file.is_file()]
    if not found:
        raise UserError(
            "There are no images in this folder.",
            where=str(folder),
            hint=f"Give a video file, a labels file, or a folder of {', '.join(_IMAGES)} files.",
            usage=True,
        )
    found.sort(key=lambda file: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", file.name)])
    return [file.as_posix() for file in found]


def _of_labels(path: Path, choice: Choice) -> Footage:
    check_labels_file(path)
    try:
        stored = sio.load_slp(path.as_posix())
    except Exception as error:  # guards the third-party reader: damaged files make it fail in any way
        raise unreadable_labels(path, error) from error
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    listed = {numbers[id(frame.video)] for frame in stored.labeled_frames}
    files = choose_files(stored.videos, labels=path, labelled=listed | {choice.video or 0})
    same = [number if file.same_as is None else file.same_as for number, file in enumerate(files)]
    wanted = _wanted(stored, [same[n] for n in range(len(same))], numbers, choice, path=path)
    if not any(len(frames) for _, frames in wanted):
        what = "labelled by hand" if choice.only_labelled else "in it"
        raise UserError(
            f"There is no frame {what} to look at.",
            where=str(path),
            hint="Choose others with --frames, or all of a video with --video-index.",
            usage=True,
        )
    missing = [why_missing(files[n], len(frames)) for n, frames in wanted if not files[n].is_found]
    if missing:
        raise UserError(
            f"{'Its video was' if len(missing) == 1 else 'Some of its videos were'} not found: {'; '.join(missing)}.",
            where=str(path),
            hint="Put the files beside the labels file, or correct their paths in SLEAP.",
        )
    checked = _checked([(stored.videos[n], files[n], frames) for n, frames in wanted])
    _refuse_unusable(checked, path)
    sources: list[ImageSource | None] = [None] * len(files)
    for one, (number, _) in zip(checked, wanted, strict=True):
        sources[number] = one.source
        if one.record.kind == "film":
            name_video(stored.videos[number], one.record.path)
    moved = describe_moves([files[n] for n, _ in wanted])
    return Footage(path, tuple(stored.videos), tuple(sources), tuple(wanted), (*moved, *_notes(checked)))


def _wanted(
    stored: sio.Labels, same: Sequence[int], numbers: dict[int, int], choice: Choice, *, path: Path
) -> list[tuple[int, Sequence[int]]]:
    """The frames that are meant, by video; those of a video that is listed twice are the first one's."""
    by_video: dict[int, set[int]] = {}
    for frame in stored.labeled_frames:
        by_hand = any(not isinstance(animal, sio.PredictedInstance) for animal in frame.instances)
        if by_hand or not choice.only_labelled:
            by_video.setdefault(same[numbers[id(frame.video)]], set()).add(int(frame.frame_idx))
    number = choice.video
    if number is not None and number >= len(stored.videos):
        raise UserError(
            f"There is no video {number}; the labels list {counted(len(stored.videos), 'video')}, counted from 0.",
            where="--video-index",
            hint="Choose one of them.",
            usage=True,
        )
    if number is None and choice.frames is not None and len(stored.videos) > 1 and not choice.only_labelled:
        raise UserError(
            f"The labels list {len(stored.videos)} videos, so frames need the number of theirs.",
            where="--frames",
            hint="Add --video-index.",
            usage=True,
        )
    if choice.only_labelled:
        kept = {v: f for v, f in by_video.items() if number is None or v == same[number]}
        chosen = choice.frames
        return [(v, [n for n in sorted(f) if chosen is None or n in chosen]) for v, f in sorted(kept.items())]
    if not stored.videos or (number is None and choice.frames is None):
        return [(video, sorted(frames)) for video, frames in sorted(by_video.items())]
    number = same[number or 0]
    return [(number, _numbers_of(stored.videos[number], choice, where=f"{path.name}, video {number}"))]


def _numbers_of(video: sio.Video, choice: Choice, *, where: str) -> Sequence[int]:
    """The chosen frames of a whole video; a package holds some of them only."""
    inside = getattr(video.backend, "source_inds", None)
    if inside is not None:
        held = sorted({int(number) for number in inside})
        return [number for number in held if choice.frames is None or number in choice.frames]
    try:
        count = len(video)
    except Exception:  # guards third-party decoders, each of which fails in its own way
        count = 0
    return range(count) if choice.frames is None else within(choice.frames, count, where=where)


def _checked(videos: Sequence[tuple[sio.Video, Stored, Sequence[int]]]) -> list[CheckedVideo]:
    """Open videos. Where values are not of 8 bits, all frames are looked at for the range that becomes black to white."""
    checked = check_videos(list(videos), file_index=0, every_image=False)
    deep = [number for number, one in enumerate(checked) if _is_deep(one)]
    if deep:
        again = check_videos([videos[number] for number in deep], file_index=0, every_image=True)
        for number, one in zip(deep, again, strict=True):
            checked[number] = one
    return checked


def _is_deep(one: CheckedVideo) -> bool:
    if one.source is None or isinstance(one.source, VideoFrames) or not one.sizes:
        return False
    try:
        values = one.source.values(min(one.sizes))  # type: ignore[attr-defined]
    except (ValueError, OSError, IndexError, KeyError):
        return True
    return bool(values.dtype != np.uint8 or values.max(initial=0) <= 1)


def _refuse_unusable(checked: Sequence[CheckedVideo], path: Path) -> None:
    for one in checked:
        if one.mismatch:
            raise UserError(
                f"A video is not the one that was labelled: {one.mismatch}.",
                where=str(path),
                hint="Put the video that was labelled in its place, or correct its path in SLEAP.",
            )
        if one.source is None or not one.sizes:
            reason = next(iter(one.unreadable.values()), "it cannot be opened")
            raise UserError(
                f"No frame of {one.record.path} can be read: {reason}.",
                where=str(path),
                hint="Replace the video, or choose another with --video-index.",
            )


def _notes(checked: Sequence[CheckedVideo]) -> tuple[str, ...]:
    """What to say of videos; one whose frames are not evenly spaced in time is read without comparing times."""
    notes: list[str] = []
    for one in checked:
        notes += one.warnings
        if not isinstance(one.source, VideoFrames):
            continue
        _settle_colour(one.source, list(one.sizes))
        if _is_uneven(one.source, list(one.sizes)):
            one.source.exact = False
            notes.append(
                f"{file_name(one.record.path)}: its frames are not evenly spaced in time, so frames may be some places "
                "off. Convert it to a constant frame rate."
            )
    return tuple(notes)


def _settle_colour(video: VideoFrames, frames: Sequence[int]) -> None:
    """Whether a video is gray as a whole: a black frame at its start says nothing of the others."""
    if not video.grayscale:
        return
    video.grayscale = False
    for part in range(_PROBED + 1):
        try:
            image = video.read(frames[part * (len(frames) - 1) // _PROBED])
        except ValueError:
            continue
        if has_colour(image):
            return
    video.grayscale = True


def _is_uneven(video: VideoFrames, frames: Sequence[int]) -> bool:
    """Whether a video hands out other frames than those asked for, wherever it is asked."""
    for part in range(1, _PROBED + 1):
        try:
            video.read(frames[part * (len(frames) - 1) // _PROBED])
        except OtherFrame:
            continue
        except ValueError:
            return False
        return False
    return True
