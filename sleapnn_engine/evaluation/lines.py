"""Metrics for people: a few tables, what other programs measure first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.evaluation.metrics import Metrics

_COUNTS, _OKS = ("n_labelled", "n_predicted"), ("mOKS", "mAP", "mAR")
_PCK = ("PCK@5", "PCK@10", "mPCK")
_DISTANCES = ("avg", "p50", "p75", "p90", "p95", "p99")


def metric_lines(metrics: Metrics, *, nodes: Sequence[str]) -> Iterator[str]:
    """The figures of `pose_metrics` or `centroid_metrics` as lines of text; `nodes` name the parts."""
    if "detection_metrics" in metrics:
        yield from _detection(metrics)
        return
    voc, pck, seen = (metrics[name] for name in ("voc_metrics", "pck_metrics", "visibility_metrics"))
    yield "As other programs measure (over matched animals):"
    yield _row("OKS", mOKS=metrics["mOKS"]["mOKS"], mAP=voc["oks_voc.mAP"], mAR=voc["oks_voc.mAR"])
    yield _row("PCK", **{name: pck[name] for name in _PCK}, mAP=voc["pck_voc.mAP"], mAR=voc["pck_voc.mAR"])
    yield _row("distance, px", **{name: metrics["distance_metrics"][name] for name in _DISTANCES})
    yield _row("visible parts", **_but(seen, "tp", "fp", "tn", "fn"))
    animals, parts = metrics["animal_metrics"], metrics["part_metrics"]
    yield "All animals (missed ones count as 0, predictions of no animal as wrong):"
    yield _row("animals", labelled=animals["n_labelled"], predicted=animals["n_predicted"])
    yield _row("found", **_but(animals, *_COUNTS, *_OKS))
    yield _row("OKS", **{name: animals[name] for name in _OKS})
    accuracy = metrics["identity_metrics"]["accuracy"]
    if not math.isnan(accuracy):
        yield _row("identities", right=accuracy)
    body = _number(parts["body_px"])
    yield f"Parts of found animals (a body measures {body} px):"
    yield from _table(
        ["part", "median px", "90 % within px", "median % of body", "90 % within % of body", "predicted"],
        [[name, *(_number(parts[key][place]) for key in _COLUMNS)] for place, name in enumerate(nodes)],
    )


_COLUMNS = ("p50", "p90", "p50_body_percent", "p90_body_percent", "found")


def _detection(metrics: Metrics) -> Iterator[str]:
    found = metrics["detection_metrics"]
    yield "Centres of animals:"
    yield _row("found", **_but(found, "n_tp", "n_fp", "n_fn", *_DISTANCES))
    yield _row("animals", right=found["n_tp"], wrong=found["n_fp"], missed=found["n_fn"])
    yield _row("distance, px", **{name: found[name] for name in _DISTANCES})


def _but(section: Mapping[str, Any], *names: str) -> dict[str, float]:
    """The figures of a section without some."""
    return {name: value for name, value in section.items() if name not in names}


def _row(what: str, **figures: float) -> str:
    return f"  {what:<14}" + "  ".join(f"{name} {_number(value)}" for name, value in figures.items())


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    for line in (head, *rows):
        first, *rest = (
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  " + "  ".join([first, *rest])


def _number(value: float) -> str:
    return "–" if math.isnan(value) else plain(float(value), figures=4)
