"""What decoding gives: the animals of one image, as plain arrays."""

from __future__ import annotations

import attrs
import numpy as np


@attrs.frozen(eq=False)
class Animals:
    """Animals found on one image or crop, the most certain first.

    `points` float32 (I, N, 2) x, y in input pixels where targets are drawn, NaN where a node was not found;
    `node_scores` float32 (I, N), the height of each node's peak, 0 where not found; `scores` float32 (I,), higher is
    more certain (what it is made of depends on the model type, see `decode`); `classes` int64 (I,), -1 for none;
    `class_scores` float32 (I,), how much speaks for that class in 0..1, NaN for none.
    """

    points: np.ndarray
    node_scores: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    class_scores: np.ndarray

    def __len__(self) -> int:
        return len(self.points)


def make_animals(
    points: np.ndarray,
    *,
    node_scores: np.ndarray,
    scores: np.ndarray,
    classes: np.ndarray | None = None,
    class_scores: np.ndarray | None = None,
) -> Animals:
    """Put animals (I, N, 2) in falling order of their scores; without `classes` none has one."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    count = len(order)
    classes = np.full(count, -1) if classes is None else np.asarray(classes)
    class_scores = np.full(count, np.nan) if class_scores is None else np.asarray(class_scores)
    return Animals(
        points=np.asarray(points, dtype=np.float32)[order],
        node_scores=np.asarray(node_scores, dtype=np.float32)[order],
        scores=np.asarray(scores, dtype=np.float32)[order],
        classes=classes.astype(np.int64)[order],
        class_scores=class_scores.astype(np.float32)[order],
    )
