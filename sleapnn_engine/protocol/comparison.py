"""Runs side by side: the best epoch of each, its figures and the error of each part, and the settings that differ."""

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.differences import Difference, differences
from sleapnn_engine.config.reader import DATA, HEADS, ConfigReader
from sleapnn_engine.config.run_models import config_of
from sleapnn_engine.config.tree import same
from sleapnn_engine.protocol.counting import epoch_number
from sleapnn_engine.protocol.epoch_history import EpochFigures, read_epochs
from sleapnn_engine.protocol.measures import F1, MEDIAN_PX, OF_BODY, P90_PX

_LABELS = DATA + "train_labels_path"
_VALIDATION = DATA + "val_labels_path"


@attrs.frozen
class Figure:
    """What is told of the best epoch of a run. `better` is -1 where less is better, 1 where more is, 0 where neither is."""

    key: str
    name: str
    value: Callable[[EpochFigures], float | None]
    better: int


FIGURES = (
    Figure(MEDIAN_PX.key, "Median error", lambda one: one.measured[MEDIAN_PX], -1),
    Figure(OF_BODY.key, "of body", lambda one: one.measured[OF_BODY], -1),
    Figure(P90_PX.key, "9 in 10 within", lambda one: one.measured[P90_PX], -1),
    Figure(F1.key, "Animals found", lambda one: one.measured[F1], 1),
    Figure("val", "Validation loss", lambda one: one.val, -1),
    Figure("epoch", "Best epoch", lambda one: float(epoch_number(one.epoch)), 0),
    Figure("seconds", "Time to best", lambda one: one.seconds, -1),
)


@attrs.frozen(eq=False)
class Compared:
    """Runs with their epochs and what differs between their settings. `configs` has None for a run without one."""

    folders: tuple[Path, ...]
    configs: tuple[ConfigReader | None, ...]
    epochs: tuple[tuple[EpochFigures, ...], ...]
    differences: tuple[Difference, ...]

    @property
    def bests(self) -> list[EpochFigures | None]:
        """The epoch of each run with the least validation loss; None where none was validated."""
        return [best_epoch(epochs) for epochs in self.epochs]

    @property
    def figures(self) -> list[tuple[Figure, list[float | None]]]:
        """What is known of at least one run, with its value for each."""
        bests = self.bests
        rows = [(one, [None if best is None else one.value(best) for best in bests]) for one in FIGURES]
        return [(one, values) for one, values in rows if any(value is not None for value in values)]

    @property
    def parts(self) -> list[tuple[str, list[float | None]]]:
        """The median error of each part in px, the part with the largest first."""
        known = [{} if best is None else dict(best.measured.by_node) for best in self.bests]
        rows = [
            (name, [one.get(name) for one in known]) for name in dict.fromkeys(n for k in known for n in k)
        ]
        return sorted(
            rows, key=lambda row: max((v for v in row[1] if v is not None), default=-1.0), reverse=True
        )

    @property
    def remarks(self) -> list[str]:
        """What a reader of the figures has to know, in few words."""
        configs = [config for config in self.configs if config is not None]
        if len(configs) < len(self.configs):
            return ["not every run has kept its config, so what differs is not known"]
        told = []
        if not _alike(configs, _LABELS) or not _alike(configs, _VALIDATION):
            told.append("different labels: errors are of different frames")
        if len({_kind(config) for config in configs}) > 1:
            told.append("different types of model: losses cannot be compared")
        return told or ["the same labels"]


def read_compared(folders: Sequence[Path]) -> Compared:
    """Read what is told of these runs side by side. For a thread."""
    configs = tuple(config_of(folder) for folder in folders)
    epochs = tuple(tuple(read_epochs(folder)) for folder in folders)
    return Compared(tuple(folders), configs, epochs, tuple(between(configs)))


def best_epoch(epochs: Sequence[EpochFigures]) -> EpochFigures | None:
    """The epoch with the least validation loss; None where none was validated."""
    known = [one for one in epochs if one.val is not None]
    return min(known, key=lambda one: one.val or 0.0, default=None)


def between(configs: Sequence[ConfigReader | None]) -> list[Difference]:
    """What differs between the settings of runs; nothing where one of them has no config, or there is but one."""
    known = [config for config in configs if config is not None]
    return differences(known) if len(known) == len(configs) and len(known) > 1 else []


def winners(values: Sequence[float | None], better: int) -> frozenset[int]:
    """Places of the best; none where all are alike or no value is better than another."""
    known = [value for value in values if value is not None]
    if not better or len(set(known)) < 2:
        return frozenset()
    best = max(known) if better > 0 else min(known)
    return frozenset(place for place, value in enumerate(values) if value == best)


def _alike(configs: Sequence[ConfigReader], path: str) -> bool:
    return all(same(config.value(path), configs[0].value(path)) for config in configs)


def _kind(config: ConfigReader) -> tuple[str, ...]:
    return tuple(config.chosen(HEADS))
