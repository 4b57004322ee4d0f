"""A run in a terminal: its events as lines, and below them its curves, drawn anew as they grow."""

import shutil
from typing import TextIO

from sleapnn_engine.protocol.counting import counted, epoch_number, step_name
from sleapnn_engine.protocol.event_text import event_line
from sleapnn_engine.protocol.events import BatchEnd, EpochEnd, Started
from sleapnn_engine.protocol.measures import MEDIAN_PX
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.terminal import Terminal
from sleapnn_engine.protocol.text_curve import Series, drawn_curves

#: Points of a curve that are kept; beyond these, neighbours become their mean.
_MOST_POINTS = 2000
_LOSS_ROWS, _ERROR_ROWS = 8, 5
#: Lines that are left to what was said, and the lowest terminal that has room for the error as well.
_ROOM, _TALL = 6, 24
_SIGNS = ("·", "●"), (".", "o")

Points = list[tuple[float, float]]


class LiveCurves:
    """Shows the events of one run on a terminal; batches are told by the curve alone."""

    def __init__(self, stream: TextIO) -> None:
        self._terminal = Terminal(stream)
        self._signs = _signs(stream.encoding)
        self._train: Points = []
        self._val: Points = []
        self._errors: Points = []
        self._steps = self._max_epochs = 0
        self._reached = ""

    def show(self, event: Event) -> None:
        """Take an event in and show it."""
        said = event.typed
        if isinstance(said, Started):
            self._steps, self._max_epochs = said.steps_per_epoch, said.max_epochs
        elif isinstance(said, BatchEnd):
            self._add_batch(said)
        elif isinstance(said, EpochEnd):
            self._add_epoch(said)
        if event.kind != "batch_end":
            self._terminal.line(event_line(event))
        self._terminal.redraw_lines(self._lines(), at_once=event.kind != "batch_end")

    def leave(self) -> None:
        """Leave the curves as they are; what comes now stands below them."""
        self._terminal.leave()

    def _add_batch(self, said: BatchEnd) -> None:
        total = f" of up to {counted(self._max_epochs, 'epoch')}" if self._max_epochs else ""
        self._reached = f"{step_name(said.epoch, batch=said.batch)}{total}"
        if said.loss is not None and self._steps:
            self._train.append((said.epoch + (said.batch + 1) / self._steps, said.loss))
            if len(self._train) > _MOST_POINTS:
                self._train = _halved(self._train)

    def _add_epoch(self, said: EpochEnd) -> None:
        over = float(epoch_number(said.epoch))
        if said.val is not None:
            self._val.append((over, said.val))
        error = said.error[MEDIAN_PX] if said.error is not None else None
        if error is not None:
            self._errors.append((over, error))

    def _lines(self) -> list[str]:
        size = shutil.get_terminal_size()
        width, room = size.columns - 1, size.lines - _ROOM
        train, val = self._signs
        losses = [Series("training", train, self._train), Series("validation", val, self._val)]
        height = min(_LOSS_ROWS, room - 3)
        if height < 2:
            return [self._reached[:width]] if self._reached else []
        lines = drawn_curves(losses, title="loss", width=width, height=height, log=True)
        if size.lines >= _TALL:
            errors = [Series("px", val, self._errors)]
            lines += drawn_curves(errors, title="median error", width=width, height=_ERROR_ROWS, log=False)
        return [*lines, self._reached[:width]] if lines else []


def _halved(points: Points) -> Points:
    pairs = zip(points[::2], points[1::2], strict=False)
    return [((one + other) / 2, (first + second) / 2) for (one, first), (other, second) in pairs]


def _signs(encoding: str | None) -> tuple[str, str]:
    """Signs for training and validation that the terminal has a code for."""
    try:
        "".join(_SIGNS[0]).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _SIGNS[1]
    return _SIGNS[0]
