"""The time of events: the system's, but never one that runs backwards."""

import time

#: Differences between the two clocks that are no more than this are drift, which is followed.
_DRIFT_SECONDS = 1.0


class EventClock:
    """Unix seconds that never fall, so that what lies between two events is a duration.

    Where the system's clock is set back while a run goes on, time goes on from where it was, until the clock is set
    forward again. A clock that is set forward, or a computer that slept, is followed at once.
    """

    def __init__(self) -> None:
        self._ahead = 0.0
        self._wall, self._monotonic, self._last = time.time(), time.monotonic(), 0.0

    def now(self) -> float:
        """The time of an event that is said now."""
        wall, monotonic = time.time(), time.monotonic()
        jump = (wall - self._wall) - (monotonic - self._monotonic)
        self._wall, self._monotonic = wall, monotonic
        if abs(jump) > _DRIFT_SECONDS:
            self._ahead = max(0.0, self._ahead - jump)
        self._last = max(self._last, wall + self._ahead)
        return self._last
