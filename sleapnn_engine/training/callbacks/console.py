"""The terminal: a progress line where someone watches, plain lines in a pipe."""

import contextlib
import os
import time
from typing import TextIO

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.protocol.measures import HEADLINES, Measure, Unit

from ..report import Phase
from ..state import BatchResult, EpochResult, Training
from .base import Callback

#: Seconds between two redrawings of the progress line.
REDRAW_SECONDS = 0.1


class Console(Callback):
    """Writes to a text stream; also listens to phases. Progress is left out when `enabled` is False, warnings are not.

    A run does not depend on who watches it: a terminal that is gone, or a pipe that nobody reads, is written to no more.
    """

    def __init__(self, stream: TextIO, *, enabled: bool, errors: TextIO | None = None) -> None:
        self._stream = stream
        self._errors = errors
        self._enabled = enabled
        self._live = enabled and stream.isatty()
        self._width = 0
        self._drawn = 0.0

    def phase_changed(self, phase: Phase, state: str) -> None:
        """Preparation is told once each when it is done; a terminal also sees what is going on."""
        if phase.name in ("train", "validate", "save"):
            return
        if state == "done":
            self.line(f"{phase.text}: {phase.seconds:.1f} s")
        else:
            count = f" {phase.done} of {phase.total}" if phase.done is not None and phase.total else ""
            self._redraw(f"{phase.text}{count} ...", at_once=True)

    def batch_ended(self, training: Training, result: BatchResult) -> None:
        rate = result.samples / max(result.seconds, 1e-9)
        self._redraw(
            f"{epoch_name(training.epoch)}/{training.max_epochs}  {training.batch}/{training.steps_per_epoch} steps  "
            f"loss {result.loss:.6f}  {rate:.1f} samples/s"
        )

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        told = [] if result.errors is None else result.errors.told(HEADLINES)
        error = "".join(f"  {_brief(measure, value)}" for measure, value in told)
        seconds = result.train_seconds + result.val_seconds
        self.line(
            f"{epoch_name(result.epoch)}/{training.max_epochs}  train {result.train:.6f}  val {result.val:.6f}{error}"
            f"  lr {plain(result.learning_rate)}  {seconds:.1f} s{'  best' if result.improved else ''}"
        )

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

    def _redraw(self, text: str, *, at_once: bool = False) -> None:
        now = time.perf_counter()
        if not self._live or (now - self._drawn < REDRAW_SECONDS and not at_once):
            return
        self._clear()
        self._write(text)
        self._drawn, self._width = now, len(text)

    def _clear(self) -> None:
        if self._live and self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

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


def _brief(measure: Measure, value: float) -> str:
    unit = " px" if measure.unit is Unit.PIXELS else ""
    return f"{measure.brief or measure.group} {value:.2f}{unit}"
