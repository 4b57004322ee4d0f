"""`sleapnn-engine validate CONFIG ...`: every problem of every file, as lines or as JSON."""

import argparse
import json
from pathlib import Path
from typing import Any

from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import parse_config, read_text
from sleapnn_engine.config.issue import Issue, error
from sleapnn_engine.config.legacy.conversion import import_legacy, is_legacy
from sleapnn_engine.config.pairs import differing, is_pair
from sleapnn_engine.config.strategies import PRECISIONS
from sleapnn_engine.config.validate import validate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "configs", nargs="+", type=Path, metavar="CONFIG", help="config files (YAML or SLEAP 1.4 JSON)"
    )
    parser.add_argument(
        "--labels",
        action="store_true",
        help="also open all labels and see what a training would find before its first step",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="with --labels: the number format that the training would be given (default: auto)",
    )
    parser.add_argument(
        "--pair",
        action="store_true",
        help="two configs: also whether they are the models of a top-down pair, which have labels, split, size, colour and "
        "anchor part in common",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(args: argparse.Namespace) -> int:
    told = {"with_labels": args.labels, "precision": args.precision}
    rows = [(file, issue) for file in args.configs for issue in issues_of(file, **told)]
    rows += _pair_rows(args.configs) if args.pair else []
    if args.json:
        print(json.dumps([_row(file, issue) for file, issue in rows], indent=1))
    else:
        for file, issue in rows:
            print(f"{file}: {issue.path or 'file'}: {issue.severity}: {issue.message}")
    return 2 if any(issue.severity == "error" for _, issue in rows) else 0


def issues_of(file: Path, *, with_labels: bool, precision: str = "auto") -> list[Issue]:
    """All issues of one file; a file that is no config is one issue of its own."""
    try:
        values = values_of(file)
    except UserError as problem:
        return [Issue("", "error", f"{problem.message} {problem.hint}".strip())]
    if not with_labels:
        return [*validate(values), *check_files(values)]
    from sleapnn_engine.inspect.answers import (
        check,  # opens HDF5 and video files and builds networks: slow to import
    )

    return check(values, precision=precision)


def _pair_rows(files: list[Path]) -> list[tuple[Path, Issue]]:
    """What keeps two configs from being a pair, said of the second one. Raises UserError (usage) for another number."""
    if len(files) != 2:
        raise UserError("a pair is two configs.", where="--pair", hint="Give both of them.", usage=True)
    try:
        first, second = (values_of(file) for file in files)
    except UserError:
        return []  # which is told already
    if not is_pair(first, second):
        message = "These two are no pair: one has to find animals by their centre, the other to look at each of them."
        return [(files[1], error("model_config.head_configs", message))]
    message = f"Both models of a pair have this in common; {files[0].name} has another value."
    return [(files[1], error(path, message)) for path in differing(second, first)]


def values_of(file: Path) -> dict[str, Any]:
    """The config in a file; SLEAP 1.4 JSON is imported first. Raises UserError."""
    text = read_text(file)
    if is_legacy(text):
        return import_legacy(text, source=file).values
    return parse_config(text, path=file).values


def _row(file: Path, issue: Issue) -> dict[str, Any]:
    fix = {"label": issue.fix.label, "keys": sorted(issue.fix.changes)} if issue.fix else None
    return {
        "file": str(file),
        "path": issue.path,
        "severity": issue.severity,
        "message": issue.message,
        "fix": fix,
    }
