"""`sleapnn-engine stop RUN_DIR`: end a running training with all its files written."""

import argparse
import sys

from sleapnn_engine.commands.conversation import order, run_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run")
    parser.add_argument(
        "--after",
        choices=("batch", "epoch"),
        help="end after the batch in progress, or after the epoch; asked in a terminal, else after the batch",
    )


def run(args: argparse.Namespace) -> int:
    """Ask for a stop and wait until the run is over; returns the exit code."""
    return order(run_folder(args.run_dir), "stop", after=args.after or _asked())


def _asked() -> str:
    """What the window asks too; where nobody can answer, as soon as may be."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "batch"
    answer = ""
    while answer not in ("b", "e", "batch", "epoch"):
        try:
            answer = input("Stop after this batch (b) or after this epoch (e)? ").strip().lower()
        except EOFError:  # as Ctrl-C, nothing was asked of the run
            raise KeyboardInterrupt from None
    return "batch" if answer.startswith("b") else "epoch"
