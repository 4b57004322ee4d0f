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
    gaps, mean = _distances(truth, predicted)
    if one_animal:
        rows = [(0, 0)] if real and there else []
    else:
        rows = _best_first(gaps, mean, reach=_reach(truth, scale=scale))
    pairs = tuple((t, p, float(mean[t, p]) * scale) for t, p in rows)
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


def _distances(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances of all parts of every labelled animal to those of every predicted one, (T, P, nodes), and their
    means over the parts both have, (T, P); NaN where there are none."""
    nodes = min(truth.shape[1], predicted.shape[1])
    offsets = truth[:, None, :nodes] - predicted[None, :, :nodes]
    gaps = np.hypot(offsets[..., 0], offsets[..., 1])
    both = np.isfinite(gaps)
    count = both.sum(-1)
    total = np.where(both, gaps, 0.0).sum(-1)
    return gaps, np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _best_first(gaps: np.ndarray, mean: np.ndarray, *, reach: np.ndarray) -> list[tuple[int, int]]:
    """One to one, the best pairs first: by how much of each labelled animal is met within `reach` (T,)."""
    if not mean.size:
        return []
    met = np.nan_to_num(np.clip(1.0 - gaps / reach[:, None, None], 0.0, None)).sum(-1)
    worth = np.where(mean <= reach[:, None], met + 1e-6, 0.0)
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
