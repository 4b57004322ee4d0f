"""`python -m tests.interop FOLDER [pytest words]`: an environment with sleap-nn and SLEAP in FOLDER, and the tests that
exchange files with them. It is made once, takes ten minutes and 8 GB, and touches no other environment.
`python -m tests.interop FOLDER --table [BACKBONE...] [MODEL_TYPE...]` prints the table of models that travel instead, in
some forty minutes, or the rows of it that are named; with `--work WORK` what is trained for it stays in the folder WORK, and is
used where it is there. `python -m tests.interop FOLDER --old` makes one with sleap-nn 0.1 and runs what is tested with that."""

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

import torch

from sleapnn_engine.config.model_types import MODEL_TYPES
from tests.interop.conftest import OLD_VARIABLE, VARIABLE, calling
from tests.interop.table import BACKBONES, table

#: What is exchanged files with; SLEAP brings the window that people open them in.
PROGRAMS = ("sleap-nn==0.3.5", "sleap==1.6.6", "torch", "torchvision")
#: The oldest that configs are made for, in an environment of its own.
OLD_PROGRAMS = ("sleap-nn==0.1.3", "torch", "torchvision")


def main() -> int:
    """Make the environment where it is not there, then run the tests; returns their exit code."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]).absolute()
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    is_old = sys.argv[2:3] == ["--old"]
    if subprocess.run([python, "-I", "-c", "import sleap_nn"], capture_output=True).returncode:
        programs = OLD_PROGRAMS if is_old else PROGRAMS
        subprocess.run([python, "-m", "pip", "install", *programs], check=True)
    if sys.argv[2:3] == ["--table"]:
        return print_table(str(python), sys.argv[3:])
    words = sys.argv[3 if is_old else 2 :] or ["tests/interop", "-q"]
    variable = OLD_VARIABLE if is_old else VARIABLE
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "interop", *words], env={**os.environ, variable: str(python)}
    ).returncode


def print_table(python: str, words: Sequence[str]) -> int:
    """Train and predict all that is in the table, or what `words` name of it, and print it."""
    kept = ""
    if words[:1] == ["--work"]:
        kept, *words = words[1:]
    strange = set(words).difference(BACKBONES, MODEL_TYPES)
    if strange:
        sys.exit(f"No backbone and no model type: {', '.join(sorted(strange))}.\n\n{__doc__}")
    backbones = [word for word in BACKBONES if word in words] or BACKBONES
    kinds = [word for word in MODEL_TYPES if word in words] or list(MODEL_TYPES)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for line in table(
            Path(kept or folder),
            calling(python, timeout=3600),
            python=Path(python),
            backbones=backbones,
            kinds=kinds,
        ):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
