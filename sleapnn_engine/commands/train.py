"""`sleapnn-engine train CONFIG [key=value ...]`: check everything, then train."""

import argparse
import contextlib
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.idle_settings import idle_settings
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.legacy.conversion import is_legacy
from sleapnn_engine.config.overrides import apply_overrides
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.strategies import PRECISIONS
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.protocol.stop_rules import StopRule, parse_rule
from sleapnn_engine.training.processes.cluster import own_membership


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what every command takes that is about one training: its config, settings in it, and a number format."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="config file (YAML)")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="settings to use instead of the file's"
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="auto", help="number format (default: auto)"
    )


def add_stop_rules(parser: argparse.ArgumentParser) -> None:
    """Declare by what a training stops by itself."""
    parser.add_argument(
        "--stop-when",
        action="append",
        default=[],
        type=_stop_rule,
        metavar="RULE",
        help="end training by itself, for example “error below 3 px”, “after 2 h”, “by 18:00” or “no smaller error for 10 "
        "epochs”; with several, the first that holds",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_job_arguments(parser)
    parser.add_argument(
        "--run-dir",
        type=Path,
        metavar="DIR",
        help="exactly this run folder, made where it is not there; it must hold no run yet",
    )
    parser.add_argument(
        "--keep-frames",
        type=_megabytes,
        default=50,
        metavar="MB",
        help="keep validation frames of the first, the best, the last and some other epochs in the run folder, up to so "
        "many megabytes (default: 50; 0: none)",
    )
    add_stop_rules(parser)
    parser.add_argument("--verbose", action="store_true", help="show the traceback when training fails")


def run(args: argparse.Namespace) -> int:
    """Train; 0 when done or stopped on request, 130 after Ctrl-C. Raises UserError for everything else."""
    read = read_job(args.config, args.overrides)
    if read.job is None:
        return 2
    if own_membership().leads:
        told = {issue.path for issue in read.issues}
        for path, reason in idle_settings(read.values):
            if path not in told:
                _note(f"{args.config}: {path}: note: {reason}")
    from sleapnn_engine.training.run import train  # torch takes seconds to import; nothing above needs it

    try:
        return train(
            read.job,
            run_dir=args.run_dir,
            precision=args.precision,
            frame_bytes=args.keep_frames * 1_000_000,
            stop_rules=args.stop_when,
            stream=sys.stdout,
            errors=sys.stderr,
        )
    except UserError:
        if args.verbose:
            traceback.print_exc()
        raise


def _megabytes(text: str) -> int:
    """Whole megabytes. Raises argparse.ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of megabytes; give 0 or a whole number")
    return int(text)


def _stop_rule(text: str) -> StopRule:
    """Raises argparse.ArgumentTypeError."""
    try:
        return parse_rule(text, now=time.time())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


@attrs.frozen
class ReadJob:
    """A config with the words of the command line in it; `job` is None where it, or a file it names, is wrong."""

    text: str
    values: dict[str, Any]
    job: Job | None
    issues: list[Issue]


def read_job(config: Path, overrides: Sequence[str]) -> ReadJob:
    """Read a config, put `key=value` words into it, check it, and tell of every error and warning on standard error.

    Of several processes that train it together, the first one tells.
    Raises UserError (usage) for what is no config, is one of SLEAP 1.4, and for words that name no setting.
    """
    file = read_config(config)
    values = file.values
    if is_legacy(values):
        raise UserError(
            "This is a training profile of SLEAP 1.4 or older.",
            where=str(config),
            hint="Turn it into a config with “sleapnn-engine import-legacy FILE -o OUT” and train that.",
            usage=True,
        )
    apply_overrides(values, overrides)
    job, issues = checked(values)
    for issue in issues:
        if issue.severity != "info" and own_membership().leads:
            _note(f"{config}: {issue.path or 'file'}: {issue.severity}: {issue.message}")
    return ReadJob(file.text, values, None if errors(issues) else job, issues)


def checked(values: dict[str, Any]) -> tuple[Job | None, list[Issue]]:
    """The job and everything there is to say about it; None where the config itself is wrong."""
    found = validate(values)
    return (None if errors(found) else build_job(values)), [*found, *check_files(values)]


def _note(text: str) -> None:
    """Write a line for errors. Work does not depend on whether its log, or a terminal, still takes one."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr)
