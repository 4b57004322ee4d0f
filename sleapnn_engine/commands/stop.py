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
    parser.add_argument(
        "--when",
        action="append",
        metavar="RULE",
        help="end it later by itself: “error below 3 px”, “error of nose, tail below 3 px”, “after 2 h”, “by 18:00”, “no smaller "
        "error for 10 epochs”; all that are given take the place of those before, and “never” of all",
    )


def run(args: argparse.Namespace) -> int:
    """Ask for a stop and wait until the run is over, or for one to come by itself; returns the exit code."""
    if args.when:
        rules = [] if args.when == ["never"] else args.when
        return order(run_folder(args.run_dir), "stop_when", rules=rules)
    return order(run_folder(args.run_dir), "stop", after=args.after)
