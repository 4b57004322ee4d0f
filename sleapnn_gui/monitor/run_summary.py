"""A run of the list in words and in what it is sorted by: what the one state function says of it, as the Runs page shows it."""

import time
from collections.abc import Mapping
from pathlib import Path

import attrs

from sleapnn_engine.config.run_labels import labels_of
from sleapnn_engine.protocol.measures import MEASURES
from sleapnn_engine.protocol.run_state import RunRecord, RunState, read_run
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.model_words import model_name

#: Runs that can be told apart side by side.
MOST_COMPARED = 8
_TOKENS = {
    RunState.RUNNING: "accent",
    RunState.COMPLETED: "best",
    RunState.EARLY_STOPPED: "best",
    RunState.STOPPED: "best",
    RunState.FAILED: "error",
    RunState.CRASHED: "warning",
    RunState.ELSEWHERE: "muted",
}


@attrs.frozen
class RunSummary:
    """One run folder in a line; '' is for what is not known. `why` says how the state is known, `token` its colour.

    `figures` are those of the epoch whose model was kept, by the keys of their measures; `values` are the numbers that
    columns are sorted by, by their names. `name` is the folder's where a person has given none.
    """

    folder: Path
    started: str = ""
    state: str = ""
    why: str = ""
    model: str = ""
    epochs: str = ""
    best: str = ""
    figures: Mapping[str, str] = attrs.field(factory=dict)
    name: str = attrs.field(default=attrs.Factory(lambda self: self.folder.name, takes_self=True))
    backbone: str = ""
    labels: str = ""
    time: str = ""
    note: str = ""
    star: bool = False
    token: str = "muted"
    is_over: bool = True
    values: Mapping[str, float] = attrs.field(factory=dict)

    @property
    def text(self) -> str:
        """What a filter looks through."""
        parts = (self.name, self.folder.name, self.state, self.model, self.backbone, self.labels, self.note)
        return " ".join(parts).lower()


def summarise(folder: Path) -> RunSummary | None:
    """What became of a run, in bounded time; None where the folder holds none."""
    record = read_run(folder)
    return None if record is None else _in_words(record)


def _in_words(record: RunRecord) -> RunSummary:
    began, measured, token = record.started, record.measured, _TOKENS[record.state]
    values = {
        "started": began,
        "best": record.best_val,
        "epochs": None if record.epochs is None else float(record.epochs),
        "time": record.seconds,
        **{measure.key: measured[measure] for measure in MEASURES},
    }
    return RunSummary(
        record.path,
        started="" if began is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(began)),
        state=record.words,
        why=record.why,
        model=model_name(record.model or ""),
        epochs=record.reach.brief,
        best="" if record.best_val is None else words.loss(record.best_val),
        figures={measure.key: words.written(measure, value) for measure, value in measured.items()},
        name=record.title or record.path.name,
        backbone=record.backbone or "",
        labels=", ".join(Path(path).name for path in labels_of(record.path)),
        time="" if record.seconds is None else words.duration(record.seconds),
        note=record.note or "",
        star=record.star,
        token="warning" if record.warnings and token == "best" else token,
        is_over=record.is_over,
        values={name: value for name, value in values.items() if value is not None},
    )
