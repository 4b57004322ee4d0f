"""The usual shape of an animal, and how far each animal is from it once turned, moved and sized alike."""

from __future__ import annotations

import numpy as np

_ROUNDS = 4
#: Fewer visible parts than this say nothing of a shape.
LEAST_PARTS = 3


def usual_shape(points: np.ndarray) -> np.ndarray:
    """Median place of each part, complex (N,), over animals turned and sized alike; (A, N) complex, NaN for unseen.

    NaN for parts of which too few animals that show enough parts are there.
    """
    usable = points[np.isfinite(points).sum(axis=1) >= LEAST_PARTS]
    if not len(usable):
        return np.full(points.shape[1], np.nan + 0j)
    shape = usable[np.argmax(np.isfinite(usable).sum(axis=1))]
    shape = shape - np.nanmean(shape)
    for _ in range(_ROUNDS):
        laid = laid_on(usable, shape)
        counts = np.isfinite(laid).sum(axis=0)
        known = counts >= LEAST_PARTS
        if not known.any():
            break
        middle = _median(laid.real, counts) + 1j * _median(laid.imag, counts)
        shape = np.where(known, middle - middle[known].mean(), shape)
    found: np.ndarray = shape
    return found


def laid_on(points: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Points (A, N) moved, turned and sized, never mirrored, to lie best on a shape (N,), over what both show.

    NaN where fewer than two parts are shared.
    """
    seen = np.isfinite(points) & np.isfinite(shape)
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    from_here = np.where(seen, points, 0)
    to_there = np.where(seen, shape, 0)
    middle = from_here.sum(axis=1, keepdims=True) / count
    goal = to_there.sum(axis=1, keepdims=True) / count
    own, other = np.where(seen, points - middle, 0), np.where(seen, shape - goal, 0)
    spread = (np.abs(own) ** 2).sum(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        factor = (own.conj() * other).sum(axis=1, keepdims=True) / spread
    factor = np.where((seen.sum(axis=1, keepdims=True) >= 2) & (spread > 0), factor, np.nan)
    found: np.ndarray = (points - middle) * factor + goal
    return found


def _median(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Median of each column without NaN; NaN of columns without anything, and no warning of those."""
    found = np.full(values.shape[1], np.nan)
    some = counts > 0
    if some.any():
        found[some] = np.nanmedian(values[:, some], axis=0)
    return found
