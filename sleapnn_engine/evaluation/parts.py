"""How far each body part is off, in pixels and in percent of a body, over the animals that were found."""

from __future__ import annotations

from typing import Any

import numpy as np

from sleapnn_engine.evaluation.scores import PoseScores


def part_figures(scores: PoseScores) -> dict[str, Any]:
    """Figures by node, (N,) each, NaN where there is nothing to measure.

    `p50` and `p90` are distances in source pixels, `p50_body_percent` and `p90_body_percent` the same in percent of the median diagonal of the labelled animals' boxes; `found` is the share of a node's labelled places, of
    found animals, for which a point was predicted. `body_px` is that diagonal.
    """
    predicted, truth, body = scores.found()
    distances = np.linalg.norm(predicted - truth, axis=-1)
    labelled = np.isfinite(truth).all(axis=-1)
    median, ninety = (_by_node(distances, percent) for percent in (50, 90))
    percent = 100 / body if body else np.nan
    count = labelled.sum(axis=0)
    return {
        "p50": median,
        "p90": ninety,
        "p50_body_percent": median * percent,
        "p90_body_percent": ninety * percent,
        "found": np.where(count > 0, np.isfinite(distances).sum(axis=0) / np.maximum(count, 1), np.nan),
        "body_px": np.nan if body is None else body,
    }


def _by_node(distances: np.ndarray, percent: float) -> np.ndarray:
    known = [column[np.isfinite(column)] for column in distances.T]
    return np.array([np.percentile(column, percent) if len(column) else np.nan for column in known])
