"""One line of plain text for every event, for terminals and logs."""

import math
import time
from collections.abc import Callable
from typing import Any

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.counting import Reach, counted, epoch_name, exact_duration, step_name
from sleapnn_engine.protocol.measures import HEADLINES, Unit
from sleapnn_engine.protocol.messages import Event

#: Longest line of an event of a kind this program does not know.
_MAX_UNKNOWN = 200


def event_line(event: Event) -> str:
    """Say in one line what an event says, with the local time of day before it."""
    tell = _TELLERS.get(event.kind)
    text = tell(event.typed) if tell else f"{event.kind} {event.body}"[:_MAX_UNKNOWN]
    clock = time.strftime("%H:%M:%S", time.localtime(event.t))
    return f"{clock}  {' '.join(text.split())}"


def _number(value: float | None, *, unit: str = "") -> str:
    """A loss or a distance as people read it; None is a number that was not finite or is not there."""
    return "–" if value is None or math.isnan(value) else f"{plain(value, figures=5)}{unit}"


def _figure(value: float | None, unit: Unit) -> str:
    if unit is Unit.SHARE and value is not None:
        return f"{100 * value:.1f} %"
    return _number(value, unit=" px" if unit is Unit.PIXELS else " %")


def _started(said: events.Started) -> str:
    return (
        f"run {said.run_name}: {said.model_type}, {said.n_train} training and {said.n_val} "
        f"validation samples, up to {counted(said.max_epochs, 'epoch')} of "
        f"{counted(said.steps_per_epoch, 'step')}, "
        f"{said.parameters:,} parameters on {said.device}"
    )


def _samples(said: events.Samples) -> str:
    crops = "" if said.crop is None else f", crops of {said.crop} px cut off {counted(said.cut, 'animal')}"
    return (
        f"{counted(said.train_frames, 'frame')} to learn from, {said.val_frames} to measure with "
        f"({said.repeated} nearly repeat one to learn from){crops}"
    )


def _phase(said: events.Phase) -> str:
    count = ""
    if said.done is not None:
        count = f" {said.done}" + ("" if said.total is None else f"/{said.total}")
    seconds = "" if said.seconds is None else f" ({exact_duration(said.seconds)})"
    return f"{said.name} {said.state}{count}{seconds} {said.text}"


def _batch_end(said: events.BatchEnd) -> str:
    return f"{step_name(said.epoch, batch=said.batch)}: loss {_number(said.loss)}"


def _epoch_end(said: events.EpochEnd) -> str:
    measured = ""
    if (error := said.error) is not None:
        shown = [each for each in HEADLINES if each.always or error[each] is not None]
        measured = "".join(f", {each.caption} {_figure(error[each], each.unit)}" for each in shown)
    best = ", best so far" if said.best else ""
    return (
        f"{epoch_name(said.epoch)}: train {_number(said.train)}, val {_number(said.val)}{measured}, "
        f"lr {_number(said.lr)}, {exact_duration(said.seconds)}{best}"
    )


def _checkpoint(said: events.Checkpoint) -> str:
    return f"checkpoint of {epoch_name(said.epoch)}{' (best so far)' if said.best else ''}: {said.path}"


def _failed(said: events.Failed) -> str:
    where = f"{said.path}: " if said.path else ""
    return f"failed: {where}{said.message} {said.hint or ''}"


def _finished(said: events.Finished) -> str:
    best = ""
    if said.best_epoch is not None:
        best = f", best is {epoch_name(said.best_epoch)} (val {_number(said.best_val)})"
    return (
        f"{said.outcome.replace('_', ' ')} after {Reach(said.epochs, said.steps).text} in "
        f"{exact_duration(said.seconds)}{best}: {said.run_dir}{_warnings(said)}"
    )


def _warnings(said: events.Finished) -> str:
    return "".join(f" Warning: {text}" for text in said.warnings)


def _frame(said: events.Frame) -> str:
    error = _number(said.error_px, unit=" px")
    return f"{said.split} frame {said.index + 1} after {epoch_name(said.epoch)}: mean error {error}"


def _heartbeat(said: events.Heartbeat) -> str:
    epoch = "" if said.epoch is None else f", {epoch_name(said.epoch)}"
    steps = "" if said.step is None else f", {counted(said.step, 'step')} done"
    return f"{said.state}{epoch}{steps}"


_TELLERS: dict[str, Callable[[Any], str]] = {
    "samples": _samples,
    "started": _started,
    "phase": _phase,
    "batch_end": _batch_end,
    "epoch_end": _epoch_end,
    "checkpoint": _checkpoint,
    "pausing": lambda said: "pausing after the batch in progress",
    "paused": lambda said: f"paused in {epoch_name(said.epoch)} after {counted(said.step, 'step')}",
    "resumed": lambda said: (
        f"resumed in {epoch_name(said.epoch)} after a pause of {exact_duration(said.paused_seconds)}"
    ),
    "stopping": lambda said: f"stopping after this {said.after}{f': {said.reason}' if said.reason else ''}",
    "stop_rules": lambda said: f"stops by itself: {' or '.join(said.rules) or 'by no rule'}",
    "memory_released": lambda said: said.text,
    "log": lambda said: f"{said.level}: {said.text}",
    "failed": _failed,
    "finished": _finished,
    "frame": _frame,
    "heartbeat": _heartbeat,
}
