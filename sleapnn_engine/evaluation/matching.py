"""Which predicted animal is which labelled one: one to one, for the best sum over the whole frame."""

from __future__ import annotations

import warnings

import numpy as np

from sleapnn_engine.data.linear_assignment import best_pairs

Pairs = list[tuple[int, int]]


def match_animals(predicted: np.ndarray, truth: np.ndarray, *, limit: float | None = None) -> Pairs:
    """Pair predicted (P, N, 2) with labelled (T, N, 2) animals by the mean distance over nodes that both have.

    Returns (row of predicted, row of truth), by row of predicted. Animals without a common node are no pair. With
    `limit`, in the points' pixels, pairs farther apart are none either, and finding no partner costs as much as that
    distance; without it as many pairs as possible are made, at the smallest sum. Centroids are animals of one node.
    """
    gaps = mean_distances(predicted, truth)
    if not gaps.size:
        return []
    allowed = np.isfinite(gaps) if limit is None else gaps <= limit
    if limit is None:
        apart = 1.0 + min(gaps.shape) * np.max(gaps, where=allowed, initial=0.0)
    else:
        apart = np.nextafter(limit, np.inf)
    return _kept(best_pairs(np.where(allowed, gaps, apart)), allowed)


def match_poses(predicted: np.ndarray, truth: np.ndarray, *, reach: np.ndarray) -> Pairs:
    """Pair predicted (P, N, 2) with labelled (T, N, 2) animals by how much of each labelled pose is met.

    A labelled node is met fully at distance 0 and not at all from `reach` (T,) pixels on, or when it was not
    predicted; so a few nodes in the right place do not take an animal from a whole prediction of it. Pairs whose
    common nodes are on average farther apart than `reach` are none. Returns what `match_animals` does.
    """
    distances = node_distances(predicted, truth)
    if not distances.size:
        return []
    met = np.nan_to_num(1.0 - distances / reach[:, None], nan=0.0, neginf=0.0).clip(min=0.0)
    visible = np.isfinite(truth).all(axis=-1).sum(axis=-1)
    allowed = mean_distances(predicted, truth) <= reach
    # Any allowed pair is worth a little more than none, also one at the very end of the reach.
    worth = np.where(allowed, met.sum(axis=-1) / np.maximum(visible, 1) + 1e-6, 0.0)
    return _kept(best_pairs(worth, greatest=True), allowed)


def node_distances(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances of every node in every pair, (P, T, N), NaN where either has none."""
    gaps = np.asarray(predicted, dtype=np.float64)[:, None] - np.asarray(truth, dtype=np.float64)[None]
    distances: np.ndarray = np.linalg.norm(gaps, axis=-1)
    return distances


def mean_distances(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean distance over nodes that both have, (P, T), infinite without a common node."""
    distances = node_distances(predicted, truth)
    both = np.isfinite(distances)
    total = np.where(both, distances, 0.0).sum(axis=-1)
    count = both.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def body_sizes(points: np.ndarray) -> np.ndarray:
    """Diagonals of the boxes around each animal's visible nodes, (T, N, 2) -> (T,), NaN with fewer than two."""
    seen = np.isfinite(points).all(axis=-1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        known = np.where(seen[..., None], points, np.nan)
        sizes = np.linalg.norm(np.nanmax(known, axis=1) - np.nanmin(known, axis=1), axis=-1)
    return np.where(seen.sum(axis=-1) > 1, sizes, np.nan)


def _kept(chosen: tuple[np.ndarray, np.ndarray], allowed: np.ndarray) -> Pairs:
    return [(int(i), int(j)) for i, j in zip(*chosen, strict=True) if allowed[i, j]]
