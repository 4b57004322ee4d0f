"""The command line of the window."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """All options of `sleapnn-gui`."""
    parser = argparse.ArgumentParser(
        prog="sleapnn-gui", description="Configure, train and watch animal-pose models."
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="config YAML, SLEAP 1.4 JSON, labels (.slp) or run folder"
    )
    parser.add_argument(
        "--demo", action="store_true", help="load the demonstration labels and a small preset, and train"
    )
    parser.add_argument("--labels", action="append", default=[], metavar="FILE.slp", help="labels for --demo")
    parser.add_argument(
        "--demo-dir",
        type=Path,
        metavar="DIR",
        help="where --demo puts its labels and runs; made where it is not there",
    )
    parser.add_argument("--theme", choices=("light", "dark", "system"), default=None, help="colours to use")
    parser.add_argument(
        "--screenshots",
        type=Path,
        metavar="DIR",
        help="save a picture of every page and state that is passed into this folder, made where it is not there",
    )
    parser.add_argument(
        "--quit-when-done",
        action="store_true",
        help="tell progress in the terminal and leave when training ends",
    )
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options in `argv`, program name left out; Qt's own options are passed over."""
    known, _ = build_parser().parse_known_args(list(argv))
    return known
