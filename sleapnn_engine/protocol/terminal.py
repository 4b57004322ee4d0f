"""The terminal: a progress line or a block of lines where someone watches, plain lines in a pipe."""

import contextlib
import os
import time
from collections.abc import Sequence
from typing import TextIO

#: Seconds between two redrawings of the progress line.
REDRAW_SECONDS = 0.1


class Terminal:
    """Writes to a text stream. Progress is left out when `enabled` is False, warnings are not.

    Work does not depend on who watches it: a terminal that is gone, or a pipe that nobody reads, is written to no more.
    """

    def __init__(self, stream: TextIO, *, enabled: bool = True, errors: TextIO | None = None) -> None:
        self._stream = stream
        self._errors = errors
        self._enabled = enabled
        self._live = enabled and stream.isatty()
        self._width = self._above = 0
        self._drawn = 0.0

    def line(self, text: str) -> None:
        """Write one line that stays."""
        if self._enabled:
            self._clear()
            self._write(text + "\n")

    def warn(self, text: str) -> None:
        """Write a warning, to the stream for errors."""
        if self._errors is None:
            return
        self._clear()
        with contextlib.suppress(OSError):
            self._errors.write(f"warning: {text}\n")
            self._errors.flush()

    def redraw(self, text: str, *, at_once: bool = False) -> None:
        """Show what is going on, in the place of what was shown before; only where someone watches."""
        now = time.perf_counter()
        if not self._live or (now - self._drawn < REDRAW_SECONDS and not at_once):
            return
        self._clear()
        self._write(text)
        self._drawn, self._width, self._above = now, len(text), text.count("\n")

    def redraw_lines(self, lines: Sequence[str], *, at_once: bool = False) -> None:
        """The same with several lines, none of them wider than the terminal."""
        if lines:
            self.redraw("\n".join(lines), at_once=at_once)

    def leave(self) -> None:
        """Let what was drawn stay, and go on below it."""
        if self._live and self._width:
            self._write("\n")
            self._width = self._above = 0

    def _clear(self) -> None:
        if not self._live or not self._width:
            return
        if self._above:
            self._write(f"\x1b[{self._above}A\r\x1b[J")
        else:
            self._write("\r" + " " * self._width + "\r")
        self._width = self._above = 0

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._enabled = self._live = False
            _give_up(self._stream)


def _give_up(stream: TextIO) -> None:
    """Let what is still in the stream go nowhere, or Python fails on it when the process ends."""
    with contextlib.suppress(OSError):  # a stream without a file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
