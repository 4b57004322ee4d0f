"""Engines for the windows of tests that start at once, because the imports of all of them are done once."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CAN_BORROW = sys.platform.startswith("linux")
BORROW = ROOT / "tests" / "engine" / "borrow.py"


@contextmanager
def lender() -> Iterator[tuple[str, ...]]:
    """The command that stands for `python -m sleapnn_engine` while this lasts."""
    with tempfile.TemporaryDirectory(prefix="sleapnn-lender-") as folder:
        door = str(Path(folder) / "door")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.lender", door],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield (sys.executable, "-I", "-S", str(BORROW), door)
