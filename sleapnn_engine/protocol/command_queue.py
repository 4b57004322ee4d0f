"""Commands on their way to the loop that trains: a queue that refuses what makes no sense."""

import threading
from collections import deque
from typing import Any, Literal

from sleapnn_engine.protocol.events import LAST_KINDS
from sleapnn_engine.protocol.messages import Command

#: More unread commands than this means that nobody reads them.
MAX_WAITING = 64

Run = Literal["running", "paused", "stopping", "over"]

#: What an event says about how the run stands.
_STANDING: dict[str, Run] = {
    "paused": "paused",
    "resumed": "running",
    "stopping": "stopping",
    **dict.fromkeys(LAST_KINDS, "over"),
}

#: What an accepted command makes of it.
_WANTED: dict[str, Run] = {"pause": "paused", "resume": "running", "stop": "stopping"}

_REFUSALS: dict[tuple[str, Run], str] = {
    ("pause", "paused"): "The run is paused already.",
    ("pause", "stopping"): "The run is about to stop, so it cannot be paused.",
    ("resume", "running"): "The run is not paused.",
    ("resume", "stopping"): "The run is about to stop, so it cannot go on.",
}


class CommandQueue:
    """A thread-safe queue of commands that knows whether the run is paused, stopping or over."""

    def __init__(self) -> None:
        self._waiting: deque[Command] = deque()
        self._arrived = threading.Condition()
        self._run: Run = "running"

    def offer(self, verb: str, args: dict[str, Any]) -> str | None:
        """Queue a command; returns the reason when it is refused.

        An accepted pause counts as paused at once, so that a resume on its heels is accepted too.
        """
        with self._arrived:
            if self._run == "over":
                return "The run is over."
            refusal = _REFUSALS.get((verb, self._run))
            if refusal is not None:
                return refusal
            if len(self._waiting) >= MAX_WAITING:
                return f"{MAX_WAITING} commands are waiting already; the engine is busy. Try again later."
            self._run = _WANTED.get(verb, self._run)
            self._waiting.append(Command(verb, args))
            self._arrived.notify_all()
        return None

    def note(self, kind: str) -> None:
        """Learn from an event how the run stands."""
        standing = _STANDING.get(kind)
        if standing is not None:
            with self._arrived:
                # A command that is still waiting has the last word, and a stop is never taken back.
                overtaken = self._waiting or self._run in ("stopping", "over")
                if standing in ("stopping", "over") or not overtaken:
                    self._run = standing

    def pop(self) -> list[Command]:
        """Return and remove what is waiting; costs next to nothing when that is nothing."""
        if not self._waiting:
            return []
        with self._arrived:
            taken = list(self._waiting)
            self._waiting.clear()
        return taken

    def wait(self, timeout: float | None) -> Command | None:
        """Return the next command, waiting up to `timeout` seconds for one (None: for ever)."""
        with self._arrived:
            self._arrived.wait_for(lambda: bool(self._waiting), timeout)
            return self._waiting.popleft() if self._waiting else None
