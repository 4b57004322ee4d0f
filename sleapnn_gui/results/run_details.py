"""What is shown of chosen runs beyond their line in the list: epochs, settings that differ, and a frame; read without the engine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.differences import Difference, differences
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.run_models import values_of
from sleapnn_engine.protocol.epoch_history import EpochFigures, read_epochs
from sleapnn_gui.form.codecs import show_plain
from sleapnn_gui.monitor.run_summary import GIVEN, RunSummary
from sleapnn_gui.results.evaluations import Source, read_judgement, results_of


@attrs.frozen(eq=False)
class RunDetails:
    """One run with its epochs, what differs from the run `before` it, and where a frame of it can be seen.

    `place` says which frame of `source`: the worst where it was evaluated, else the first.
    """

    run: RunSummary
    epochs: tuple[EpochFigures, ...] = ()
    before: RunSummary | None = None
    changed: tuple[Difference, ...] = ()
    source: Source | None = None
    place: dict[str, Any] = attrs.field(factory=dict)

    @property
    def best(self) -> EpochFigures | None:
        """The epoch with the least validation loss."""
        known = [one for one in self.epochs if one.val is not None]
        return min(known, key=lambda one: one.val or 0.0, default=None)


def config_of(folder: Path) -> ConfigReader | None:
    """The config of a run as it was given, else as it was worked out; None where there is none to be read."""
    for name in GIVEN:
        try:
            return ConfigReader(values_of(folder / name))
        except UserError:
            continue
    return None


def given_config(folder: Path) -> Path | None:
    """The file that `config_of` reads."""
    return next((folder / name for name in GIVEN if (folder / name).is_file()), None)


def read_details(run: RunSummary, *, before: RunSummary | None) -> RunDetails:
    """All that is shown of one run. For a thread."""
    source = next(iter(results_of(run.folder).sources), None)
    return RunDetails(
        run,
        epochs=tuple(read_epochs(run.folder)),
        before=before,
        changed=tuple(between([run] if before is None else [before, run])),
        source=source,
        place=_worst(source),
    )


def between(runs: Sequence[RunSummary]) -> list[Difference]:
    """What differs between the settings of runs; nothing where one of them has no config. For a thread."""
    configs = [config_of(run.folder) for run in runs]
    known = [config for config in configs if config is not None]
    return differences(known) if len(known) == len(configs) and len(known) > 1 else []


def shown_value(value: Any) -> str:
    """A value of a setting on one line."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else show_plain(value)


def _worst(source: Source | None) -> dict[str, Any]:
    if source is None or source.saved is None:
        return {"index": 0}
    found = read_judgement(source.saved)
    frames = [] if isinstance(found, str) else [one for one in found.report["frames"] if one["predicted"]]
    return {"video": frames[0]["video"], "frame": frames[0]["frame"]} if frames else {"index": 0}
