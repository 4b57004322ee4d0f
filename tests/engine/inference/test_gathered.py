"""Frames that are packed come back as they were, from memory and from the temporary file."""

import tempfile

import attrs
import numpy as np
import pytest

from sleapnn_engine.decoding.animals import PredictedFrame
from sleapnn_engine.inference.gathered import Gathered


def frames(count: int) -> list[PredictedFrame]:
    random = np.random.default_rng(1)
    made = []
    for number in range(count):
        animals = int(random.integers(0, 4))
        points = random.uniform(0, 90, (animals, 3, 2)).astype(np.float32 if number % 3 else np.float64)
        points[random.uniform(size=points.shape[:2]) < 0.4] = np.nan
        made.append(
            PredictedFrame(
                video=number % 2,
                frame_index=number,
                points=points,
                node_scores=random.uniform(size=(animals, 3)).astype(np.float32),
                scores=random.uniform(size=animals).astype(np.float32),
                classes=random.integers(-1, 3, animals),
                class_scores=random.uniform(size=animals).astype(np.float32),
            )
        )
    return made


def same(one: PredictedFrame, other: PredictedFrame) -> None:
    for field in attrs.fields(PredictedFrame):
        a, b = np.asarray(getattr(one, field.name)), np.asarray(getattr(other, field.name))
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name


@pytest.mark.parametrize(("held", "room"), [(0, True), (0, False), (50_000, True), (10**9, True)])
def test_what_is_gathered_comes_back(held: int, room: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not room:
        monkeypatch.setattr(tempfile, "tempdir", "/there/is/no/such/folder")
    gathered, added = Gathered(held=held), frames(600)
    for number, frame in enumerate(added):
        gathered.add(frame)
        assert len(gathered) == number + 1
        if number in (100, 520):  # what is done is written when it is interrupted
            assert [one.frame_index for one in gathered] == list(range(number + 1))
    for _ in range(2):
        back = list(gathered)
        for one, other in zip(back, added, strict=True):
            same(one, other)
    assert gathered.animals == sum(
        int(np.isfinite(one.points).all(axis=-1).any(axis=-1).sum()) for one in added
    )
    assert (gathered._file is not None) == (room and held < 10**9)
    gathered.close()
