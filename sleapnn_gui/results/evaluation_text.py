"""The figures of evaluations as a table for other programs: one figure a row."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from sleapnn_gui.results.evaluations import Judgement

_HEAD = ("run", "what", "name", "frame", "figure", "unit", "value")
_UNITS = {"px": "px", "percent": "% of body"}
#: Tables of the metrics with a value for each pair or threshold, which are for the files of metrics.
_FLAT = (int, float)
#: What says which video or frame it is.
_PLACES = ("video", "frame")


def csv_text(evaluations: Mapping[str, Judgement]) -> str:
    """Every figure of the runs, by their names: headlines, parts, videos, curves and frames."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    for run, found in evaluations.items():
        for row in _rows(found):
            writer.writerow([run, *("" if value is None else value for value in row)])
    return text.getvalue()


def _rows(found: Judgement) -> Iterator[tuple[Any, ...]]:
    report = found.report
    yield from _headlines(found)
    for part in report["parts"]:
        yield from _both("part", part["name"], part)
        yield from (("part", part["name"], None, name, "", part[name]) for name in ("labelled", "found"))
    for video in report["videos"]:
        yield from _named("video", video["video"], None, video)
    yield from _curves(report["curves"])
    for frame in report["frames"]:
        yield from _named("frame", frame["video"], frame["frame"], frame)


def _headlines(found: Judgement) -> Iterator[tuple[Any, ...]]:
    yield "all", "", None, "body", "px", found.report["body_px"]
    yield from _named("all", "", None, found.report["animals"])
    yield from _both("all", "", found.report["distances"])
    for section, figures in found.metrics.items():
        numbers = {name: value for name, value in figures.items() if isinstance(value, _FLAT)}
        yield from _named("metrics", section, None, numbers)


def _both(what: str, name: str, figures: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Figures in pixels and in percent of a body."""
    for kind, unit in _UNITS.items():
        yield from ((what, name, None, figure, unit, value) for figure, value in figures[kind].items())


def _named(what: str, name: str, frame: int | None, figures: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for figure, value in figures.items():
        if figure not in _PLACES:
            yield what, name, frame, figure, "px" if figure.endswith("_px") else "", value


def _curves(curves: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for at, share in zip(curves["pck"]["px"], curves["pck"]["share"], strict=True):
        yield "curve", "share of points within", None, at, "px", share
    if curves["oks"] is not None:
        for at, share in zip(curves["oks"]["at_least"], curves["oks"]["share"], strict=True):
            yield "curve", "share of animals with an OKS of at least", None, at, "", share
