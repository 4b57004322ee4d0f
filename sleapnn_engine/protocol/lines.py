"""One line of plain text for every event, for terminals and logs."""

import time
from collections.abc import Callable
from typing import Any

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.counting import Reach, counted, epoch_name, exact_duration, step_name
from sleapnn_engine.protocol.measures import HEADLINES, Measured, Unit
from sleapnn_engine.protocol.messages import Event

#: Longest line of an event of a kind this program does not know.
_MAX_UNKNOWN = 200


def event_line(event: Event) -> str:
    """Say in one line what an event says, with the local time of day before it."""
    tell = _TELLERS.get(event.kind)
    text = tell(event.body) if tell else f"{event.kind} {event.body}"[:_MAX_UNKNOWN]
    clock = time.strftime("%H:%M:%S", time.localtime(event.t))
    return f"{clock}  {' '.join(text.split())}"


def _number(value: float | None, *, unit: str = "") -> str:
    """A loss or a distance as people read it; None is a number that was not finite or is not there."""
    return "–" if value is None else f"{plain(value, figures=5)}{unit}"


def _figure(value: float | None, unit: Unit) -> str:
    if unit is Unit.SHARE and value is not None:
        return f"{100 * value:.1f} %"
    return _number(value, unit=" px" if unit is Unit.PIXELS else " %")


def _started(body: dict[str, Any]) -> str:
    return (
        f"run {body['run_name']}: {body['model_type']}, {body['n_train']} training and {body['n_val']} "
        f"validation samples, up to {counted(body['max_epochs'], 'epoch')} of "
        f"{counted(body['steps_per_epoch'], 'step')}, "
        f"{body['parameters']:,} parameters on {body['device']}"
    )


def _phase(body: dict[str, Any]) -> str:
    count = ""
    if body["done"] is not None:
        count = f" {body['done']}" + ("" if body["total"] is None else f"/{body['total']}")
    seconds = "" if body["seconds"] is None else f" ({exact_duration(body['seconds'])})"
    return f"{body['name']} {body['state']}{count}{seconds} {body['text']}"


def _batch_end(body: dict[str, Any]) -> str:
    return f"{step_name(body['epoch'], batch=body['batch'])}: loss {_number(body['loss'])}"


def _epoch_end(body: dict[str, Any]) -> str:
    measured = ""
    if body["error"]:
        figures = Measured.of(body["error"])
        shown = [each for each in HEADLINES if each.always or figures[each] is not None]
        measured = "".join(f", {each.caption} {_figure(figures[each], each.unit)}" for each in shown)
    best = ", best so far" if body["best"] else ""
    return (
        f"{epoch_name(body['epoch'])}: train {_number(body['train'])}, val {_number(body['val'])}{measured}, "
        f"lr {_number(body['lr'])}, {exact_duration(body['seconds'])}{best}"
    )


def _checkpoint(body: dict[str, Any]) -> str:
    return (
        f"checkpoint of {epoch_name(body['epoch'])}{' (best so far)' if body['best'] else ''}: {body['path']}"
    )


def _failed(body: dict[str, Any]) -> str:
    where = f"{body['path']}: " if body["path"] else ""
    return f"failed: {where}{body['message']} {body['hint'] or ''}"


def _finished(body: dict[str, Any]) -> str:
    best = ""
    if body["best_epoch"] is not None:
        best = f", best is {epoch_name(body['best_epoch'])} (val {_number(body['best_val'])})"
    return (
        f"{body['outcome'].replace('_', ' ')} after {Reach(body['epochs'], body.get('steps', 0)).text} in "
        f"{exact_duration(body['seconds'])}{best}: {body['run_dir']}{_warnings(body)}"
    )


def _warnings(body: dict[str, Any]) -> str:
    return "".join(f" Warning: {text}" for text in body.get("warnings", ()))


def _frame(body: dict[str, Any]) -> str:
    error = _number(body["error_px"], unit=" px")
    return f"{body['split']} frame {body['index'] + 1} after {epoch_name(body['epoch'])}: mean error {error}"


def _heartbeat(body: dict[str, Any]) -> str:
    epoch = "" if body["epoch"] is None else f", {epoch_name(body['epoch'])}"
    steps = "" if body["step"] is None else f", {counted(body['step'], 'step')} done"
    return f"{body['state']}{epoch}{steps}"


_TELLERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "started": _started,
    "phase": _phase,
    "batch_end": _batch_end,
    "epoch_end": _epoch_end,
    "checkpoint": _checkpoint,
    "pausing": lambda body: "pausing after the batch in progress",
    "paused": lambda body: f"paused in {epoch_name(body['epoch'])} after {counted(body['step'], 'step')}",
    "resumed": lambda body: (
        f"resumed in {epoch_name(body['epoch'])} after a pause of {exact_duration(body['paused_seconds'] or 0.0)}"
    ),
    "stopping": lambda body: f"stopping after this {body['after']}",
    "memory_released": lambda body: body["text"],
    "log": lambda body: f"{body['level']}: {body['text']}",
    "failed": _failed,
    "finished": _finished,
    "frame": _frame,
    "heartbeat": _heartbeat,
}
