"""What one kind of model reads from labels: centres of animals, limbs, identities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import torch

from sleapnn_engine.config.errors import UserError

from .phrases import counted, quoted
from .records import LabeledFrame, LabelSet
from .targets import centroids


def with_centers(labels: LabelSet, *, anchor: str | None, where: str) -> LabelSet:
    """Return the labels with the centre of every animal: its `anchor` node, else the middle of its visible nodes' box.

    Call it before nodes are left out, so that both models of a top-down pair have the same centres. `where` is the
    dotted key that names the anchor. Raises UserError when the skeleton has no such node.
    """
    if anchor is not None and anchor not in labels.nodes:
        message = (
            f"The skeleton of {labels.files[0]} has no node “{anchor}”; its nodes are {quoted(labels.nodes)}."
        )
        raise UserError(message, where=where, hint="Choose one of them, or none for the middle of the box.")
    index = None if anchor is None else labels.nodes.index(anchor)
    frames = [
        attrs.evolve(frame, centers=centroids(torch.from_numpy(frame.points), anchor=index).numpy())
        for frame in labels.frames
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
    chosen = [tuple(_node(labels, end, where) for end in edge) for edge in edges]
    wrong = [pair for pair in chosen if len(pair) != 2 or pair[0] == pair[1]]
    if wrong or len(set(chosen)) != len(chosen):
        what = f"{wrong[0]} does not join two nodes" if wrong else "a limb is given twice"
        raise UserError(f"The list of limbs cannot be used: {what}.", where=where, hint="Correct the list.")
    return attrs.evolve(labels, edges=tuple((a, b) for a, b in chosen))


def _node(labels: LabelSet, end: Any, where: str) -> str:
    if end not in labels.nodes:
        message = f"A limb ends at “{end}”, but the nodes of {labels.files[0]} are {quoted(labels.nodes)}."
        raise UserError(message, where=where, hint="Correct the list of limbs, or the body parts to learn.")
    return str(end)


def select_classes(
    labels: LabelSet, classes: Sequence[str] | None, *, where: str
) -> tuple[LabelSet, list[str]]:
    """Return the labels with `classes` as their tracks, in that order, and what should be said about them.

    None takes all tracks of the labels in their order. Animals of other tracks, or of none, get track -1. Raises
    UserError when there is no track, a class is not one, or no animal has one.
    """
    names = tuple(classes or labels.tracks)
    hint = "Assign tracks to the animals in SLEAP, or choose a model without identities."
    files = ", ".join(str(path) for path in labels.files)
    if not names:
        raise UserError("No animal has a track, and this model tells tracks apart.", where=files, hint=hint)
    unknown = [name for name in names if name not in labels.tracks]
    if unknown or len(set(names)) != len(names):
        are = "is no track" if len(unknown) == 1 else "are no tracks"
        what = f"{quoted(unknown)} {are}" if unknown else "An identity is given twice"
        message = f"{what}; the tracks of {files} are {quoted(labels.tracks)}."
        raise UserError(message, where=where, hint="Correct the list of identities.")
    chosen = _classified(labels, names)
    seen = np.concatenate([frame.track_index for frame in chosen.frames] or [np.zeros(0, dtype=np.int64)])
    if not (seen >= 0).any():
        message = f"No labelled animal has one of the identities {quoted(names)}."
        raise UserError(message, where=files, hint=hint)
    empty = [name for index, name in enumerate(names) if not (seen == index).any()]
    said = [f"No labelled animal is {quoted(empty)}: nothing can be learned of it."] if empty else []
    without = int((seen < 0).sum())
    if without:
        have = "has" if without == 1 else "have"
        said.append(f"{counted(without, 'animal')} of {len(seen)} {have} none of the identities.")
    return chosen, said


def match_classes(labels: LabelSet, *, to: LabelSet) -> LabelSet:
    """Return `labels` with the tracks of the set `to`, by name; meant for validation and test files."""
    return _classified(labels, to.tracks)


def _classified(labels: LabelSet, names: Sequence[str]) -> LabelSet:
    """Number tracks by their place in `names`; the last entry of the table is for animals without a track."""
    table = np.array([*(names.index(t) if t in names else -1 for t in labels.tracks), -1], dtype=np.int64)
    frames = [attrs.evolve(frame, track_index=table[frame.track_index]) for frame in labels.frames]
    return attrs.evolve(labels, frames=tuple(frames), tracks=tuple(names))
