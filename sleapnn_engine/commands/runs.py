"""`sleapnn-engine runs list|compare|methods|bundle`: what became of runs, side by side, in words, and to train again."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.comparison import Compared, read_compared, winners
from sleapnn_engine.protocol.counting import duration, epoch_number
from sleapnn_engine.protocol.measures import F1, MEAN_OKS, MEASURES, MEDIAN_PX, OF_BODY, P90_PX, PCK
from sleapnn_engine.protocol.methods_text import methods_text
from sleapnn_engine.protocol.run_account import read_account
from sleapnn_engine.protocol.run_state import RunRecord, find_runs, read_run

#: How long a running engine gets to answer.
_PATIENCE_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    verbs = parser.add_subparsers(dest="verb", metavar="list|compare|methods|bundle", required=True)
    listing = verbs.add_parser("list", help="list runs, the newest first")
    listing.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="FOLDER",
        help="run folders, or folders that hold some (default: the current folder)",
    )
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    comparing = verbs.add_parser("compare", help="set runs side by side: the best of each, and what differs")
    comparing.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN_DIR", help="folders of two or more runs"
    )
    comparing.add_argument("--json", action="store_true", help="print a JSON object")
    telling = verbs.add_parser("methods", help="say in a paragraph for a paper how a model was trained")
    bundling = verbs.add_parser(
        "bundle",
        help="write a zip file that trains a run again: config, split, versions, hashes of the labels",
    )
    for one in (telling, bundling):
        one.add_argument("run", type=Path, metavar="RUN_DIR", help="folder of the run")
    bundling.add_argument(
        "-o", "--output", type=Path, required=True, metavar="ZIP", help="file to write, a new one"
    )
    bundling.add_argument("--replace", action="store_true", help="write over a file of this name")


def run(args: argparse.Namespace) -> int:
    """Do what is asked; returns the exit code. Raises UserError (usage) for folders that are none, or hold no run."""
    return {"list": _list, "compare": _compare, "methods": _methods, "bundle": _bundle}[args.verb](args)


def _methods(args: argparse.Namespace) -> int:
    print(methods_text(read_account(args.run)))
    return 0


def _bundle(args: argparse.Namespace) -> int:
    from sleapnn_engine.export.run_bundle import write_bundle  # few runs are bundled

    notes = write_bundle(
        args.run,
        args.output,
        replace=args.replace,
        told=lambda text: print(text, file=sys.stderr, flush=True),
    )
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print(
        f"{args.output} holds all that is needed to train {args.run.absolute().name} again; README.txt in it says how."
    )
    return 0


def _list(args: argparse.Namespace) -> int:
    """List the runs; 0 also where there are none."""
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


def _compare(args: argparse.Namespace) -> int:
    """Print the runs side by side, the first of them the one that the others are held against."""
    folders: list[Path] = args.runs
    found = [(folder, read_run(folder, patience=_PATIENCE_SECONDS)) for folder in folders]
    missing = [str(folder) for folder, record in found if record is None]
    if missing:
        raise UserError("there is no run in this folder.", where=", ".join(missing), usage=True)
    if len({folder.resolve() for folder in folders}) < 2:
        raise UserError(
            "there is nothing to compare a run with.", hint="Name two or more run folders.", usage=True
        )
    records = [record for _, record in found if record is not None]
    compared = read_compared([record.path for record in records])
    if args.json:
        print(json.dumps(_side_by_side(records, compared), indent=1))
        return 0
    print(f"{len(records)} runs: {'; '.join(compared.remarks)}.")
    for what, verdict in compared.verdicts:
        print(f"{what}. {verdict.sentence}" if what else verdict.sentence)
    for heading, rows in _paragraphs(records, compared):
        print(f"\n{heading}")
        for line in _aligned(rows):
            print(line)
    return 0


def _side_by_side(records: list[RunRecord], compared: Compared) -> dict[str, Any]:
    """What is printed as JSON; epochs count from 0, as in files, and what is not known is null."""
    figures = {figure.key: values for figure, values in compared.figures if figure.key != "epoch"}
    return {
        "runs": [
            {
                **as_json(record),
                "best": {key: values[place] for key, values in figures.items()},
                "parts_px": {name: values[place] for name, values in compared.parts},
            }
            for place, record in enumerate(records)
        ],
        "differences": [attrs.asdict(one) for one in compared.differences],
        "remarks": compared.remarks,
        "verdicts": [{"change": what, **attrs.asdict(verdict)} for what, verdict in compared.verdicts],
    }


def _paragraphs(records: list[RunRecord], compared: Compared) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Headings with a table each; the best of a line has a star."""
    head = ("", *(record.name for record in records))
    told = [("state", *(record.words for record in records))]
    told.append(("epochs", *(record.reach.brief for record in records)))
    told += [
        (figure.name, *_marked(values, _WRITTEN[figure.key], figure.better))
        for figure, values in compared.figures
    ]
    yield "Best of each (* the best of all)", [head, *told]
    parts = [(name, *_marked(values, _pixels, -1)) for name, values in compared.parts]
    if parts:
        yield "Error by part, median of the best epoch", [head, *parts]
    if compared.differences:
        rows = [(one.path, *(_one_line(value) for value in one.values)) for one in compared.differences]
        yield "Settings that differ", [head, *rows]
    elif None not in compared.configs:
        yield "No setting differs.", []


def _marked(values: Sequence[float | None], written: Callable[[float], str], better: int) -> tuple[str, ...]:
    texts = ["–" if value is None else written(value) for value in values]
    best = winners(values, better, texts=texts)
    return tuple(f"{text} *" if place in best else text for place, text in enumerate(texts))


def _pixels(value: float) -> str:
    return f"{value:.2f} px"


#: How the figures of a best epoch are written.
_WRITTEN: dict[str, Callable[[float], str]] = {
    MEDIAN_PX.key: _pixels,
    OF_BODY.key: "{:.1f} %".format,
    P90_PX.key: _pixels,
    **dict.fromkeys((F1.key, PCK.key, MEAN_OKS.key), "{:.1%}".format),
    "val": lambda value: plain(value, figures=4),
    "epoch": "{:.0f}".format,
    "seconds": duration,
}


def _one_line(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(records: list[RunRecord]) -> list[str]:
    """One line a run."""
    heads = ("run", "started", "state", "model", "time", "epochs", "best", "validation loss", "median error")
    return _aligned([heads, *map(_row, records)]) if records else []


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
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
