"""Ctrl-C, a polite kill, a terminal that is closed: noticed between two steps of work, at once otherwise."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import attrs

#: The last one is what a program on Windows sends to a process that it has started.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
CAUGHT = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))


class Interrupted(BaseException):
    """A signal asked the process to end; the text is the signal's name.

    No Exception, for what guards against faults of other people's code must not swallow it.
    """


class Work(Protocol):
    """What goes on in steps and looks between them whether it is to end."""

    interrupted: str | None


@attrs.define(repr=False)  # whoever sets a handler has Python write it out, and with it the whole network
class Signals:
    """Where a signal goes: its name to `work.interrupted` while there is work, else out as an exception."""

    work: Work | None = None

    def _received(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        # A second one means now: the system's own handling, which ends the process at once.
        signal.signal(number, signal.SIG_DFL)
        if self.work is None:
            raise Interrupted(name)
        self.work.interrupted = name

    @contextmanager
    def caught(self) -> Iterator["Signals"]:
        """Handle signals inside, and as before afterwards. Must run in the main thread.

        A run that was started to outlive its terminal (nohup) still does.
        """
        left = {getattr(signal, "SIGHUP", None)} if _outlives_terminal() else set()
        before = {number: signal.signal(number, self._received) for number in CAUGHT if number not in left}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _outlives_terminal() -> bool:
    return hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
