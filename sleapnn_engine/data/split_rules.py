"""Other ways to set frames aside for validation than at random: whole videos, or stretches of neighbouring frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.split import Split

#: A stretch ends where the next labelled frame is this many times as far off as is usual in its video.
_FAR = 5.0
#: A stretch is cut where it would be more than this share of the frames that are set aside.
_PIECE = 0.5


def split_videos(labels: LabelSet, *, validation_fraction: float) -> Split:
    """Set whole videos aside, of about that share of the frames together.

    Raises UserError where all frames are of one video.
    """
    groups = [np.flatnonzero(_videos(labels) == video) for video in np.unique(_videos(labels))]
    if len(groups) < 2:
        raise UserError(
            "All labelled frames are of one video, so none can be set aside whole.",
            hint="Label frames of another video, or set stretches of neighbouring frames aside.",
        )
    return _split(labels, groups, validation_fraction)


def split_stretches(labels: LabelSet, *, validation_fraction: float) -> Split:
    """Set stretches of neighbouring frames aside, of about that share of the frames together.

    Raises UserError where there are fewer than two frames.
    """
    if len(labels) < 2:
        raise UserError("One frame cannot be split.", hint="Label more frames first.")
    most = max(1, round(_PIECE * validation_fraction * len(labels)))
    numbers = np.array([frame.frame_index for frame in labels.frames])
    groups: list[np.ndarray] = []
    for video in np.unique(_videos(labels)):
        own = np.flatnonzero(_videos(labels) == video)
        own = own[np.argsort(numbers[own], kind="stable")]
        gaps = np.diff(numbers[own])
        far = gaps > _FAR * max(float(np.median(gaps)), 1.0) if len(gaps) else np.zeros(0, dtype=bool)
        ends = np.flatnonzero(far) + 1
        for stretch in np.split(own, ends):
            pieces = -(-len(stretch) // most)
            groups += np.array_split(stretch, pieces)
    return _split(labels, groups, validation_fraction)


#: The ways by their names.
SPLIT_RULES: Mapping[str, Callable[..., Split]] = {"video": split_videos, "stretch": split_stretches}


def _videos(labels: LabelSet) -> np.ndarray:
    return np.array([frame.video_index for frame in labels.frames], dtype=np.int64)


def _split(labels: LabelSet, groups: Sequence[np.ndarray], fraction: float) -> Split:
    """Draw groups, the same each time, until their frames are nearest to a share of all; one at least, and not all."""
    wanted, total = fraction * len(labels), 0
    chosen: list[int] = []
    order = np.random.default_rng(0).permutation(len(groups))
    for group in order:
        if len(chosen) < len(groups) - 1 and abs(total + len(groups[group]) - wanted) < abs(total - wanted):
            chosen.append(int(group))
            total += len(groups[group])
    chosen = chosen or [min(range(len(groups)), key=lambda group: len(groups[group]))]
    val = np.sort(np.concatenate([groups[group] for group in chosen]))
    train = np.setdiff1d(np.arange(len(labels)), val)
    return Split(tuple(train.tolist()), tuple(val.tolist()))
