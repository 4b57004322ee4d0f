"""`sleapnn-engine stop-when RUN_DIR [RULE ...]`: have a running training end by itself."""

import argparse

from sleapnn_engine.commands.conversation import order, run_folder
from sleapnn_engine.protocol.stop_rules import EXAMPLES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run")
    parser.add_argument(
        "rules",
        nargs="*",
        metavar="RULE",
        help=f"any of {', '.join(f'“{example}”' for example in EXAMPLES)}; the first that holds ends it, they take the "
        "place of those before, and without any it stops by no rule",
    )


def run(args: argparse.Namespace) -> int:
    """Have the rules followed from now on; returns the exit code."""
    return order(run_folder(args.run_dir), "stop_when", rules=args.rules)
