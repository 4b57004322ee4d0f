"""Frames that nearly repeat another, and such that are learned from while their twin measures the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.bodies import Bodies
from sleapnn_engine.data.doctor.findings import WHOLE, Finding, Patient, on_frames

#: Two frames are alike whose parts lie this near in the middle, as a share of the usual size of an animal.
ALIKE = 0.03
#: How many of the nearest frames are compared with each.
_NEIGHBOURS = 6
#: Up to so many frames are all compared with each other.
_FEW = 800
#: Less than this share of near-repeats is nothing to speak of.
_MANY = 0.2


def near_repeats(patient: Patient) -> Iterator[Finding]:
    """Validation frames with a twin that is learned from, and how much of the labels repeats itself."""
    twins = twin_frames(patient.bodies, frames=len(patient.labels))
    if not len(twins):
        return
    leaks = leaking(twins, parts=patient.parts)
    if len(leaks):
        yield _leak(patient, np.unique(leaks[:, 0]).tolist(), leaks)
    repeated = np.unique(twins[:, 1])
    if len(repeated) >= _MANY * len(patient.labels):
        places = tuple((int(frame), WHOLE) for frame in repeated)
        yield Finding(
            kind="near_repeats",
            title=f"{counted(len(repeated), 'frame')} of {len(patient.labels)} nearly repeat another",
            detail="Every part within 3 % of an animal's size. Frames that differ more teach more.",
            places=places,
            doubt=False,
        )


def leaking(twins: np.ndarray, *, parts: np.ndarray) -> np.ndarray:
    """int64 (L, 2): of pairs (P, 2), those of a frame that only measures the model and one that is learned from."""
    both = np.concatenate([twins, twins[:, ::-1]])
    measured, learned = np.equal(parts, 2), np.bitwise_and(parts, 1).astype(bool)
    found: np.ndarray = both[measured[both[:, 0]] & learned[both[:, 1]]]
    return found


def _leak(patient: Patient, frames: list[int], pairs: np.ndarray) -> Finding:
    twin = {int(one): int(other) for one, other in pairs}
    places = tuple((place, WHOLE) for frame in frames for place in (frame, twin[frame]))
    measured = int(np.count_nonzero(patient.parts & 2))
    return Finding(
        kind="leaks",
        title=f"{len(frames)} of {counted(measured, 'validation frame')} nearly {'repeats' if len(frames) == 1 else 'repeat'} a "
        "training frame",
        detail=f"Validation flatters the model there; {on_frames(patient, [(f, WHOLE) for f in frames])}. "
        "Each is shown with its twin.",
        places=places,
        doubt=False,
    )


def twin_frames(bodies: Bodies, *, frames: int) -> np.ndarray:
    """int64 (P, 2): pairs of frames whose animals lie alike, the earlier first; each with its nearest few only."""
    limit = max(ALIKE * bodies.typical_size, 0.5)
    shown = bodies.seen.any(axis=1).reshape(-1, 1, 1)
    middles = np.nanmean(np.where(shown, bodies.points, 0.0), axis=1)
    # From the left to the right, so that twins list their animals alike whatever their order in the file.
    order = np.lexsort((middles[:, 0], bodies.frame))
    counts = np.bincount(bodies.frame, minlength=frames)
    starts = np.cumsum(counts) - counts
    found = [np.zeros((0, 2), dtype=np.int64)]
    for count in np.unique(counts[counts > 0]):
        own = np.flatnonzero(counts == count)
        rows = order[starts[own, None] + np.arange(count)]
        if len(own) < 2:
            continue
        features = middles[rows].reshape(len(own), -1)
        first, second = _neighbours(features, within=2 * limit * count**0.5)
        low, high = np.minimum(first, second), np.maximum(first, second)
        pairs = np.unique(np.stack([low, high], axis=1)[low < high], axis=0)
        if len(pairs):
            points = bodies.points[rows]
            pairs = pairs[_alike(points[pairs[:, 0]], points[pairs[:, 1]], limit=limit)]
            found.append(own[pairs])
    return np.concatenate(found)


def _neighbours(features: np.ndarray, *, within: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows (R, D) that lie near each other, each row with its nearest few; the row itself is one of these."""
    count = min(_NEIGHBOURS, len(features))
    if len(features) <= _FEW:
        apart = np.linalg.norm(features[:, None] - features, axis=-1)
        near = np.argpartition(apart, count - 1, axis=1)[:, :count]
        there = np.take_along_axis(apart, near, axis=1) < within
        return np.nonzero(there)[0], near[there]
    from scipy.spatial import (
        cKDTree,
    )  # half a second to import, which is more than few frames take without it

    near = cKDTree(features).query(features, k=count, distance_upper_bound=within)[1]
    first, second = np.repeat(np.arange(len(features)), count), near.reshape(-1)
    there = second < len(features)
    return first[there], second[there]


def _alike(one: np.ndarray, other: np.ndarray, *, limit: float) -> np.ndarray:
    """Whether the parts (P, animals, N, 2) of two frames lie near each other, nearly all that either shows."""
    apart = np.linalg.norm(one - other, axis=-1).reshape(len(one), -1)
    shared = np.isfinite(apart)
    either = (np.isfinite(one[..., 0]) | np.isfinite(other[..., 0])).reshape(len(one), -1).sum(axis=1)
    near = (np.where(shared, apart, 0.0) < limit) & shared
    found: np.ndarray = near.sum(axis=1) >= np.maximum(0.9 * either, 1)
    return found
