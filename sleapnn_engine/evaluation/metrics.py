"""The metrics of a trained model as the family names them, so that its programs show them beside their own.

The sections `voc_metrics`, `mOKS`, `distance_metrics`, `pck_metrics` and `visibility_metrics` follow the family's
definitions to the digit (but a given OKS scale also holds for animals whose box has no area), and those are kind to a
model. Only matched pairs enter them: animals that were not found lower the recall of `voc_metrics` and nothing else,
predictions that are no animal lower no number at all. Any similarity above 0 makes a pair, and a certain prediction
takes an animal before a better one that is less certain. Additions under names of their own count what those leave
out: `animal_metrics` for animals, `part_metrics` for parts, `identity_metrics` for who is who.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.evaluation.matching import match_animals, mean_distances
from sleapnn_engine.evaluation.oks import (
    figures_of_all,
    key_point_similarity,
    match_by_similarity,
    precision_recall,
)
from sleapnn_engine.evaluation.parts import part_figures
from sleapnn_engine.evaluation.scores import PoseScores, identity_figures

Metrics = dict[str, dict[str, Any]]

PCK_THRESHOLDS = np.linspace(1, 10, 10)
_PERCENTILES = (50, 75, 90, 95, 99)
_POSE_SECTIONS = ("voc_metrics", "mOKS", "pck_metrics", "visibility_metrics")


@attrs.frozen(eq=False, kw_only=True)
class EvaluatedFrame:
    """One labelled frame with what was predicted on it, all points in source pixels, NaN where missing.

    `predicted` (P, N, 2) with `scores` (P,), how certain each is; `truth` (T, N, 2); `video` and `frame_index` name
    the frame. Predicted rows without any point are no animals; labelled ones are animals that nobody can find. Classes
    are int (P,) and (T,), -1 for none, the same number for the same identity.
    """

    predicted: np.ndarray
    scores: np.ndarray
    truth: np.ndarray
    video: str = ""
    frame_index: int = 0
    predicted_classes: np.ndarray | None = None
    true_classes: np.ndarray | None = None


@attrs.frozen(eq=False)
class _Pairing:
    """Pairs of all frames, one row each, and what stayed alone."""

    predicted: np.ndarray
    truth: np.ndarray
    similarity: np.ndarray
    scores: np.ndarray
    alone: np.ndarray
    labelled: int
    frame_idxs: list[int]
    video_paths: list[str]


def pose_metrics(
    frames: Sequence[EvaluatedFrame],
    *,
    n_nodes: int,
    oks_stddev: float = 0.025,
    oks_scale: float | None = None,
    unseen: Sequence[EvaluatedFrame] = (),
) -> Metrics:
    """Measure poses of `n_nodes` nodes on labelled frames, including those on which nothing was predicted.

    `oks_stddev` and `oks_scale` (square pixels; None: each animal's own box) are those of the similarity. `unseen` are
    frames that the predictions do not have at all: other programs leave them out, and only the additions count them.
    Figures over no pair at all are NaN, those of `voc_metrics` 0.
    """
    blank = sum(_blank(frame) for frame in frames)
    hidden = blank + sum(_blank(frame) for frame in unseen)
    frames, unseen = ([_animals_only(frame) for frame in part] for part in (frames, unseen))
    pairing = _pair(frames, n_nodes=n_nodes, stddev=oks_stddev, scale=oks_scale, blank=blank)
    distances = np.linalg.norm(pairing.predicted - pairing.truth, axis=-1)
    within = distances[..., None] < PCK_THRESHOLDS
    figures = partial(precision_recall, scores=pairing.scores, labelled=pairing.labelled)
    return {
        "voc_metrics": figures(pairing.similarity, prefix="oks_voc")
        | figures(within.mean(axis=2).mean(axis=1), prefix="pck_voc"),
        "mOKS": {"mOKS": _mean(pairing.similarity)},
        "distance_metrics": {
            "frame_idxs": pairing.frame_idxs,
            "video_paths": pairing.video_paths,
            "dists": distances,
            **_percentiles(distances),
        },
        "pck_metrics": _pck(within),
        "visibility_metrics": _visibility(pairing),
        **_additions([*frames, *unseen], pairing, n_nodes=n_nodes, hidden=hidden),
    }


def centroid_metrics(frames: Sequence[EvaluatedFrame], *, limit: float = 50.0) -> Metrics:
    """Measure centroids, animals of one node; `limit` in source pixels is how far a pair may be apart.

    Centroids are paired for the smallest sum of distances on each frame, and pairs beyond the limit are given up;
    shares of nothing are 0. Sections of poses are there, with NaN: a program that lists models expects them of each.
    """
    frames = [_animals_only(frame) for frame in frames]
    found: list[tuple[float, EvaluatedFrame]] = []
    for frame in frames:
        gaps = mean_distances(frame.predicted, frame.truth)
        pairs = match_animals(frame.predicted, frame.truth)
        found += [(float(gaps[pair]), frame) for pair in pairs if gaps[pair] <= limit]
    distances = np.array([distance for distance, _ in found])
    predicted = sum(len(frame.predicted) for frame in frames)
    labelled = sum(len(frame.truth) for frame in frames)
    figures = _percentiles(distances)
    empty = pose_metrics([], n_nodes=1)
    return {
        "detection_metrics": {
            **_found(len(found), predicted, labelled),
            "n_tp": len(found),
            "n_fp": predicted - len(found),
            "n_fn": labelled - len(found),
            **figures,
        },
        "distance_metrics": {
            "frame_idxs": [frame.frame_index for _, frame in found],
            "video_paths": [frame.video for _, frame in found],
            "dists": distances,
            **figures,
        },
        **{name: _unknown(empty[name]) for name in _POSE_SECTIONS},
    }


def _animals_only(frame: EvaluatedFrame) -> EvaluatedFrame:
    """Leave out rows that have no point."""
    there, real = _there(frame.predicted), _there(frame.truth)
    given, known = frame.predicted_classes, frame.true_classes
    return attrs.evolve(
        frame,
        predicted=frame.predicted[there],
        scores=np.asarray(frame.scores, np.float64)[there],
        truth=frame.truth[real],
        predicted_classes=None if given is None else given[there],
        true_classes=None if known is None else known[real],
    )


def _there(points: np.ndarray) -> np.ndarray:
    """Which animals of (I, N, 2) have a point: bool (I,)."""
    there: np.ndarray = np.isfinite(points).all(axis=-1).any(axis=-1)
    return there


def _blank(frame: EvaluatedFrame) -> int:
    """How many labelled animals of a frame have no visible point."""
    return int((~_there(frame.truth)).sum())


def _pair(
    frames: Sequence[EvaluatedFrame], *, n_nodes: int, stddev: float, scale: float | None, blank: int
) -> _Pairing:
    predicted, truth = [np.empty((0, n_nodes, 2))], [np.empty((0, n_nodes, 2))]
    similarity, scores, alone = ([np.empty(0)] for _ in range(3))
    frame_idxs: list[int] = []
    video_paths: list[str] = []
    for frame in frames:
        table = key_point_similarity(frame.predicted, frame.truth, stddev=stddev, scale=scale)
        pairs = match_by_similarity(table, scores=frame.scores)
        rows = np.array([pair[0] for pair in pairs], dtype=int)
        columns = np.array([pair[1] for pair in pairs], dtype=int)
        predicted.append(frame.predicted[rows])
        truth.append(frame.truth[columns])
        similarity.append(table[rows, columns])
        scores.append(frame.scores[rows])
        alone.append(np.delete(frame.scores, rows))
        frame_idxs += [frame.frame_index] * len(pairs)
        video_paths += [frame.video] * len(pairs)
    return _Pairing(
        predicted=np.concatenate(predicted),
        truth=np.concatenate(truth),
        similarity=np.concatenate(similarity),
        scores=np.concatenate(scores),
        alone=np.concatenate(alone),
        labelled=sum(len(frame.truth) for frame in frames) + blank,
        frame_idxs=frame_idxs,
        video_paths=video_paths,
    )


def _pck(within: np.ndarray) -> dict[str, Any]:
    """Share of nodes within 1, 2, ... 10 px, from bool (pairs, nodes, 10); a node missing on either side is outside."""
    parts = within.mean(axis=(0, 2)) if len(within) else np.full(within.shape[1], np.nan)
    at = {int(t): _mean(within[..., i]) for i, t in enumerate(PCK_THRESHOLDS)}
    return {
        "thresholds": PCK_THRESHOLDS.copy(),
        "pcks": within,
        "mPCK_parts": parts,
        "mPCK": _mean(parts),
        "PCK@5": at[5],
        "PCK@10": at[10],
    }


def _visibility(pairing: _Pairing) -> dict[str, Any]:
    """Whether nodes of matched animals were predicted where they are labelled, and only there."""
    given = np.isfinite(pairing.predicted).all(axis=-1)
    labelled = np.isfinite(pairing.truth).all(axis=-1)
    counts = {
        "tp": int((given & labelled).sum()),
        "fp": int((given & ~labelled).sum()),
        "tn": int((~given & ~labelled).sum()),
        "fn": int((~given & labelled).sum()),
    }
    return counts | {
        "precision": _ratio(counts["tp"], counts["tp"] + counts["fp"]),
        "recall": _ratio(counts["tp"], counts["tp"] + counts["fn"]),
    }


def _additions(frames: Sequence[EvaluatedFrame], pairing: _Pairing, *, n_nodes: int, hidden: int) -> Metrics:
    """Figures in which every labelled and every predicted animal of all `frames` counts.

    An animal is found as `PoseScores` says, and `hidden` ones without a visible point are not.
    """
    scores = PoseScores(nodes=[str(node) for node in range(n_nodes)])
    for frame in frames:
        scores.add(frame.predicted, frame.truth, frame.predicted_classes, frame.true_classes)
    found = scores.summary()
    labelled = sum(len(frame.truth) for frame in frames) + hidden
    predicted = len(pairing.scores) + len(pairing.alone)
    hits = found.hits
    every = figures_of_all(pairing.similarity, scores=pairing.scores, alone=pairing.alone, labelled=labelled)
    return {
        "animal_metrics": {
            "n_predicted": predicted,
            "n_labelled": labelled,
            "precision": _ratio(hits, predicted),
            "recall": _ratio(hits, labelled),
            "f1": _ratio(2 * hits, predicted + labelled),
            **every,
        },
        "part_metrics": part_figures(scores),
        "identity_metrics": identity_figures(found),
    }


def _found(hits: int, predicted: int, labelled: int) -> dict[str, float]:
    return {
        "precision": hits / max(predicted, 1),
        "recall": hits / max(labelled, 1),
        "f1": 2 * hits / max(predicted + labelled, 1),
    }


def _percentiles(distances: np.ndarray) -> dict[str, float]:
    known = distances[np.isfinite(distances)]
    figures = {f"p{p}": float(np.percentile(known, p)) if known.size else np.nan for p in _PERCENTILES}
    return {"avg": _mean(known), **figures}


def _unknown(section: dict[str, Any]) -> dict[str, Any]:
    """The same names with NaN for every number and nothing in every list."""
    return {
        name: np.full_like(value, np.nan, dtype=float) if isinstance(value, np.ndarray) else np.nan
        for name, value in section.items()
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else np.nan


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan
