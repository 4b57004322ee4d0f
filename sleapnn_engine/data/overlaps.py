"""Frames that occur more than once: in two labels files, or in what is learned from and in what measures the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sleapnn_engine.config.text_format import counted, file_name, first_places
from sleapnn_engine.data.records import LabeledFrame, LabelSet
from sleapnn_engine.data.video_choice import Stored
from sleapnn_engine.data.video_paths import same_stored


def shared_frames(labels: LabelSet, other: LabelSet) -> int:
    """Count the frames of `labels` that are in `other` as well (same video file, same frame number)."""
    return len({_key(labels, frame) for frame in labels.frames} & {_key(other, f) for f in other.frames})


def repeats_between_files(labels: LabelSet) -> list[str]:
    """Say how many frames several labels files have in common, so that they count more than once; [] without any."""
    found = [frame for frame in labels.frames if labels.videos[frame.video_index].found]
    files = {(_key(labels, frame), frame.file_index) for frame in found}
    repeated = [key for key, count in Counter(key for key, _ in files).items() if count > 1]
    repeated.sort()
    if not repeated:
        return []
    frames = counted(len(repeated), "frame")
    places = first_places([f"{file_name(path)} frame {frame}" for path, _, frame in repeated])
    return [
        f"{frames} in more than one of the {len(labels.files)} labels files{places}: each counts as often as it occurs, "
        "and may be learned from and measured at the same time."
    ]


def shared_videos(labels: LabelSet, stored: Sequence[Stored]) -> list[str]:
    """Say which files are read for videos that several labels files call differently; `stored` is one a video."""
    names: dict[str, dict[str, str]] = {}
    for record, video in zip(labels.videos, stored, strict=True):
        if record.found and video.path is not None and not video.inside:
            told = f"{video.display_name} of {file_name(str(labels.files[record.file_index]))}"
            names.setdefault(str(video.path), {}).setdefault(same_stored(video.names[0]), told)
    moved = {str(video.path) for video in stored if video.is_moved}
    return [
        f"{path} is read as {' and as '.join(told.values())}: make sure that this is one and the same video."
        for path, told in names.items()
        if len(told) > 1 and path in moved
    ]


def _key(labels: LabelSet, frame: LabeledFrame) -> tuple[str, int, int]:
    """What two frames that show the same have in common; a package holds several videos under one name."""
    video = labels.videos[frame.video_index]
    number = video.number if video.kind == "embedded" else 0
    return str(Path(video.path).absolute()), number, frame.frame_index
