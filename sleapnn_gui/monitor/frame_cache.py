"""The images of a run with what the model saw in them, as many as a fixed amount of memory holds."""

import math
from typing import Any

import attrs

from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor.matching import Matching

FRAME_BYTES = 192 * 2**20
"""Memory for images and confidence maps; beyond it, older epochs are thinned out."""


@attrs.frozen
class _Kept:
    event: Event
    badness: tuple[int, float]
    """Animals that were missed or are none, then the mean error."""


class FrameCache:
    """The frames of each epoch within a fixed amount of memory: the newest and the first epochs stay longest."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._epochs: dict[int, list[_Kept]] = {}
        self.version = 0
        """Grows with every change."""

    @property
    def epochs(self) -> list[int]:
        """Epochs that have frames, in order; the newest one only once it has what the one before it has."""
        found = sorted(self._epochs)
        if len(found) > 1 and not self._has_validation(found[-1]) and self._has_validation(found[-2]):
            return found[:-1]
        return found

    def add(self, event: Event) -> None:
        """Keep a frame; the same image of the same epoch sent again replaces the older one."""
        said = event.typed_as(Frame)
        frames = self._epochs.setdefault(said.epoch, [])
        for index, known in enumerate(frames):
            if frame_key(known.event) == frame_key(event):
                self._bytes -= _weight(known)
                del frames[index]
                break
        matching = Matching.of(said)
        error = said.error_px
        frames.append(_Kept(event, (matching.wrong, -1.0 if error is None else float(error))))
        self._bytes += _weight(frames[-1])
        self.version += 1
        while self._bytes > self._limit and len(self._epochs) > 2:
            self._thin_out()

    def has(self, epoch: int) -> bool:
        """Whether there is any frame of an epoch."""
        return epoch in self._epochs

    def of_epoch(self, epoch: int, *, split: str = "", part: int | None = None) -> list[Event]:
        """The frames of an epoch, validation before training, each worst first; `split` names one of the two.

        With `part`, the place of a body part, the worst are those with the greatest error of it.
        """
        frames = [
            frame
            for frame in self._epochs.get(epoch, [])
            if not split or frame.event.typed_as(Frame).split == split
        ]
        frames.sort(key=lambda frame: frame.badness, reverse=True)
        if part is not None:
            frames.sort(key=lambda frame: _of_part(frame.event.typed_as(Frame), part), reverse=True)
        frames.sort(key=lambda frame: frame.event.typed_as(Frame).split != "validation")
        return [frame.event for frame in frames]

    def worst_of(self, part: str, *, upto: int) -> Event | None:
        """The frame with the greatest error of a part among all that were validated, of the newest epoch that tells which."""
        for epoch in sorted(self._epochs, reverse=True):
            for frame in self._epochs[epoch] if epoch <= upto else ():
                if part in (frame.event.typed_as(Frame).worst_of or ()):
                    return frame.event
        return None

    def _has_validation(self, epoch: int) -> bool:
        return any(frame.event.typed_as(Frame).split == "validation" for frame in self._epochs[epoch])

    def _thin_out(self) -> None:
        """Drop the epoch whose neighbours stand closest together; the first and the last always stay."""
        epochs = sorted(self._epochs)
        gaps = [(epochs[i + 1] - epochs[i - 1], epochs[i]) for i in range(1, len(epochs) - 1)]
        _, dropped = min(gaps)
        self._bytes -= sum(map(_weight, self._epochs.pop(dropped)))


def part_error(said: Frame, part: int) -> float | None:
    """The greatest error of a body part on a frame, in source-image pixels; None where it was not found or not labelled."""
    gaps = []
    for true, found, _ in Matching.of(said).pairs:
        start, end = said.truth[true][part], said.predicted[found][part]
        if start is not None and end is not None:
            gaps.append(said.scale * math.dist(start, end))
    return max(gaps, default=None)


def _of_part(said: Frame, part: int) -> float:
    error = part_error(said, part)
    return -1.0 if error is None else error


def frame_key(event: Event) -> tuple[str, Any, Any, Any, int]:
    """What makes two frames show the same image: split, labels, video, frame number and place."""
    said = event.typed_as(Frame)
    return said.split, said.labels_file, said.video, said.frame, said.index


def _weight(frame: _Kept) -> int:
    return sum(array.nbytes for array in frame.event.arrays.values())
