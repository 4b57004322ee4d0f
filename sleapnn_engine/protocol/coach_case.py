"""What is known of a run when its numbers are judged, and the form of what is said of it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same
from sleapnn_engine.protocol.comparison import best_epoch
from sleapnn_engine.protocol.epoch_history import EpochFigures, read_epochs
from sleapnn_engine.protocol.events import Failed, Samples, Started
from sleapnn_engine.protocol.glance import Glance, open_journal
from sleapnn_engine.protocol.journal import FILE_NAME, JournalReader

#: How far back a last word is looked for; only notes to the log may follow it.
_LAST_WORD_BYTES = 64 * 2**10


class Shows(StrEnum):
    """Where a person sees what a piece says."""

    LOSS = "loss"
    ERROR = "error"
    ANIMALS = "animals"
    RATE = "rate"
    PARTS = "parts"
    LABELS = "labels"
    SPLIT = "split"
    SETTING = "setting"


@attrs.frozen(kw_only=True)
class Hint:
    """One piece. `text` are sentences; `epoch`, from 0, is where on the curves; `fix` what a next training would change.

    `grave`: the result is of no use as it is. `setting` is the dotted path of the one that it is about, if any.
    """

    name: str
    text: str
    shows: Shows
    epoch: int | None = None
    fix: Fix | None = None
    grave: bool = False
    setting: str = ""


@attrs.frozen(kw_only=True)
class RunCase:
    """What is known of a run. `epochs` in order; None stands for what its journal or folder does not say.

    `failure` is its last word where it failed; `killed` says that it has none, for the system ended its process.
    """

    epochs: Sequence[EpochFigures] = ()
    started: Started | None = None
    samples: Samples | None = None
    config: ConfigReader | None = None
    over: bool = False
    failure: Failed | None = None
    killed: bool = False

    @property
    def validated(self) -> list[EpochFigures]:
        """The epochs that have both losses."""
        return [one for one in self.epochs if one.val is not None and one.train is not None]

    @property
    def best(self) -> EpochFigures | None:
        """The epoch with the least validation loss."""
        return best_epoch(self.epochs)

    @property
    def since_best(self) -> list[EpochFigures]:
        """The validated epochs from the best one on."""
        best = self.best
        return [] if best is None else [one for one in self.validated if one.epoch >= best.epoch]

    def fix(self, label: str, changes: Mapping[str, Any]) -> Fix | None:
        """A change to the run's config; None where that is not known or has it so."""
        config = self.config
        if config is None:
            return None
        wanted = {path: value for path, value in changes.items() if not _has(config, path, value)}
        return Fix(label, wanted) if wanted else None


def read_case(run_dir: Path, *, config: ConfigReader | None, over: bool) -> RunCase:
    """The case of the run in a folder, whose config is known already. Reads the whole journal: for a thread."""
    found = {event.kind: event.typed for event in JournalReader(run_dir).poll()}
    started, samples = found.get(Started.kind), found.get(Samples.kind)
    return RunCase(
        epochs=read_epochs(run_dir),
        started=started if isinstance(started, Started) else None,
        samples=samples if isinstance(samples, Samples) else None,
        config=config,
        over=over,
        failure=_failure(run_dir) if over else None,
    )


def _failure(run_dir: Path) -> Failed | None:
    """The last word of a run that failed."""
    stream = open_journal(run_dir / FILE_NAME)
    if stream is None:
        return None
    with stream:
        for message in Glance(stream).last(within=_LAST_WORD_BYTES):
            if message["kind"] == Failed.kind:
                said = {key: text for key, text in message["body"].items() if isinstance(text, str)}
                return Failed.read({"message": "", "path": None, "hint": None, **said})
    return None


def _has(config: ConfigReader, path: str, value: Any) -> bool:
    if path in SPEC.sections:
        return config.on(path)
    return same(config.value(path), value)
