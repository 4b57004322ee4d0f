"""What a training tells in the terminal: phases, steps, epochs."""

from typing import TextIO

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.protocol.measures import HEADLINES, Measure, Unit
from sleapnn_engine.protocol.terminal import Terminal
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.report import Phase
from sleapnn_engine.training.state import BatchResult, EpochResult, Training


class Console(Callback):
    """Writes to a text stream; also listens to phases. Progress is left out when `enabled` is False, warnings are not."""

    def __init__(self, stream: TextIO, *, enabled: bool, errors: TextIO | None = None) -> None:
        self._terminal = Terminal(stream, enabled=enabled, errors=errors)

    def phase_changed(self, phase: Phase, state: str) -> None:
        """Preparation is told once each when it is done; a terminal also sees what is going on."""
        if phase.name in ("train", "validate", "save"):
            return
        if state == "done":
            self.line(f"{phase.text}: {phase.seconds:.1f} s")
        else:
            count = f" {phase.done} of {phase.total}" if phase.done is not None and phase.total else ""
            self._terminal.redraw(f"{phase.text}{count} ...", at_once=True)

    def batch_ended(self, training: Training, result: BatchResult) -> None:
        rate = result.samples / max(result.seconds, 1e-9)
        self._terminal.redraw(
            f"{epoch_name(training.progress.epoch)}/{training.parts.max_epochs}  {training.progress.batch}/{training.parts.steps_per_epoch} steps  "
            f"loss {result.loss:.6f}  {rate:.1f} samples/s"
        )

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        told = [] if result.errors is None else result.errors.items(HEADLINES)
        error = "".join(f"  {_brief(measure, value)}" for measure, value in told)
        seconds = result.train_seconds + result.val_seconds
        self.line(
            f"{epoch_name(result.epoch)}/{training.parts.max_epochs}  train {result.train:.6f}  val {result.val:.6f}{error}"
            f"  lr {plain(result.learning_rate)}  {seconds:.1f} s{'  best' if result.improved else ''}"
        )

    def line(self, text: str) -> None:
        """Write one line that stays."""
        self._terminal.line(text)

    def warn(self, text: str) -> None:
        """Write a warning, to the stream for errors."""
        self._terminal.warn(text)


def _brief(measure: Measure, value: float) -> str:
    unit = " px" if measure.unit is Unit.PIXELS else ""
    return f"{measure.brief or measure.group} {value:.2f}{unit}"
