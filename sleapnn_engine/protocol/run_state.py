"""What became of a run, from its journal and its engine: the one answer for lists, pages and the command line."""

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.protocol.client import greet
from sleapnn_engine.protocol.connection import FILE_NAME as CONNECTION_NAME
from sleapnn_engine.protocol.counting import Reach, reach_told, run_seconds
from sleapnn_engine.protocol.events import LAST_KINDS, PHASES_BEFORE_TRAINING
from sleapnn_engine.protocol.fields import as_number
from sleapnn_engine.protocol.glance import Glance, Message, open_journal
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.measures import Measured
from sleapnn_engine.protocol.presence import BEYOND_REACH, EngineStatus, Presence, engine_status
from sleapnn_engine.protocol.remarks import read_remarks


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    EARLY_STOPPED = "early_stopped"
    FAILED = "failed"
    CRASHED = "crashed"
    """No last word, and no engine any more: killed, or the computer went down."""
    ELSEWHERE = "elsewhere"
    """No last word, and an engine that cannot be seen from this computer."""


_NOT_OVER = (RunState.RUNNING, RunState.ELSEWHERE)

#: How far back an engine's last word is looked for; only notes to the log may follow it.
_LAST_WORD_BYTES = 64 * 2**10

#: What an event says a run without a last word was doing; the others leave that open.
_DOING = {
    "started": "preparing",
    "batch_end": "training",
    "epoch_end": "training",
    "resumed": "training",
    "pausing": "pausing",
    "paused": "paused",
    "stopping": "stopping",
}


@attrs.frozen(kw_only=True)
class RunRecord:
    """One run in short. None stands for what is not known; epochs count from 0, times are in Unix seconds.

    `doing` is what a run without a last word was last busy with: preparing, training, pausing, paused, stopping or
    finishing. `silent` says that its engine is there and did not answer when asked. `why` is a sentence on how the
    state is known. `measured` is of the epoch whose model was kept. `started` is when the engine spoke first, `ended`
    when it spoke last of a run that is over, and `seconds` lie between these, pauses included. `warnings` are what the
    engine said of the result at the end, in sentences. `epochs` were brought to their end; `steps` are those of one
    that was not. `title`, `note` and `star` are what a person says of it.
    """

    name: str
    path: Path
    state: RunState
    doing: str = ""
    silent: bool = False
    presence: Presence = Presence.NONE
    why: str = ""
    started: float | None = None
    ended: float | None = None
    model: str | None = None
    backbone: str | None = None
    best_epoch: int | None = None
    best_val: float | None = None
    measured: Measured = attrs.field(factory=Measured)
    epochs: int | None = None
    steps: int | None = None
    seconds: float | None = None
    warnings: tuple[str, ...] = ()
    title: str | None = None
    note: str | None = None
    star: bool = False

    @property
    def reach(self) -> Reach:
        """How far it is."""
        return Reach(self.epochs or 0, self.steps or 0)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come, as far as can be seen from here."""
        return self.state not in _NOT_OVER

    @property
    def words(self) -> str:
        """The state as lists show it, for example 'running, paused' or 'early stopped'."""
        parts = [self.state.value.replace("_", " ")]
        if not self.is_over and self.doing != "training":
            parts.append(self.doing)
        if self.warnings:
            parts.append("with warnings")
        if self.silent:
            parts.append("no answer")
        if self.presence is Presence.OTHER_PROTOCOL and not self.is_over:
            parts.append("another version")
        return ", ".join(parts)


def read_run(run_dir: str | os.PathLike[str], *, patience: float = 0.0) -> RunRecord | None:
    """What became of the run in a folder; None where there is none.

    Reads a bounded part of the journal, whatever its size. With `patience` (seconds) the engine of a running run is
    asked whether it answers, which takes up to that long.
    """
    folder = Path(run_dir)
    # The engine first: one that ends in between has then said its last word before the journal is read.
    seen = engine_status(folder)
    stream = open_journal(folder / JOURNAL_NAME)
    if stream is None:
        if seen.presence is Presence.NONE:
            return None
        told = _Told()
    else:
        with stream:
            told = _read(Glance(stream))
    state = _state(told.end, seen)
    asked = seen.connection if state is RunState.RUNNING and patience > 0 else None
    remarks = read_remarks(folder)
    silent = asked is not None and greet(asked, seconds=patience) is None
    return RunRecord(
        name=folder.absolute().name,
        path=folder.absolute(),
        state=state,
        doing="" if told.end else told.doing,
        silent=silent,
        presence=seen.presence,
        why=_why(state, seen, told, silent=silent),
        ended=told.last if state not in _NOT_OVER else None,
        warnings=_warnings(told),
        title=remarks.name or None,
        note=remarks.note or None,
        star=remarks.star,
        seconds=_seconds(told) if state not in _NOT_OVER else None,
        **told.figures,
    )


def _seconds(told: "_Told") -> float | None:
    said = as_number(told.end["body"].get("seconds")) if told.end is not None else None
    return run_seconds(told.figures.get("started"), told.last, told=said)


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run."""
    # Unlike those of Path, it does not fail where somebody else's folder may not be looked into.
    return any(os.path.isfile(folder / name) for name in (JOURNAL_NAME, CONNECTION_NAME))


def find_runs(folders: Iterable[Path]) -> list[Path]:
    """The runs among `folders` and directly inside them, the one begun last first. Unreadable folders hold none.

    A link to a run beside it, such as one to the latest, is no further run.
    """
    found: dict[Path, float] = {}
    for folder in folders:
        try:
            inside = [] if is_run(folder) else [path for path in folder.iterdir() if is_run(path)]
            own = {path.resolve() for path in inside if not path.is_symlink()}
            inside = [path for path in inside if not path.is_symlink() or path.resolve() not in own]
            for path in inside or ([folder] if is_run(folder) else []):
                found[path.absolute()] = begin_of(path)
        except OSError:
            continue
    return sorted(found, key=lambda path: (-found[path], path.name))


@attrs.define
class _Told:
    """What the journal told."""

    end: Message | None = None
    doing: str = "preparing"
    last: float | None = None
    figures: dict[str, Any] = attrs.field(factory=dict)


def _read(glance: Glance) -> _Told:
    told = _Told()
    began = list(glance.first())
    if began:
        told.figures["started"] = as_number(began[0].get("t"))
    body: Message = next((message["body"] for message in began if message["kind"] == "started"), {})
    told.figures.update(model=_text(body.get("model_type")), backbone=_text(body.get("backbone")))
    for message in glance.last(within=_LAST_WORD_BYTES):
        told.last = told.last or as_number(message.get("t"))
        if message["kind"] in LAST_KINDS:
            told.end, told.last = message, as_number(message.get("t"))
            break
    epoch, newest = _last_epoch(glance, told)
    finished = told.end["body"] if told.end is not None and told.end["kind"] == "finished" else {}
    best = _whole(finished.get("best_epoch", epoch.get("best_epoch")))
    kept = epoch if best is None or best == epoch.get("epoch") else glance.epoch_end(best) or {}
    reach = reach_told(
        newest=newest,
        steps_per_epoch=_whole(body.get("steps_per_epoch")),
        ended=_whole(epoch.get("epoch")),
        finished=Reach(*(_whole(finished.get(name)) or 0 for name in ("epochs", "steps")))
        if finished
        else None,
    )
    told.figures.update(
        epochs=reach.epochs,
        steps=reach.steps,
        best_epoch=best,
        best_val=as_number(finished.get("best_val", epoch.get("best_val"))),
        measured=Measured.of(kept.get("error")),
    )
    return told


def _last_epoch(glance: Glance, told: _Told) -> tuple[dict[str, Any], tuple[int, int] | None]:
    """The body of the last validated epoch, epoch and batch of the last step, and on the way what the run was doing."""
    doing, ended, newest = "", None, None
    for message in glance.last():
        kind, body = message["kind"], message["body"]
        if ended is None and (not doing or kind == "stopping"):
            doing = _doing(kind, body) or doing
        if newest is None and kind == "batch_end":
            newest = _position(body)
        if ended is None and kind == "epoch_end" and _whole(body.get("epoch")) is not None:
            ended = dict(body)
        if ended is not None and newest is not None:
            break
    told.doing = doing or told.doing
    if ended is None and newest is not None and newest[0]:
        # An epoch so long that its beginning is out of sight.
        ended = glance.epoch_end(newest[0] - 1)
    return ended or {}, newest


def _position(body: Message) -> tuple[int, int] | None:
    epoch, batch = _whole(body.get("epoch")), _whole(body.get("batch"))
    return None if epoch is None or batch is None else (epoch, batch)


def _doing(kind: str, body: dict[str, Any]) -> str:
    if kind == "phase":
        if body.get("name") == "finish":
            return "finishing"
        return "preparing" if body.get("name") in PHASES_BEFORE_TRAINING else ""
    return _DOING.get(kind, "")


def _state(end: Message | None, seen: EngineStatus) -> RunState:
    if end is not None:
        outcome = end["body"].get("outcome")
        if end["kind"] == "failed":
            return RunState.FAILED
        known = (RunState.STOPPED, RunState.EARLY_STOPPED)
        return RunState(outcome) if outcome in known else RunState.COMPLETED
    if seen.presence in (Presence.PRESENT, Presence.OTHER_PROTOCOL):
        return RunState.RUNNING
    return RunState.ELSEWHERE if seen.presence in BEYOND_REACH else RunState.CRASHED


def _why(state: RunState, seen: EngineStatus, told: _Told, *, silent: bool) -> str:
    if told.end is not None:
        said = told.end["body"].get("message", "") if state is RunState.FAILED else " ".join(_warnings(told))
        return str(said)
    if silent:
        return f"{seen.text} It did not answer just now; it may be busy, or hang."
    if seen.presence is Presence.NONE:
        return "The run has no last word: its engine was ended from outside, or the computer went down."
    return seen.text


def _warnings(told: _Told) -> tuple[str, ...]:
    said = told.end["body"].get("warnings") if told.end is not None else None
    return tuple(text for text in said if isinstance(text, str)) if isinstance(said, list) else ()


def begin_of(run_dir: Path) -> float:
    """When a run began, for sorting: as its first line says, else when its files were last changed."""
    stream = open_journal(run_dir / JOURNAL_NAME)
    if stream is not None:
        with stream:
            began = as_number(next(Glance(stream).first(), {}).get("t"))
        if began is not None:
            return began
    return run_dir.stat().st_mtime


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
