"""Puts events into order: live ones, repeated ones and pages of the journal become one sequence."""

from collections import deque
from collections.abc import Iterable

from sleapnn_engine.protocol.messages import Event

#: Live events kept while an earlier one is still missing; what goes beyond is fetched again later.
MAX_AHEAD = 5_000


class EventOrder:
    """Hands out every event once, in the order of its number. Knows nothing of sockets.

    `first` is the number to begin with; None waits for `begin`. Events without a number (heartbeats) are
    handed out as they come.
    """

    def __init__(self, first: int | None) -> None:
        self._next = first
        self._newest = 0
        self._ahead: dict[int, Event] = {}
        self._ready: deque[Event] = deque()

    @property
    def ready(self) -> int:
        """How many events can be taken now."""
        return len(self._ready)

    @property
    def next(self) -> int | None:
        """Number of the event that must come next; None before `begin`."""
        return self._next

    @property
    def newest(self) -> int:
        """Highest number that is known to exist."""
        return self._newest

    def begin(self, first: int) -> None:
        """Say which number comes first, if that was left open."""
        if self._next is None:
            self._next = first
            self._advance()

    def known_to(self, last_seq: int) -> None:
        """Learn that events up to `last_seq` exist."""
        self._newest = max(self._newest, last_seq)

    def live(self, event: Event) -> None:
        """Take an event from the event socket."""
        if event.seq is None:
            self._ready.append(event)
            return
        self.known_to(event.seq)
        if event.seq == self._next:
            self._ready.append(event)
            self._next += 1
            self._advance()
        elif (self._next is None or event.seq > self._next) and len(self._ahead) < MAX_AHEAD:
            self._ahead[event.seq] = event

    def page(self, events: Iterable[Event], *, next_seq: int) -> None:
        """Take repeated events; what is missing among them below `next_seq` is gone for good."""
        if self._next is None:
            return
        for event in sorted(events, key=lambda one: one.seq or 0):
            if event.seq is not None and self._next <= event.seq < next_seq:
                self._ready.append(event)
                self._next = event.seq + 1
        self._next = max(self._next, next_seq)
        self._advance()

    def missing(self) -> tuple[int, int] | None:
        """First and last number of the first gap, or None when everything known is here."""
        if self._next is None or self._next > self._newest:
            return None
        return self._next, min(self._ahead, default=self._newest + 1) - 1

    def pop(self, limit: int) -> list[Event]:
        """Return and remove the next events, at most `limit`."""
        return [self._ready.popleft() for _ in range(min(limit, len(self._ready)))]

    def _advance(self) -> None:
        assert self._next is not None
        while (event := self._ahead.pop(self._next, None)) is not None:
            self._ready.append(event)
            self._next += 1
        if self._ahead and min(self._ahead) < self._next:
            self._ahead = {seq: event for seq, event in self._ahead.items() if seq > self._next}
