"""`sleapnn-engine VERB RUN_DIR`: ask a running training for what takes no options, as pausing."""

import argparse

from sleapnn_engine.commands.conversation import order, run_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the commands take."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run")


def run(args: argparse.Namespace) -> int:
    """Ask for what the command is called and wait until it is done; returns the exit code."""
    return order(run_folder(args.run_dir), args.command.replace("-", "_"))
