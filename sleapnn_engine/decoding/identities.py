"""From peaks or crops and how much speaks for each identity to who is who: no identity is given twice."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from sleapnn_engine.data.linear_assignment import best_pairs
from sleapnn_engine.decoding.animals import Animals, make_animals
from sleapnn_engine.decoding.peaks import Peaks

# Of the best class value at a peak: what the class it is given to must have there.
_LEAST_SHARE = 0.5
# In place of a value that is no number.
_NO_CHANCE = -1e6


#: Which peaks are used: "strict" is the rule of the family's programs, "lenient" ours.
Identities = Literal["strict", "lenient"]


def group_by_class(
    peaks: Peaks, class_maps: torch.Tensor, *, n_nodes: int, stride: int, rule: Identities
) -> list[Animals]:
    """Give peaks to identities by class_maps (B, K, h, w) at their places: one `Animals` per image, K at most.

    `stride` is that of the class maps, which are read at the nearest cell. Per image and node each identity gets at
    most one peak. The `rule` strict has the class values sum to most, and then uses a peak only where its place speaks
    for its identity as much as for any; places that speak for nobody count as well. Lenient has class value times height
    of the peak sum to most, so that of two peaks in one animal's area the clearer one wins, and uses a peak where its
    place speaks for its identity at least half as much as for any, for where animals touch, it may speak a little more
    for the other one. An animal's score is the mean height of its peaks, its class score the mean class value.
    """
    maps = class_maps.detach().float()
    height, width = maps.shape[-2:]
    cells = (peaks.points / stride).round()
    x, y = cells[:, 0].clamp(0, width - 1).long(), cells[:, 1].clamp(0, height - 1).long()
    claims = maps[peaks.rows, :, y, x].cpu().numpy()
    peaks = peaks.cpu()
    rows, nodes, values = peaks.rows.numpy(), peaks.channels.numpy(), peaks.values.numpy()
    owner = np.full(len(rows), -1)
    for mine in _runs(rows * n_nodes + nodes):
        i, k = _RULES[rule](claims[mine], values[mine, None])
        owner[mine[i]] = k
    points = peaks.points.numpy()
    return [
        _animals(
            points[mine], nodes=nodes[mine], values=values[mine],
            owner=owner[mine], claims=claims[mine], n_nodes=n_nodes,
        )
        for mine in (np.flatnonzero((rows == row) & (owner >= 0)) for row in range(len(maps)))
    ]  # fmt: skip


def _strictly(claims: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a peak and an identity, given claims (P, K); the heights of the peaks do not matter."""
    known = np.isfinite(claims)
    i, k = best_pairs(np.where(known, claims, _NO_CHANCE), greatest=True)
    kept = known[i, k] & (claims[i, k] == claims[i].max(axis=1))
    return i[kept], k[kept]


def _leniently(claims: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a peak and an identity, given claims (P, K) and heights (P, 1)."""
    chances = np.nan_to_num(claims * heights, nan=0.0, posinf=0.0, neginf=0.0)
    allowed = (chances > 0) & (chances >= _LEAST_SHARE * chances.max(axis=1, keepdims=True))
    i, k = best_pairs(np.where(allowed, chances, 0.0), greatest=True)
    kept = allowed[i, k]
    return i[kept], k[kept]


_RULES = {"strict": _strictly, "lenient": _leniently}


def assign_classes(vectors: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each crop an identity by its class vector: vectors (M, K), groups int (M,) -> classes (M,), scores (M,).

    Crops of one group (one frame) get different identities, so that the sum of their probabilities is greatest. With
    more crops than identities the rest gets -1, with score NaN.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    classes = np.full(len(vectors), -1, dtype=np.int64)
    scores = np.full(len(vectors), np.nan, dtype=np.float32)
    for mine in _runs(np.asarray(groups)):
        i, k = best_pairs(np.nan_to_num(vectors[mine], nan=0.0), greatest=True)
        classes[mine[i]] = k
        scores[mine[i]] = vectors[mine[i], k]
    return classes, scores


def _runs(keys: np.ndarray) -> list[np.ndarray]:
    """Numbers of the elements that share a key, key by key."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order])) + 1
    return [run for run in np.split(order, starts) if len(run)]


def _animals(
    points: np.ndarray,
    *,
    nodes: np.ndarray,
    values: np.ndarray,
    owner: np.ndarray,
    claims: np.ndarray,
    n_nodes: int,
) -> Animals:
    """Lay the chosen peaks of one image out by identity."""
    classes, row = np.unique(owner, return_inverse=True)
    placed = np.full((len(classes), n_nodes, 2), np.nan, dtype=np.float32)
    heights = np.zeros((len(classes), n_nodes), dtype=np.float32)
    placed[row, nodes] = points
    heights[row, nodes] = values
    counts = np.bincount(row, minlength=len(classes))
    speaking = claims[np.arange(len(owner)), owner]
    return make_animals(
        placed,
        node_scores=heights,
        scores=np.bincount(row, weights=values, minlength=len(classes)) / counts,
        classes=classes,
        class_scores=np.bincount(row, weights=speaking, minlength=len(classes)) / counts,
    )
