"""A run of the list in words: what the one state function says of it, as the Runs page shows it."""

import time
from collections.abc import Mapping
from pathlib import Path

import attrs

from sleapnn_engine.protocol.run_state import RunRecord, read_run
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.model_words import model_name


@attrs.frozen
class RunSummary:
    """One run folder in a line; '' is for what is not known. `why` says how the state is known.

    `figures` are those of the epoch whose model was kept, by the keys of their measures.
    """

    folder: Path
    started: str = ""
    state: str = ""
    why: str = ""
    model: str = ""
    epochs: str = ""
    best: str = ""
    figures: Mapping[str, str] = attrs.field(factory=dict)


def summarise(folder: Path) -> RunSummary | None:
    """What became of a run, in bounded time; None where the folder holds none."""
    record = read_run(folder)
    return None if record is None else _in_words(record)


def _in_words(record: RunRecord) -> RunSummary:
    began = record.started
    return RunSummary(
        record.path,
        started="" if began is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(began)),
        state=record.words,
        why=record.why,
        model=model_name(record.model or ""),
        epochs=record.reach.brief,
        best="" if record.best_val is None else words.loss(record.best_val),
        figures={measure.key: words.written(measure, value) for measure, value in record.measured.items()},
    )
