"""What a run folder says of how it was trained: its record, its first words, its config and its best epoch; for texts and bundles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.run_models import CONFIGS, config_of, values_of
from sleapnn_engine.protocol.comparison import best_epoch
from sleapnn_engine.protocol.epoch_history import EpochFigures, read_epochs
from sleapnn_engine.protocol.glance import Glance, open_journal
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.run_state import RunRecord, read_run


@attrs.frozen(eq=False)
class RunAccount:
    """A run as its folder tells it. `started` is the body of that event, empty where training never began; `config` is
    the config as it was worked out, with the seed that was used.
    """

    record: RunRecord
    started: Mapping[str, Any]
    config: ConfigReader
    best: EpochFigures | None

    @property
    def versions(self) -> dict[str, str]:
        """Versions of Python and of the packages it was trained with, by name; empty for runs that did not write them down."""
        said = self.started.get("versions")
        return {str(k): str(v) for k, v in said.items()} if isinstance(said, Mapping) else {}


def read_account(folder: Path) -> RunAccount:
    """Read what a run folder says. Raises UserError where it holds no run, or no config. For a thread."""
    record = read_run(folder)
    if record is None:
        raise UserError("there is no run in this folder.", where=str(folder), usage=True)
    resolved = next((folder / name for name in CONFIGS if (folder / name).is_file()), None)
    config = ConfigReader(values_of(resolved)) if resolved is not None else config_of(folder)
    if config is None:
        raise UserError("this run has kept no config, so how it was trained is not known.", where=str(folder))
    return RunAccount(record, _started(folder), config, best_epoch(read_epochs(folder)))


def _started(folder: Path) -> Mapping[str, Any]:
    stream = open_journal(folder / JOURNAL_NAME)
    if stream is None:
        return {}
    with stream:
        return next((one["body"] for one in Glance(stream).first() if one["kind"] == "started"), {})
