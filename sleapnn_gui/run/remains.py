"""What an engine leaves on the disk: its log, its last lines, what its process printed. Slow disks wait beside the window."""

import shutil
from pathlib import Path

import attrs

from sleapnn_engine.config.disk import copy_whole
from sleapnn_gui.run.process import tail


@attrs.frozen(kw_only=True)
class Remains:
    """What there is of a run whose process has exited."""

    printed: list[str]
    """The last lines of what the process printed."""
    last_lines: list[str]
    """These, or those of the log where it printed nothing."""
    log_path: Path | None
    run_dir: Path | None
    """The run folder, where it came to be."""


def collect(run_dir: Path, output: Path | None) -> Remains:
    """Read what is left of a run, and keep what the process printed beside the run's own log."""
    printed = tail(output) if output is not None else []
    log_path = log_of(run_dir, _keep_output(run_dir, output) if output is not None else None)
    return Remains(
        printed=printed,
        last_lines=printed or (tail(log_path) if log_path is not None else []),
        log_path=log_path,
        run_dir=run_dir if run_dir.is_dir() else None,
    )


def log_of(run_dir: Path, output: Path | None) -> Path | None:
    """The most telling log there is: the run's own, else what the process printed into `output`."""
    run_log = run_dir / "run.log"
    if run_log.is_file():
        return run_log
    return output if output is not None and output.is_file() else None


def log_tail(run_dir: Path, output: Path | None, *, lines: int) -> tuple[Path | None, tuple[str, ...]]:
    """The most telling log, and its last lines."""
    log = log_of(run_dir, output)
    return log, tuple(tail(log, lines=lines)) if log is not None else ()


def _keep_output(run_dir: Path, output: Path) -> Path | None:
    """Move what the process printed beside the run's own log, once there is a run folder; where it is then."""
    launch, kept = output.parent, run_dir / "engine.out"
    if not tail(output, lines=1):
        shutil.rmtree(launch, ignore_errors=True)
        return None
    if not run_dir.is_dir():
        return output
    try:
        copy_whole(output, kept, durable=False)
    except OSError:
        # A full or vanished disk: the output stays where it is and is named from there.
        return output
    shutil.rmtree(launch, ignore_errors=True)
    return kept
