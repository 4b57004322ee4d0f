"""Splits: nothing lost, nothing shared, the same each time, and sensible at the edges."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.split import split_frames
from tests.engine.data.scenes import plain_set


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    fraction=st.floats(0.001, 0.999),
)
def test_every_frame_is_on_exactly_one_side(counts, fraction):
    labels = plain_set(sum(counts), files=[i for i, count in enumerate(counts) for _ in range(count)])
    if len(labels) == 1:
        return
    split = split_frames(labels, validation_fraction=fraction)
    assert sorted(split.train + split.val) == list(range(len(labels)))
    assert split.train
    assert split.val
    assert split == split_frames(labels, validation_fraction=fraction)
    for file, count in enumerate(counts):
        drawn = sum(labels.frames[i].file_index == file for i in split.val)
        if count > 1:
            assert drawn == min(max(round(count * fraction), 1), count - 1)


@pytest.mark.parametrize(
    ("count", "fraction", "val"), [(25, 0.1, 2), (10, 0.1, 1), (200, 0.15, 30), (2, 0.9, 1), (3, 0.01, 1)]
)
def test_the_share_is_what_was_asked_for(count, fraction, val):
    split = split_frames(plain_set(count), validation_fraction=fraction)
    assert (len(split.train), len(split.val)) == (count - val, val)


def test_validation_frames_are_spread_and_each_file_has_its_own_draw():
    labels = plain_set(200, files=[0] * 100 + [1] * 100)
    val = split_frames(labels, validation_fraction=0.2).val
    first, second = (sorted(i - 100 * file for i in val if i // 100 == file) for file in (0, 1))
    assert first != second
    assert max(b - a for a, b in pairwise(first)) > 1
    assert max(first) - min(first) > 60


def test_a_files_draw_does_not_depend_on_the_files_after_it():
    alone = split_frames(plain_set(30), validation_fraction=0.2)
    together = split_frames(plain_set(50, files=[0] * 30 + [1] * 20), validation_fraction=0.2)
    assert alone.val == tuple(i for i in together.val if i < 30)


def test_one_frame_is_on_both_sides_with_a_warning():
    split = split_frames(plain_set(1), validation_fraction=0.1)
    assert (split.train, split.val) == ((0,), (0,))
    assert "only one frame" in split.warnings[0]


def test_files_of_one_frame_each_are_split_together():
    split = split_frames(plain_set(5, files=[0, 1, 2, 3, 4]), validation_fraction=0.4)
    assert (len(split.train), len(split.val)) == (3, 2)


def test_the_same_frames_on_both_sides_when_asked_for():
    split = split_frames(plain_set(4), validation_fraction=0.1, use_same_data_for_val=True)
    assert split.train == split.val == (0, 1, 2, 3)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_that_leaves_nothing_is_refused(fraction):
    with pytest.raises(UserError, match="between 0 and 1") as caught:
        split_frames(plain_set(4), validation_fraction=fraction)
    assert caught.value.usage


def test_no_frames_are_refused():
    with pytest.raises(UserError, match="no frames"):
        split_frames(plain_set(0), validation_fraction=0.1)
