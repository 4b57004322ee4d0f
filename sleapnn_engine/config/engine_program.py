"""Which program is the engine: this Python's, the one beside a bundled app, or one of another environment."""

import os
import sys
from pathlib import Path

CHOSEN = "SLEAPNN_ENGINE"
"""The variable of the environment that names the program `sleapnn-engine` of another environment."""


def engine_command(*words: str) -> tuple[str, ...]:
    """What starts an engine with these words."""
    chosen = os.environ.get(CHOSEN, "").strip()
    if chosen:
        return (str(Path(chosen).expanduser()), *words)
    if getattr(sys, "frozen", False):
        here = Path(sys.executable)
        return (str(here.with_name(f"sleapnn-engine{here.suffix}")), *words)
    return (sys.executable, "-m", "sleapnn_engine", *words)
