"""`python -m tests.interop FOLDER [pytest words]`: an environment with sleap-nn and SLEAP in FOLDER, and the tests that
exchange files with them. It is made once, takes gigabytes, and touches no other environment."""

import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.interop.conftest import VARIABLE

#: What is exchanged files with; SLEAP brings the window that people open them in.
PROGRAMS = ("sleap-nn==0.3.5", "sleap==1.6.6", "torch", "torchvision")


def main() -> int:
    """Make the environment where it is not there, then run the tests; returns their exit code."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]).absolute()
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    if subprocess.run([python, "-I", "-c", "import sleap_nn"], capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", *PROGRAMS], check=True)
    words = sys.argv[2:] or ["tests/interop", "-q"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "interop", *words], env={**os.environ, VARIABLE: str(python)}
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
