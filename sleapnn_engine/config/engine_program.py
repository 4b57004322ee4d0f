"""Which program is the engine: this Python's, the one a person chose in the window, or one that the environment names."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from sleapnn_engine.config.chosen_engine import engines_read, known_engines

CHOSEN = "SLEAPNN_ENGINE"
"""The variable of the environment that names the program `sleapnn-engine` of another environment."""
#: What trains and what reads labels: a Python without them has no engine.
_PARTS = ("torch", "sleap_io", "cv2")


def engine_command(*words: str) -> tuple[str, ...]:
    """What starts another engine like this one, for engines and the command line."""
    if _named():
        return (str(Path(_named()).expanduser()), *words)
    if is_bundled():
        return (*(known_engines().command or (str(program_beside()),)), *words)
    return (sys.executable, "-m", "sleapnn_engine", *words)


def engine_of_window(*words: str) -> tuple[str, ...]:
    """What starts the engine that the window uses: the one a person chose in it comes before that of its own Python."""
    chosen = () if _named() else engines_read().command
    return (*chosen, *words) if chosen else engine_command(*words)


def why_no_engine() -> str:
    """Why the window has no engine that trains, in a sentence; '' where it has one, as far as can be seen without asking it."""
    command = engine_of_window()
    if command == (sys.executable, "-m", "sleapnn_engine"):
        missing = [name for name in _PARTS if importlib.util.find_spec(name) is None]
        return "The training engine is not installed yet." if missing else ""
    if is_bundled() and command == (str(program_beside()),):
        return "The training engine is not installed yet."
    if shutil.which(command[0]) is None:
        return f"The training engine that was chosen is not there any more: {command[0]}."
    return ""


def is_bundled() -> bool:
    """Whether this is the app that needs no Python, whose own engine has no torch."""
    return bool(getattr(sys, "frozen", False))


def program_beside() -> Path:
    """The command line of a bundled app, beside its window."""
    here = Path(sys.executable)
    return here.with_name(f"sleapnn-engine{here.suffix}")


def _named() -> str:
    return os.environ.get(CHOSEN, "").strip()
