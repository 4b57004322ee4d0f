"""How animals lie in their images: how near their parts are, which way they point, how often two touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sleapnn_engine.data.bodies import Bodies

#: Distances of all pairs of parts that are looked at, at most; of more, animals are left out evenly.
_MOST_DISTANCES = 4_000_000


def describe_poses(
    frames: Sequence[np.ndarray], *, nodes: Sequence[str], edges: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Facts of frames of animals, each (animals, nodes, 2) in px with NaN where a part is missing.

    `short_limb`: median length in px that a quarter of the edges does not reach, null without edges;
    `direction_spread`: 0 where all animals point the same way, 1 where they point in every direction, null without two
    parts; `touching`: share of frames where the boxes around two animals overlap.
    """
    points = np.concatenate([frame for frame in frames if len(frame)] or [np.empty((0, len(nodes), 2))])
    return {
        "short_limb": _short_limb(points, nodes, edges),
        "direction_spread": _direction_spread(points),
        "touching": round(_touching(frames, nodes=len(nodes)), 4),
    }


def _short_limb(points: np.ndarray, nodes: Sequence[str], edges: Sequence[Sequence[str]]) -> float | None:
    index = {name: place for place, name in enumerate(nodes)}
    medians = []
    for a, b in edges:
        if a in index and b in index:
            lengths = np.linalg.norm(points[:, index[a]] - points[:, index[b]], axis=-1)
            if np.isfinite(lengths).any():
                medians.append(float(np.nanmedian(lengths)))
    return round(float(np.quantile(medians, 0.25)), 1) if medians else None


def _direction_spread(points: np.ndarray) -> float | None:
    """How evenly the line between the two parts that lie farthest apart points around the circle."""
    animals, parts = points.shape[:2]
    if not animals or parts < 2:
        return None
    step = max(1, -(-animals * parts * parts // _MOST_DISTANCES))
    some = points[::step]
    between = np.linalg.norm(some[:, :, None] - some[:, None], axis=-1)
    seen = np.isfinite(between)
    mean = np.where(seen, between, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    first, second = np.unravel_index(int(np.argmax(mean)), mean.shape)
    lines = points[:, second] - points[:, first]
    length = np.linalg.norm(lines, axis=-1, keepdims=True)
    whole = np.isfinite(length[:, 0]) & (length[:, 0] > 0)
    if not whole.any():
        return None
    return round(1 - float(np.linalg.norm((lines[whole] / length[whole]).mean(axis=0))), 4)


def _touching(frames: Sequence[np.ndarray], *, nodes: int) -> float:
    """Share of frames (animals, nodes, 2) on which the boxes around two animals touch."""
    bodies = Bodies.stacked(frames, nodes=nodes)
    return len(np.unique(bodies.frame[bodies.pairs[bodies.touching, 0]])) / max(len(frames), 1)
