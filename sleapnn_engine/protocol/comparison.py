"""Runs side by side: the best epoch of each, its figures and the error of each part, and the settings that differ."""

import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.differences import Difference, differences
from sleapnn_engine.config.reader import DATA, HEADS, TRAINER, ConfigReader
from sleapnn_engine.config.run_models import config_of
from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.config.tree import same
from sleapnn_engine.protocol.change_verdict import Verdict, judge_change
from sleapnn_engine.protocol.counting import epoch_number
from sleapnn_engine.protocol.epoch_history import EpochFigures, read_epochs
from sleapnn_engine.protocol.measures import F1, MEAN_OKS, MEDIAN_PX, OF_BODY, P90_PX, PCK
from sleapnn_engine.protocol.run_state import begin_of

_LABELS = DATA + "train_labels_path"
_SEED = TRAINER + "seed"
SAME_LABELS = "the same labels"
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
    Figure(PCK.key, "Within 10 % of body", lambda one: one.measured[PCK], 1),
    Figure(MEAN_OKS.key, "Mean OKS", lambda one: one.measured[MEAN_OKS], 1),
    Figure("val", "Validation loss", lambda one: one.val, -1),
    Figure("epoch", "Best epoch", lambda one: float(epoch_number(one.epoch)), 0),
    Figure("seconds", "Time to best", lambda one: one.seconds, -1),
)


@attrs.frozen(eq=False)
class Compared:
    """Runs with their epochs and what differs between their settings. `configs` has None for a run without one;
    `begun` is when each began, in Unix seconds.
    """

    folders: tuple[Path, ...]
    configs: tuple[ConfigReader | None, ...]
    epochs: tuple[tuple[EpochFigures, ...], ...]
    differences: tuple[Difference, ...]
    begun: tuple[float, ...]

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
    def kinds(self) -> list[list[int]]:
        """Places of runs that differ in nothing but their seed; the kind that was begun first comes first."""
        settings = [one for one in self.differences if one.path != _SEED]
        known: list[list[int]] = []
        for place in range(len(self.folders)):
            alike = (
                kind for kind in known if all(same(d.values[place], d.values[kind[0]]) for d in settings)
            )
            found = next(alike, None)
            if found is None:
                known.append([place])
            else:
                found.append(place)
        return sorted(known, key=lambda kind: min(self.begun[place] for place in kind))

    @property
    def verdicts(self) -> list[tuple[str, Verdict]]:
        """Of each kind after the first one: what was changed, in few words, and whether that helped.

        Empty where that makes no sense: configs are not known, labels differ, or there is but one kind.
        """
        if None in self.configs or self.remarks != [SAME_LABELS] or len(self.kinds) < 2:
            return []
        bests = self.bests
        errors = [None if best is None else best.measured[MEDIAN_PX] for best in bests]
        unit = "px" if all(error is not None for error in errors) else ""
        if not unit:
            errors = [None if best is None else best.val for best in bests]
        first, *others = self.kinds
        before = [error for place in first if (error := errors[place]) is not None]
        return [
            (
                self._changed(first[0], kind[0]),
                judge_change(before, [e for place in kind if (e := errors[place]) is not None], unit=unit),
            )
            for kind in others
        ]

    def further_seeds(self, number: int) -> list[tuple[Path, int]]:
        """Trainings that differ from these in their seed alone: (run to train again, seed), `number` of each kind."""
        wanted = []
        for kind in self.kinds:
            used = {config.value(_SEED) for place in kind if (config := self.configs[place]) is not None}
            fresh = (seed for seed in itertools.count() if seed not in used)
            wanted += [(self.folders[kind[0]], seed) for seed in itertools.islice(fresh, number)]
        return wanted

    def _changed(self, one: int, other: int) -> str:
        changed = [
            d for d in self.differences if d.path != _SEED and not same(d.values[one], d.values[other])
        ]
        told = [f"{d.label} {_brief(d.values[one])} → {_brief(d.values[other])}" for d in changed]
        return first_few(told)

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
        return told or [SAME_LABELS]


def read_compared(folders: Sequence[Path]) -> Compared:
    """Read what is told of these runs side by side. For a thread."""
    configs = tuple(config_of(folder) for folder in folders)
    epochs = tuple(tuple(read_epochs(folder)) for folder in folders)
    begun = tuple(begin_of(folder) for folder in folders)
    return Compared(tuple(folders), configs, epochs, tuple(between(configs)), begun)


def best_epoch(epochs: Sequence[EpochFigures]) -> EpochFigures | None:
    """The epoch with the least validation loss; None where none was validated."""
    known = [one for one in epochs if one.val is not None]
    return min(known, key=lambda one: one.val or 0.0, default=None)


def between(configs: Sequence[ConfigReader | None]) -> list[Difference]:
    """What differs between the settings of runs; nothing where one of them has no config, or there is but one."""
    known = [config for config in configs if config is not None]
    return differences(known) if len(known) == len(configs) and len(known) > 1 else []


def winners(values: Sequence[float | None], better: int, *, texts: Sequence[str]) -> frozenset[int]:
    """Places of the best, and of what reads the same in the `texts` that are shown; none where all read the same."""
    known = {place: value for place, value in enumerate(values) if value is not None}
    if not better or len({texts[place] for place in known}) < 2:
        return frozenset()
    best = (max if better > 0 else min)(known, key=known.__getitem__)
    return frozenset(place for place in known if texts[place] == texts[best])


def _alike(configs: Sequence[ConfigReader], path: str) -> bool:
    return all(same(config.value(path), configs[0].value(path)) for config in configs)


def _kind(config: ConfigReader) -> tuple[str, ...]:
    return tuple(config.chosen(HEADS))


def _brief(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
