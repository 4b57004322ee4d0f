"""Which predicted animal of a frame is which labelled one, what was missed and what is no animal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

POINT_LIMIT = 50.0
"""How far a centre may be from its animal, in source pixels: animals of one point have no size of their own."""

BODY_SHARE = 0.5
"""How far an animal's parts may be off on average, as a share of the diagonal of its box."""


@dataclass(frozen=True)
class Pairing:
    """`pairs` are (place among the labelled, place among the predicted, mean distance in source pixels)."""

    pairs: tuple[tuple[int, int, float], ...] = ()
    missed: tuple[int, ...] = ()
    extra: tuple[int, ...] = ()

    @property
    def wrong(self) -> int:
        """Animals that were missed or are none."""
        return len(self.missed) + len(self.extra)

    def predicted_of(self, labelled: int) -> int | None:
        """The predicted animal that was paired with a labelled one."""
        return next((found for true, found, _ in self.pairs if true == labelled), None)

    def labelled_of(self, predicted: int) -> int | None:
        """The labelled animal that was paired with a predicted one."""
        return next((true for true, found, _ in self.pairs if found == predicted), None)


def pair_animals(body: dict[str, Any], *, one_animal: bool) -> Pairing:
    """Pair the animals of a `frame` event as the engine does when it counts them.

    With `one_animal`, the first of both belong together whatever lies between them.
    """
    truth, predicted = as_points(body["truth"]), as_points(body["predicted"])
    real, there = _with_points(truth), _with_points(predicted)
    scale = float(body["scale"])
    if one_animal:
        rows = [(0, 0)] if real and there else []
    else:
        rows = _best_first(truth, predicted, scale=scale)
    pairs = tuple((t, p, _mean_distance(truth[t], predicted[p]) * scale) for t, p in rows)
    taken, used = {t for t, _ in rows}, {p for _, p in rows}
    return Pairing(pairs, tuple(t for t in real if t not in taken), tuple(p for p in there if p not in used))


def as_points(animals: Sequence[Sequence[Sequence[float] | None]]) -> np.ndarray:
    """Animals of a `frame` event as (animals, nodes, 2), NaN where a point is not visible."""
    nodes = max(map(len, animals), default=0)
    unseen = (np.nan, np.nan)
    rows = [[point or unseen for point in animal] + [unseen] * (nodes - len(animal)) for animal in animals]
    return np.array(rows, np.float64).reshape(len(animals), nodes, 2)


def body_sizes(points: np.ndarray) -> np.ndarray:
    """Diagonals of the boxes around the visible points of (animals, nodes, 2); 0 with fewer than two."""
    if not points.size:
        return np.zeros(len(points))
    seen = np.isfinite(points).all(axis=-1, keepdims=True)
    low = np.where(seen, points, np.inf).min(axis=1)
    high = np.where(seen, points, -np.inf).max(axis=1)
    sides = np.where(seen.any(axis=1), high - low, 0.0)
    return np.asarray(np.linalg.norm(sides, axis=-1))


def _best_first(truth: np.ndarray, predicted: np.ndarray, *, scale: float) -> list[tuple[int, int]]:
    """One to one, the best pairs first: by how much of each labelled animal is met."""
    if not truth.size or not predicted.size:
        return []
    nodes = min(truth.shape[1], predicted.shape[1])
    gaps = np.linalg.norm(truth[:, None, :nodes] - predicted[None, :, :nodes], axis=-1)
    both = np.isfinite(gaps)
    mean = np.where(both, gaps, 0.0).sum(-1) / np.maximum(both.sum(-1), 1)
    reach = _reach(truth, scale=scale)
    met = np.where(both, np.clip(1.0 - gaps / reach[:, None, None], 0.0, None), 0.0).sum(-1)
    worth = np.where(both.any(-1) & (mean <= reach[:, None]), met + 1e-6, 0.0)
    rows: list[tuple[int, int]] = []
    while worth.max() > 0:
        best = divmod(int(worth.argmax()), worth.shape[1])
        rows.append(best)
        worth[best[0], :] = 0.0
        worth[:, best[1]] = 0.0
    return sorted(rows)


def _reach(truth: np.ndarray, *, scale: float) -> np.ndarray:
    """How far off each labelled animal may be found, in pixels of the sent image."""
    sizes = body_sizes(truth)
    known = sizes[sizes > 0]
    if not len(known):
        return np.full(len(truth), POINT_LIMIT / scale)
    return BODY_SHARE * np.fmax(sizes, float(np.median(known)))


def _with_points(points: np.ndarray) -> list[int]:
    return [row for row, animal in enumerate(points) if np.isfinite(animal).all(axis=-1).any()]


def _mean_distance(one: np.ndarray, other: np.ndarray) -> float:
    nodes = min(len(one), len(other))
    gaps = np.linalg.norm(one[:nodes] - other[:nodes], axis=-1)
    return float(np.nanmean(gaps)) if np.isfinite(gaps).any() else float("nan")
