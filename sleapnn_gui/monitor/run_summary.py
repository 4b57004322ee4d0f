"""A run of the list in words: what the one state function says of it, as the Runs page shows it."""

import time
from pathlib import Path

import attrs

from sleapnn_engine.protocol.run_state import RunRecord, read_run
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.model_words import model_name


@attrs.frozen
class RunSummary:
    """One run folder in a line; '' is for what is not known. `why` says how the state is known.

    `error`, `found` and `identity` are those of the epoch whose model was kept.
    """

    folder: Path
    started: str = ""
    state: str = ""
    why: str = ""
    model: str = ""
    epochs: str = ""
    best: str = ""
    error: str = ""
    found: str = ""
    identity: str = ""


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
        error="" if record.median_px is None else words.pixels(record.median_px),
        found="" if record.f1 is None else words.part(record.f1),
        identity="" if record.class_accuracy is None else words.part(record.class_accuracy),
    )
