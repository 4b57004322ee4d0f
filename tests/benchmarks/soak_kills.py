"""Kills engines and windows at random moments and compares what the journal, the page, the list and the terminal say.

Half of the kills hit an engine that a window follows, half a window whose engine goes on and is followed to its end by
another one. Every event of the journal must have come, once and in order; page, list and command line must name the
same end and the same epochs.

    python -m tests.benchmarks.soak_kills --kills 50
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication

from tests.gui.kills import soak


def main() -> int:
    """Kill, compare, and print what was wrong; 1 where anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how many in all")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the moments")
    args = parser.parse_args()
    app = QApplication([])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        runs.mkdir()
        tempfile.tempdir = folder
        found = soak(app, runs, kills=args.kills, seed=args.seed, told=lambda text: print(text, flush=True))
    print(
        f"{args.kills} kills in {time.monotonic() - began:.0f} s, seed {args.seed}: {len(found)} things wrong"
    )
    for text in found:
        print(text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
