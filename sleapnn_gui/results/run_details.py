"""What is shown of chosen runs beyond their line in the list: epochs, settings that differ, and a frame; read without the engine."""

from typing import Any

import attrs

from sleapnn_engine.config.differences import Difference
from sleapnn_engine.config.run_models import config_of
from sleapnn_engine.protocol.coach import coach
from sleapnn_engine.protocol.coach_case import Hint, read_case
from sleapnn_engine.protocol.comparison import best_epoch, between
from sleapnn_engine.protocol.epoch_history import EpochFigures
from sleapnn_gui.form.codecs import show_plain
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.results.evaluations import Source, read_judgement, results_of
from sleapnn_gui.widgets.language import tr


@attrs.frozen(eq=False)
class RunDetails:
    """One run with its epochs, what differs from the run `before` it, and where a frame of it can be seen.

    `place` says which frame of `source`: the worst where it was evaluated, else the first. `hints` are what its numbers
    say of it.
    """

    run: RunSummary
    epochs: tuple[EpochFigures, ...] = ()
    before: RunSummary | None = None
    changed: tuple[Difference, ...] = ()
    source: Source | None = None
    place: dict[str, Any] = attrs.field(factory=dict)
    hints: tuple[Hint, ...] = ()

    @property
    def best(self) -> EpochFigures | None:
        """The epoch with the least validation loss."""
        return best_epoch(self.epochs)


def read_details(run: RunSummary, *, before: RunSummary | None) -> RunDetails:
    """All that is shown of one run. For a thread."""
    chosen = [run] if before is None else [before, run]
    source = next(iter(results_of(run.folder).sources), None)
    case = read_case(run.folder, config=config_of(run.folder), over=run.is_over)
    return RunDetails(
        run,
        epochs=tuple(case.epochs),
        hints=tuple(coach(case)),
        before=before,
        changed=tuple(between([config_of(one.folder) for one in chosen])),
        source=source,
        place=_worst(source),
    )


def shown_value(value: Any) -> str:
    """A value of a setting on one line."""
    if value is None:
        return tr("none")
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    return value if isinstance(value, str) else show_plain(value)


def _worst(source: Source | None) -> dict[str, Any]:
    if source is None or source.saved is None:
        return {"index": 0}
    found = read_judgement(source.saved)
    frames = [] if isinstance(found, str) else [one for one in found.report["frames"] if one["predicted"]]
    return {"video": frames[0]["video"], "frame": frames[0]["frame"]} if frames else {"index": 0}
