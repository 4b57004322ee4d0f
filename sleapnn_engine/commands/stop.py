"""`sleapnn-engine stop RUN_DIR`: end a running training with all its files written."""

import argparse

from sleapnn_engine.commands.conversation import order, run_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run")
    parser.add_argument(
        "--after",
        choices=("batch", "epoch"),
        default="epoch",
        help="end after the batch in progress, or after the epoch (default)",
    )


def run(args: argparse.Namespace) -> int:
    """Ask for a stop and wait until the run is over; returns the exit code."""
    return order(run_folder(args.run_dir), "stop", after=args.after)
