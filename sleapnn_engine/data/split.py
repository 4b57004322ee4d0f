"""Which frames are learned from and which only measure the model; the same for every model type."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.records import LabelSet


@attrs.frozen
class Split:
    """Indices into `LabelSet.frames`, ascending, and what should be said about them."""

    train: tuple[int, ...]
    val: tuple[int, ...]
    warnings: tuple[str, ...] = ()


def split_frames(
    labels: LabelSet, *, validation_fraction: float, use_same_data_for_val: bool = False
) -> Split:
    """Split the frames of `labels` at random into training and validation frames; none is lost.

    Each labels file is split on its own: `round(frames * validation_fraction)` of it, at least 1 and at
    most all but one, go to validation; a file with a single frame is learned from. The draw depends on the
    file's place in the list and its number of frames and on nothing else, so that the two models of a
    top-down pair share their split, and models of several seeds are measured on the same frames. With
    `use_same_data_for_val` all frames are in both. When there is only one frame in all, it is in both, with
    a warning. Frames that are marked as empty are split by themselves and change nothing about the others.

    Raises UserError when there is no frame with an animal or the fraction is not between 0 and 1.
    """
    empty = np.array([frame.empty for frame in labels.frames], dtype=bool)
    count, (shown,) = len(empty), np.nonzero(~empty)
    if not len(shown):
        raise UserError("There are no frames to split.", hint="Label some frames first.")
    if use_same_data_for_val:
        return Split(tuple(range(count)), tuple(range(count)))
    if not 0 < validation_fraction < 1:
        message = f"The validation fraction must be between 0 and 1, not {validation_fraction}."
        where = "data_config.validation_fraction"
        raise UserError(message, where=where, hint="Give a share such as 0.1.", usage=True)
    if len(shown) == 1:
        warning = (
            "There is only one frame: it is used for both training and validation, so the score says little."
        )
        return Split(tuple(range(count)), (int(shown[0]),), (warning,))
    val = _draw_by_file(labels, shown, validation_fraction)
    if not val:
        val = _draw(shown, validation_fraction, np.random.default_rng(len(labels.files)))
    warnings = _small_split_warnings(len(shown), val)
    chosen = {*val, *_draw_by_file(labels, np.flatnonzero(empty), validation_fraction)}
    train = tuple(index for index in range(count) if index not in chosen)
    return Split(train, tuple(sorted(chosen)), warnings)


def _draw_by_file(labels: LabelSet, frames: np.ndarray, fraction: float) -> list[int]:
    """Draw the validation frames of each file from some frames."""
    files = np.array([labels.frames[index].file_index for index in frames])
    drawn: list[int] = []
    for number in range(len(labels.files)):
        drawn += _draw(frames[files == number], fraction, np.random.default_rng(number))
    return drawn


def _draw(members: np.ndarray, fraction: float, generator: np.random.Generator) -> list[int]:
    """Draw the validation frames of one file: at least one, and at least one stays for training."""
    if len(members) < 2:
        return []
    wanted = round(len(members) * fraction)
    number = min(max(wanted, 1), len(members) - 1)
    return [int(members[i]) for i in generator.permutation(len(members))[:number]]


def _small_split_warnings(count: int, val: Sequence[int]) -> tuple[str, ...]:
    if len(val) >= 3:
        return ()
    said = f"Only {counted(len(val), 'validation frame')} of {count}: expect a noisy score."
    return (said,)
