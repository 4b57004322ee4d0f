"""The way from the link's thread to the window: bounded, in order, batch results packed into columns."""

import threading
from collections import deque

import attrs
import numpy as np

from sleapnn_engine.protocol.batch_lines import BatchLines
from sleapnn_engine.protocol.messages import Event

CAPACITY = 200_000
"""Events that may wait before the link's thread is held back; the journal keeps what the sockets then drop."""

MOST_FRAMES = 64
"""Waiting image events beyond this push out the oldest: they are large, and newer ones show the same frames."""

MOST_BATCHES = 20_000
"""Batch results in one packet, so that one turn of the window can take a long history piece by piece."""

EVENT_COST = 20
"""What any other event costs the window, in batch results."""


@attrs.define
class Batches:
    """Consecutive `batch_end` events as columns of equal length."""

    seqs: list[int] = attrs.field(factory=list)
    epochs: list[int] = attrs.field(factory=list)
    steps: list[int] = attrs.field(factory=list)
    batch: int = 0
    """Place of the newest of them in its epoch."""
    losses: list[float] = attrs.field(factory=list)
    """Loss of each batch; NaN where it was not finite."""
    seconds: list[float] = attrs.field(factory=list)
    heads: dict[str, list[float]] = attrs.field(factory=dict)
    """Loss of each head, each as long as `losses`."""
    since: float = 0.0
    """Time of the oldest of them, in Unix seconds."""
    t: float = 0.0
    """Time of the newest of them, in Unix seconds."""

    def __len__(self) -> int:
        return len(self.seqs)

    def add(self, event: Event) -> None:
        """Append one `batch_end` event."""
        said = (
            event.body
        )  # checked when it was read; a class of its own for each would take longer than all else here
        before = len(self.seqs)
        self.seqs.append(event.seq or 0)
        self.epochs.append(said["epoch"])
        self.steps.append(said["step"])
        self.batch = said["batch"]
        self.losses.append(_number(said["loss"]))
        self.seconds.append(_number(said["seconds"]))
        for name, value in said["losses"].items():
            self.heads.setdefault(name, [np.nan] * before).append(_number(value))
        for column in self.heads.values():
            if len(column) == before:
                column.append(np.nan)
        self.since = self.since or event.t
        self.t = event.t

    def extend(self, lines: BatchLines) -> None:
        """Append what was read as columns."""
        before, now = len(self.seqs), len(self.seqs) + len(lines)
        self.seqs += lines.seqs
        self.epochs += lines.epochs
        self.steps += lines.steps
        self.batch = lines.batches[-1]
        self.losses += lines.losses
        self.seconds += lines.seconds
        for name, values in lines.heads.items():
            self.heads.setdefault(name, [np.nan] * before).extend(values)
        for column in self.heads.values():
            column.extend([np.nan] * (now - len(column)))
        self.since = self.since or lines.times[0]
        self.t = lines.times[-1]


def _number(value: float | None) -> float:
    return np.nan if value is None else value


Item = Event | Batches


class EventQueue:
    """Events from one thread to another, in order. `put` may wait for room or to go on; `pop` never waits."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._waiting = 0
        self._frames = 0
        self._closed = self._held = False
        self._room = threading.Condition()
        self.dropped_frames = 0

    def __len__(self) -> int:
        return self._waiting

    def put(self, event: Event | BatchLines) -> bool:
        """Add one event, or many batch results, waiting while the queue is full or held; False when it was closed meanwhile."""
        with self._room:
            while (self._held or self._waiting >= self._capacity) and not self._closed:
                self._room.wait()
            if self._closed:
                return False
            if isinstance(event, BatchLines):
                self._packet(len(event)).extend(event)
                self._waiting += len(event)
                return True
            if event.kind == "batch_end":
                self._packet(1).add(event)
            else:
                self._items.append(event)
            self._waiting += 1
            if event.arrays:
                self._frames += 1
                if self._frames > MOST_FRAMES:
                    self._drop_oldest_frame()
            return True

    def pop(self, *, most: int = MOST_BATCHES) -> list[Item]:
        """Remove and return what waits, oldest first, up to about the work of `most` batch results."""
        with self._room:
            taken: list[Item] = []
            work = 0
            while self._items and work < most:
                item = self._items.popleft()
                if isinstance(item, Batches):
                    work += len(item)
                    self._waiting -= len(item)
                else:
                    work += EVENT_COST
                    self._waiting -= 1
                    self._frames -= bool(item.arrays)
                taken.append(item)
            self._room.notify_all()
            return taken

    def hold(self) -> None:
        """Let whoever puts wait: two threads at work in one interpreter take twice as long each."""
        self._held = True

    def go_on(self) -> None:
        """End what `hold` began."""
        with self._room:
            self._held = False
            self._room.notify_all()

    def close(self) -> None:
        """Take nothing more and let a waiting `put` go."""
        with self._room:
            self._closed = True
            self._room.notify_all()

    def _packet(self, more: int) -> Batches:
        """Where `more` batch results go."""
        last = self._items[-1] if self._items else None
        if not isinstance(last, Batches) or len(last) + more > MOST_BATCHES:
            last = Batches()
            self._items.append(last)
        return last

    def _drop_oldest_frame(self) -> None:
        for index, item in enumerate(self._items):
            if isinstance(item, Event) and item.arrays:
                del self._items[index]
                self._frames -= 1
                self._waiting -= 1
                self.dropped_frames += 1
                return
