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
    a warning.

    Raises UserError when there is no frame or the fraction is not between 0 and 1.
    """
    count = len(labels.frames)
    if not count:
        raise UserError("There are no frames to split.", hint="Label some frames first.")
    if use_same_data_for_val:
        return Split(tuple(range(count)), tuple(range(count)))
    if not 0 < validation_fraction < 1:
        message = f"The validation fraction must be between 0 and 1, not {validation_fraction}."
        where = "data_config.validation_fraction"
        raise UserError(message, where=where, hint="Give a share such as 0.1.", usage=True)
    if count == 1:
        warning = (
            "There is only one frame: it is used for both training and validation, so the score says little."
        )
        return Split((0,), (0,), (warning,))
    files = np.array([frame.file_index for frame in labels.frames])
    val: list[int] = []
    for file_index in range(len(labels.files)):
        members = np.flatnonzero(files == file_index)
        val += _draw(members, validation_fraction, np.random.default_rng(file_index))
    if not val:
        val = _draw(np.arange(count), validation_fraction, np.random.default_rng(len(labels.files)))
    chosen = set(val)
    train = tuple(index for index in range(count) if index not in chosen)
    return Split(train, tuple(sorted(chosen)), _small_split_warnings(train, val))


def _draw(members: np.ndarray, fraction: float, generator: np.random.Generator) -> list[int]:
    """Draw the validation frames of one file: at least one, and at least one stays for training."""
    if len(members) < 2:
        return []
    wanted = round(len(members) * fraction)
    number = min(max(wanted, 1), len(members) - 1)
    return [int(members[i]) for i in generator.permutation(len(members))[:number]]


def _small_split_warnings(train: Sequence[int], val: Sequence[int]) -> tuple[str, ...]:
    if len(val) >= 3:
        return ()
    said = f"Only {counted(len(val), 'validation frame')} of {len(train) + len(val)}: expect a noisy score."
    return (said,)
