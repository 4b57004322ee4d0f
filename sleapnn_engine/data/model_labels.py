"""What one kind of model reads from labels: centres of animals, limbs, identities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import attrs
import numpy as np
import torch

from sleapnn_engine.config.centring import Centring
from sleapnn_engine.config.label_fit import chosen_edges, chosen_identities, require_anchor
from sleapnn_engine.data.centroids import centroids
from sleapnn_engine.data.records import LabeledFrame, LabelSet


def with_centers(labels: LabelSet, *, centring: Centring, where: str) -> LabelSet:
    """Return the labels with the centre of every animal, found from its visible nodes as `centring` says.

    Call it before nodes are left out, so that both models of a top-down pair have the same centres. `where` is the
    dotted key that names the anchor. Raises UserError when the skeleton has no such node.
    """
    require_anchor(centring.anchor, nodes=labels.nodes, where=where)
    index = None if centring.anchor is None else labels.nodes.index(centring.anchor)
    found = partial(centroids, anchor=index, otherwise=centring.otherwise)
    frames = [
        attrs.evolve(frame, centers=found(torch.from_numpy(frame.points)).numpy()) for frame in labels.frames
    ]
    return attrs.evolve(labels, frames=tuple(frames))


def with_marks(labels: LabelSet) -> LabelSet:
    """Return the labels with every centroid mark as an animal of its own: with a centre, and without a visible part.

    Call it after `with_centers`; only a model of centres can learn from such animals.
    """
    frames = [frame if frame.marks is None else _marked(frame, frame.marks) for frame in labels.frames]
    return attrs.evolve(labels, frames=tuple(frames))


def _marked(frame: LabeledFrame, marks: np.ndarray) -> LabeledFrame:
    assert frame.centers is not None
    count, nodes = len(marks), frame.points.shape[1]
    return attrs.evolve(
        frame,
        points=np.concatenate([frame.points, np.full((count, nodes, 2), np.nan, dtype=np.float32)]),
        track_index=np.concatenate([frame.track_index, np.full(count, -1, dtype=np.int64)]),
        is_user=np.concatenate([frame.is_user, np.ones(count, dtype=bool)]),
        centers=np.concatenate([frame.centers, marks]),
        marks=None,
    )


def select_edges(labels: LabelSet, edges: Sequence[Any] | None, *, where: str) -> LabelSet:
    """Return the labels with only `edges`, in that order: pairs of node names; None keeps all.

    A pair need not be an edge of the skeleton. Raises UserError for nodes that are not there and for pairs given twice.
    """
    if not edges:
        return labels
    return attrs.evolve(labels, edges=chosen_edges(edges, nodes=labels.nodes, where=where))


def select_classes(labels: LabelSet, classes: Sequence[str] | None, *, head: str, where: str) -> LabelSet:
    """Return the labels with `classes` as their tracks, in that order; `head` and `where` are dotted keys.

    None takes all tracks of the labels in their order. Animals of other tracks, or of none, get track -1. Raises
    UserError when there is no track, and for a class that is none.
    """
    return _classified(labels, chosen_identities(classes, tracks=labels.tracks, head=head, where=where))


def match_classes(labels: LabelSet, *, to: LabelSet) -> LabelSet:
    """Return `labels` with the tracks of the set `to`, by name; meant for validation and test files."""
    return _classified(labels, to.tracks)


def _classified(labels: LabelSet, names: Sequence[str]) -> LabelSet:
    """Number tracks by their place in `names`; the last entry of the table is for animals without a track."""
    table = np.array([*(names.index(t) if t in names else -1 for t in labels.tracks), -1], dtype=np.int64)
    frames = [attrs.evolve(frame, track_index=table[frame.track_index]) for frame in labels.frames]
    return attrs.evolve(labels, frames=tuple(frames), tracks=tuple(names))
