"""What decoding gives: the animals of one image or frame, as plain arrays, and what their numbers stand for."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from sleapnn_engine.data.records import LabelSet


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

    def select(self, rows: np.ndarray | slice) -> Animals:
        """Only the animals of these rows, in that order."""
        parts = (self.points, self.node_scores, self.scores, self.classes, self.class_scores)
        return Animals(*(part[rows] for part in parts))


@attrs.frozen(eq=False, kw_only=True)
class PredictedFrame:
    """The animals found on one frame, in source pixels.

    `video` is the number of the video in the list the frame is written with; `points` (I, N, 2), NaN where not found,
    `node_scores` (I, N), `scores` (I,), `classes` int (I,), -1 for none, `class_scores` (I,), NaN for none.
    """

    video: int
    frame_index: int
    points: np.ndarray
    node_scores: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    class_scores: np.ndarray


@attrs.frozen(kw_only=True)
class PoseNames:
    """What the numbers of nodes and classes stand for; `classes` are identities, which become tracks."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...] = ()
    symmetries: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, labels: LabelSet, *, classes: Sequence[str] = ()) -> PoseNames:
        """Take the skeleton of a label set."""
        return cls(
            nodes=labels.nodes, edges=labels.edges, symmetries=labels.symmetries, classes=tuple(classes)
        )

    @classmethod
    def centroid(cls) -> PoseNames:
        """One node, as predictions of centroids have."""
        return cls(nodes=("centroid",))


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
