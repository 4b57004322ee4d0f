"""The other programs of the family, in an environment of their own; without one, tests that need them are skipped."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: Names the Python of that environment; `python -m tests.interop FOLDER` makes one.
VARIABLE = "SLEAP_NN_PYTHON"
#: Names one with sleap-nn 0.1; `--old` makes that.
OLD_VARIABLE = "SLEAP_NN_OLD_PYTHON"


#: Seconds that a test waits for the other program.
PATIENCE = 280


@pytest.fixture(scope="session")
def their_side() -> Callable[..., dict[str, Any]]:
    """Calls sleap-nn in a process of its own, as `their_side.py` says."""
    return _side(VARIABLE, made_by="python -m tests.interop FOLDER")


@pytest.fixture(scope="session")
def their_old_side() -> Callable[..., dict[str, Any]]:
    """Calls the oldest sleap-nn that configs are made for."""
    return _side(OLD_VARIABLE, made_by="python -m tests.interop FOLDER --old")


def _side(variable: str, *, made_by: str) -> Callable[..., dict[str, Any]]:
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"needs sleap-nn: {variable} names no Python; `{made_by}` makes one")
    return calling(python, timeout=PATIENCE)


def calling(python: str, *, timeout: float) -> Callable[..., dict[str, Any]]:
    """A call of `their_side.py` with the Python of that environment."""

    # No window of theirs is to open on the screen of whoever runs this.
    quiet = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}

    def call(*words: object) -> dict[str, Any]:
        script = Path(__file__).with_name("their_side.py")
        # In a folder of its own, so that nothing beside the caller is taken for a package of theirs.
        done = subprocess.run(
            [python, "-I", str(script), *map(str, words)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=quiet,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        said = json.loads(done.stdout.splitlines()[-1])
        assert isinstance(said, dict)
        return said

    return call
