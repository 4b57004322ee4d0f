"""Frames that occur more than once: in two labels files, or in what is learned from and in what measures the model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .phrases import counted
from .records import LabeledFrame, LabelSet


def shared_frames(labels: LabelSet, other: LabelSet) -> int:
    """Count the frames of `labels` that are in `other` as well (same video file, same frame number)."""
    return len({_key(labels, frame) for frame in labels.frames} & {_key(other, f) for f in other.frames})


def repeats_between_files(labels: LabelSet) -> list[str]:
    """Say how many frames several labels files have in common, so that they count more than once; [] without any."""
    counts = Counter(_key(labels, frame) for frame in labels.frames)
    repeated = sum(count > 1 for count in counts.values())
    if not repeated:
        return []
    frames = counted(repeated, "frame")
    return [
        f"{frames} in more than one of the {len(labels.files)} labels files: each counts as often as it occurs, and may "
        "be learned from and measured at the same time."
    ]


def _key(labels: LabelSet, frame: LabeledFrame) -> tuple[str, int, int]:
    """What two frames that show the same have in common; a package holds several videos under one name."""
    video = labels.videos[frame.video_index]
    number = video.number if video.kind == "embedded" else 0
    return str(Path(video.path).absolute()), number, frame.frame_index
