"""Object key-point similarity, the pairs that it makes, and the precision-recall figures made of those."""

from __future__ import annotations

from typing import Any

import numpy as np

from sleapnn_engine.evaluation.matching import Pairs, mean_distances, node_distances

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
_EPS = np.spacing(1)
# Where an animal has no area, a mean distance of this many pixels is no similarity at all.
_POINT_REACH = 50.0


def key_point_similarity(
    predicted: np.ndarray, truth: np.ndarray, *, stddev: float = 0.025, scale: float | None = None
) -> np.ndarray:
    """Similarity of predicted (P, N, 2) and labelled (T, N, 2) animals, (P, T) in 0..1.

    It is the mean over labelled nodes of exp(-d² / (2 area (2 stddev)²)), nodes not predicted counting 0; `area` in
    square pixels is `scale`, or that of the box around the animal's labelled nodes. An animal whose box has no area
    is compared by its mean distance: 1 at 0, 0 from 50 px on.
    """
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    visible = np.isfinite(truth).all(axis=-1)
    areas = _box_areas(truth, visible) if scale is None else np.full(len(truth), float(scale))
    spread = 2 * (2 * stddev) ** 2 * (areas + _EPS)
    closeness = np.exp(-(node_distances(predicted, truth) ** 2) / spread[:, None])
    closeness = np.where(np.isfinite(closeness), closeness, 0.0)
    similarity = closeness.sum(axis=-1) / np.maximum(visible.sum(axis=-1), 1)
    by_distance = np.clip(1 - mean_distances(predicted, truth) / _POINT_REACH, 0, 1)
    return np.where(areas > 0, similarity, by_distance)


def match_by_similarity(similarity: np.ndarray, *, scores: np.ndarray) -> Pairs:
    """Let predictions choose by falling `scores` (P,): each takes the free animal it is most similar to, (P, T).

    Any similarity above 0 will do. Returns (row of predicted, row of truth) in the order of choosing.
    """
    left = np.array(similarity, dtype=np.float64)
    pairs: Pairs = []
    if not left.size:
        return pairs
    for row in np.argsort(-np.asarray(scores), kind="stable"):
        best = int(left[row].argmax())
        if left[row, best] > 0:
            pairs.append((int(row), best))
            left[:, best] = 0.0
    return pairs


def precision_recall(
    match_scores: np.ndarray, *, scores: np.ndarray, labelled: int, prefix: str
) -> dict[str, Any]:
    """The figures of the PASCAL VOC challenge over pairs, as a section of the metrics file with `prefix` before names.

    `match_scores` (K,) in 0..1 is how good each pair is, `scores` (K,) how certain its prediction, `labelled` the
    number of animals there are. A pair is right from a threshold on and wrong below it: precision at 101 recalls is
    the best that is reached there or later. Predictions without a partner count as wrong only if the caller gives
    them, with a match score of 0.
    """
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    right = np.asarray(match_scores, np.float64)[order][None] >= THRESHOLDS[:, None]
    hits = right.cumsum(axis=1)
    recalls = np.zeros(len(THRESHOLDS))
    precisions = np.zeros((len(THRESHOLDS), len(RECALLS)))
    if right.size and labelled:
        reached = hits / labelled
        best = np.maximum.accumulate((hits / np.arange(1, right.shape[1] + 1))[:, ::-1], axis=1)[:, ::-1]
        recalls = reached[:, -1]
        for row, (along, value) in enumerate(zip(reached, best, strict=True)):
            place = np.searchsorted(along, RECALLS, side="left")
            there = place < len(value)
            precisions[row, there] = value[place[there]]
    found = {
        "match_score_thresholds": THRESHOLDS.copy(),
        "recall_thresholds": RECALLS.copy(),
        "match_scores": np.asarray(match_scores, np.float64)[order],
        "precisions": precisions,
        "recalls": recalls,
        "AP": precisions.mean(axis=1),
        "AR": recalls.copy(),
        "mAP": float(precisions.mean()),
        "mAR": float(recalls.mean()),
    }
    return {f"{prefix}.{name}": value for name, value in found.items()}


def figures_of_all(
    similarity: np.ndarray, *, scores: np.ndarray, alone: np.ndarray, labelled: int
) -> dict[str, float]:
    """`mOKS`, `mAP` and `mAR` in which every animal counts; NaN where nothing is labelled.

    `similarity` (K,) of the pairs with `scores` (K,), how certain their predictions are; `alone` (M,) the same of
    predictions without a partner, which are wrong. Of the `labelled` animals those that were missed are 0 in `mOKS`.
    """
    if not labelled:
        return dict.fromkeys(("mOKS", "mAP", "mAR"), float("nan"))
    every = precision_recall(
        np.concatenate([similarity, np.zeros(len(alone))]),
        scores=np.concatenate([scores, alone]),
        labelled=labelled,
        prefix="oks",
    )
    return {
        "mOKS": float(similarity.sum()) / labelled,
        "mAP": every["oks.mAP"],
        "mAR": every["oks.mAR"],
    }


def _box_areas(points: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Areas of the boxes around visible nodes (T, N), 0 where there is none."""
    low = np.where(visible[..., None], points, np.inf).min(axis=1)
    high = np.where(visible[..., None], points, -np.inf).max(axis=1)
    return np.where(visible.any(axis=1), (high - low).prod(axis=-1), 0.0)
