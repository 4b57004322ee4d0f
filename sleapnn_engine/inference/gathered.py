"""What was found so far, packed: in memory as long as it is little, and behind that in a temporary file."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator
from typing import IO

import attrs
import numpy as np

from sleapnn_engine.decoding.animals import PredictedFrame

#: Frames that are packed together.
_TOGETHER = 256
#: Bytes that stay in memory.
_HELD = 32_000_000
_OF_ANIMALS = ("points", "node_scores", "scores", "classes", "class_scores")


@attrs.define(eq=False)
class Gathered:
    """Frames in the order in which they are added, any number of them; `animals` are those of them that have a point.

    Where no temporary file can be written, they stay in memory.
    """

    held: int = _HELD
    animals: int = attrs.field(default=0, init=False)
    _count: int = attrs.field(default=0, init=False)
    _fresh: list[PredictedFrame] = attrs.field(factory=list, init=False)
    _packed: list[bytes] = attrs.field(factory=list, init=False)
    _file: IO[bytes] | None = attrs.field(default=None, init=False)
    _sizes: list[int] = attrs.field(factory=list, init=False)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PredictedFrame]:
        """All frames so far; none may be added meanwhile."""
        if self._file is not None:
            self._file.seek(0)
            for size in self._sizes:
                yield from _unpacked(self._file.read(size))
        for packed in self._packed:
            yield from _unpacked(packed)
        yield from self._fresh

    def add(self, frame: PredictedFrame) -> None:
        """Keep a frame."""
        self._fresh.append(frame)
        self._count += 1
        self.animals += int(np.isfinite(frame.points).all(axis=-1).any(axis=-1).sum())
        if len(self._fresh) == _TOGETHER:
            self._packed.append(_packed(self._fresh))
            self._fresh = []
            if sum(map(len, self._packed)) > self.held:
                self._store()

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._file is not None:
            self._file.close()

    def _store(self) -> None:
        """Move what is packed into the file."""
        with contextlib.suppress(OSError):  # no room there: memory is what there is
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="sleapnn-found-")  # noqa: SIM115, closed by `close`
            self._file.seek(sum(self._sizes))
            data = b"".join(self._packed)
            self._file.write(data)
            self._file.flush()
            self._sizes += [len(packed) for packed in self._packed]
            self._packed = []


def _packed(frames: list[PredictedFrame]) -> bytes:
    """Frames with animals of the same nodes as the bytes of a few arrays."""
    places = np.array([(frame.video, frame.frame_index, len(frame.points)) for frame in frames])
    arrays = [np.concatenate([getattr(frame, name) for frame in frames]) for name in _OF_ANIMALS]
    file = io.BytesIO()
    for array in (places, *arrays):
        np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _unpacked(packed: bytes) -> Iterator[PredictedFrame]:
    file = io.BytesIO(packed)
    places, *arrays = (np.load(file, allow_pickle=False) for _ in range(1 + len(_OF_ANIMALS)))
    ends = places[:, 2].cumsum()
    for (video, frame, count), end in zip(places.tolist(), ends.tolist(), strict=True):
        own = {name: array[end - count : end] for name, array in zip(_OF_ANIMALS, arrays, strict=True)}
        yield PredictedFrame(video=video, frame_index=frame, **own)
