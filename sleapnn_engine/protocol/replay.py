"""What the engine can say again: the journal on disk, and the newest frames in memory."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import attrs

from sleapnn_engine.protocol.journal import Page

#: How many frames are kept for viewers that come late or missed one, and how large they may be together.
RING_FRAMES = 64
RING_BYTES = 256 * 2**20

#: How many bytes of frames one reply carries; at least one frame goes in any case.
REPLY_FRAME_BYTES = 16 * 2**20


@attrs.frozen
class Frame:
    """A frame event as it was sent: number, JSON text, raw arrays."""

    seq: int
    line: bytes
    arrays: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes it takes in memory and on the wire."""
        return len(self.line) + sum(map(len, self.arrays))


class FrameRing:
    """The newest frames, bounded in number and bytes. Appended to by one thread at a time, read by any."""

    def __init__(self, *, frames: int = RING_FRAMES, size: int = RING_BYTES) -> None:
        self._kept: deque[Frame] = deque()
        self._most, self._limit, self._size = frames, size, 0

    def append(self, frame: Frame) -> None:
        """Keep a frame and let the oldest go until all fit."""
        self._kept.append(frame)
        self._size += frame.size
        while self._kept and (len(self._kept) > self._most or self._size > self._limit):
            self._size -= self._kept.popleft().size

    def between(self, first: int, last: int) -> list[Frame]:
        """The frames kept whose number lies in `first` .. `last`."""
        # A copy of a deque is taken in one step, so the thread that appends cannot disturb the walk.
        return [frame for frame in self._kept.copy() if first <= frame.seq <= last]


@attrs.frozen
class Stretch:
    """An answer to "what was said from here to there": lines, frames, and the number to ask from next."""

    lines: bytes
    frames: Sequence[Frame]
    next: int


class PageSource(Protocol):
    """Anything that can read a page of the journal."""

    def page(self, first: int, last: int, *, limit: int = ...) -> Page: ...


def recall(journal: PageSource, ring: FrameRing, *, first: int, last: int, frames: bool) -> Stretch:
    """Collect what fits into one reply of the events `first` .. `last`.

    Events from `next` on may be among the lines: whoever asked leaves them out and asks again from there.
    """
    if last < first:
        return Stretch(b"", (), first)
    page = journal.page(first, last)
    chosen: list[Frame] = []
    size = 0
    for frame in ring.between(first, page.next - 1) if frames else ():
        if chosen and size + frame.size > REPLY_FRAME_BYTES:
            return Stretch(page.lines, chosen, frame.seq)
        chosen.append(frame)
        size += frame.size
    return Stretch(page.lines, chosen, page.next)
