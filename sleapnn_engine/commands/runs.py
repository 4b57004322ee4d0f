"""`sleapnn-engine runs list [FOLDER ...]`: what became of the runs in some folders, as the Runs page knows them."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.counting import duration, epoch_number
from sleapnn_engine.protocol.measures import MEASURES, MEDIAN_PX
from sleapnn_engine.protocol.run_state import RunRecord, find_runs, read_run

#: How long a running engine gets to answer.
_PATIENCE_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    verbs = parser.add_subparsers(dest="verb", metavar="list", required=True)
    listing = verbs.add_parser("list", help="list runs, the newest first")
    listing.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="FOLDER",
        help="run folders, or folders that hold some (default: the current folder)",
    )
    listing.add_argument("--json", action="store_true", help="print a JSON list")


def run(args: argparse.Namespace) -> int:
    """List the runs; 0 also where there are none. Raises UserError (usage) for a folder that does not exist."""
    folders = args.folders or [Path()]
    for folder in folders:
        if not folder.is_dir():
            raise UserError("there is no such folder.", where=str(folder), usage=True)
    found = (read_run(path, patience=_PATIENCE_SECONDS) for path in find_runs(folders))
    records = [record for record in found if record is not None]
    if args.json:
        print(json.dumps([as_json(record) for record in records], indent=1))
        return 0
    for line in _table(records):
        print(line)
    if not records:
        places = ", ".join(str(folder.absolute()) for folder in folders)
        print(f"There are no runs in {places}.", file=sys.stderr)
    return 0


def as_json(record: RunRecord) -> dict[str, Any]:
    """A record as the command prints it: what is not known is null."""
    known = attrs.asdict(record, filter=attrs.filters.exclude("measured"))
    figures = {measure.listed: record.measured[measure] for measure in MEASURES if measure.listed}
    return {**known, "path": str(record.path), **figures}


def _table(records: list[RunRecord]) -> list[str]:
    """One line a run."""
    rows = [_row(record) for record in records]
    if not rows:
        return []
    rows.insert(
        0, ("run", "started", "state", "model", "time", "epochs", "best", "validation loss", "median error")
    )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]


def _row(record: RunRecord) -> tuple[str, ...]:
    started = (
        "–" if record.started is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started))
    )
    median = record.measured[MEDIAN_PX]
    return (
        record.name,
        started,
        record.words,
        " ".join(filter(None, (record.model, record.backbone))) or "–",
        "–" if record.seconds is None else duration(record.seconds),
        record.reach.brief,
        "–" if record.best_epoch is None else str(epoch_number(record.best_epoch)),
        "–" if record.best_val is None else plain(record.best_val, figures=4),
        "–" if median is None else f"{median:.1f} px",
    )
