"""What is prepared on the disk before an engine starts, beside the window: its config, a place for its output."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import attrs

from sleapnn_engine.config.disk import write_whole
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.journal import journal_mark
from sleapnn_gui.run.process import USUAL_FRAMES_MB, train_words


@attrs.frozen(kw_only=True)
class Launch:
    """An engine that may start: its config as a file, where its output goes, and how to tell its run from an earlier one.

    `config` and `output` lie in a fresh temporary folder: the run folder is the engine's to create, so what belongs to
    the launch waits elsewhere until it exists.
    """

    run_dir: Path
    config: Path
    output: Path
    previous_token: str
    """Of the connection file of an earlier run that lies in the folder; '' where there is none."""
    older: tuple[int, int] | None
    """Which journal lies in the folder already, and is not of this run."""
    frames_mb: int = USUAL_FRAMES_MB
    """How many megabytes of validation frames the run folder keeps."""
    stop_rules: tuple[str, ...] = ()
    """By what it stops by itself, in words."""

    @property
    def words(self) -> tuple[str, ...]:
        """What an engine is told that trains."""
        return train_words(
            self.config, run_dir=self.run_dir, frames_mb=self.frames_mb, stop_rules=self.stop_rules
        )

    def discard(self) -> None:
        """Remove what was prepared."""
        shutil.rmtree(self.config.parent, ignore_errors=True)


def prepare(config_text: str, run_dir: Path) -> Launch:
    """Write down what an engine needs to train a config into `run_dir`. Raises OSError."""
    previous, run_dir = "", run_dir.absolute()
    with contextlib.suppress(ConnectionFileError):
        previous = Connection.read(run_dir).token
    folder = Path(tempfile.mkdtemp(prefix="sleapnn-launch-"))
    config = folder / "config.yaml"
    write_whole(config, config_text)
    output = folder / "engine.out"
    return Launch(
        run_dir=run_dir, config=config, output=output, previous_token=previous, older=journal_mark(run_dir)
    )
