"""The command line that does what a press on Train does."""

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sleapnn_engine.config.pairs import group_of_file
from sleapnn_gui.run.process import USUAL_FRAMES_MB, train_words

_PROGRAM = "sleapnn-engine"


def train_command(
    config: Path,
    *,
    run_dir: Path,
    base: Path,
    frames_mb: int = USUAL_FRAMES_MB,
    stop_rules: Sequence[str] = (),
) -> str:
    """What to type into a terminal: to the folder that relative paths of the config count from, and train from there."""
    words = (_PROGRAM, *train_words(config, run_dir=run_dir, frames_mb=frames_mb, stop_rules=stop_rules))
    return " && ".join(map(_joined, (_change_to(base), words)))


def pair_command(configs: Sequence[Path], *, base: Path, stop_rules: Sequence[str] = ()) -> str:
    """The same for both models of a pair, one after the other; what else waits in the queue goes on waiting."""
    first, second = map(str, configs)
    rules = [word for rule in stop_rules for word in ("--stop-when", rule)]
    adding = (_PROGRAM, "queue", "add", first, "--pair", second, *rules)
    training = (_PROGRAM, "queue", "run", "--group", group_of_file(configs[0]))
    return " && ".join(map(_joined, (_change_to(base), adding, training)))


def _change_to(folder: Path) -> tuple[str, ...]:
    return ("cd", "/d", str(folder)) if os.name == "nt" else ("cd", str(folder))


def _joined(words: Sequence[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
