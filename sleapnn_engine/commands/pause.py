"""`sleapnn-engine pause RUN_DIR`: let a running training stand still after the batch in progress."""

import argparse

from sleapnn_engine.commands.conversation import order, run_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run")


def run(args: argparse.Namespace) -> int:
    """Ask for a pause and wait until training stands still; returns the exit code."""
    return order(run_folder(args.run_dir), "pause")
