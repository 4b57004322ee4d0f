"""What a kind of model needs of labels: refused with the first place where it fails, or said where it only costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sleapnn_engine.config.errors import UserError

from .phrases import counted, first_few, quoted
from .records import LabelSet


def require_one_animal(labels: LabelSet) -> None:
    """Raise UserError, naming the first frame, when a frame has several animals (single_instance models)."""
    several = [index for index, frame in enumerate(labels.frames) if len(frame.points) > 1]
    if several:
        first = several[0]
        message = (
            f"A single-animal model needs one animal per frame; {counted(len(several), 'frame')} "
            f"of {len(labels)} have more, the first has {len(labels.frames[first].points)}."
        )
        hint = "Choose a model for several animals, or remove the extra ones."
        raise UserError(message, where=labels.place(first), hint=hint)


def require_visible(labels: LabelSet) -> None:
    """Raise UserError when the parts that are learned are not visible on any frame."""
    if not any(len(frame.points) for frame in labels.frames):
        marks = labels.counts.centroid_marks
        if marks:
            message = f"The labels hold {counted(marks, 'centroid mark')}, which have no body parts to learn."
            raise UserError(
                message, where=_files(labels), hint="Choose a centroid model, or label parts in SLEAP."
            )
        message = f"No animal shows one of the parts to learn, {quoted(labels.nodes)}."
        raise UserError(message, where=_files(labels), hint="Choose other parts, or label them in SLEAP.")


def require_edges(labels: LabelSet) -> None:
    """Raise UserError when body parts cannot be joined along edges: there are none, or they lead in a circle.

    Other programs join parts from a root outwards, and could not read a model whose edges have none.
    """
    if not labels.edges:
        hint = "Add edges to the skeleton in SLEAP, choose limbs in pafs.edges, or choose a top-down model."
        message = "The skeleton has no edges between the parts to learn, and a bottom-up model needs them."
        raise UserError(message, where=_files(labels), hint=hint)
    circle = _in_circles(labels.edges)
    if circle:
        message = (
            f"A bottom-up model joins parts outwards, but these edges lead in a circle: {_arrows(circle)}."
        )
        hint = "Remove some in SLEAP, choose limbs in pafs.edges, or choose a top-down model."
        raise UserError(message, where=_files(labels), hint=hint)


def edge_gaps(labels: LabelSet) -> list[str]:
    """Say which edges no animal shows, and which body parts no chain of edges joins."""
    said = []
    index = {name: place for place, name in enumerate(labels.nodes)}
    pairs = np.array([[index[a], index[b]] for a, b in labels.edges])
    shown = np.zeros(len(pairs), dtype=bool)
    for frame in labels.frames:
        visible = np.isfinite(frame.points[..., 0])
        shown |= (visible[:, pairs[:, 0]] & visible[:, pairs[:, 1]]).any(axis=0)
    hidden = [edge for edge, seen in zip(labels.edges, shown, strict=True) if not seen]
    if len(hidden) == len(labels.edges):
        said.append("No animal shows both ends of any edge: how parts belong together is not learned.")
    elif hidden:
        said.append(f"No animal shows both ends of {_arrows(hidden)}: nothing is learned of them.")
    groups = _joined(labels.nodes, labels.edges)
    if len(groups) > 1:
        listed = first_few([f"({quoted(group)})" for group in groups])
        said.append(
            f"The edges leave the body parts in {len(groups)} groups, {listed}: which of them are one animal is "
            "judged by distance alone."
        )
    return said


def anchor_gaps(labels: LabelSet, *, anchor: str | None) -> list[str]:
    """Say on how many animals the anchor is not visible; their centre is the middle of the parts that are."""
    if anchor is None or anchor not in labels.nodes:
        return []
    place = labels.nodes.index(anchor)
    missing = [np.isnan(frame.points[:, place]).any(axis=-1) for frame in labels.frames]
    count, total = sum(int(one.sum()) for one in missing), sum(map(len, missing))
    if not count:
        return []
    first = next(index for index, one in enumerate(missing) if one.any())
    return [
        f"The anchor '{anchor}' is not visible on {counted(count, 'animal')} of {total}, where the middle of the "
        f"visible parts is the centre; the first is {labels.place(first)}."
    ]


def require_identities(labels: LabelSet) -> list[str]:
    """Return what should be said of the identities (tracks) of training labels.

    Raises UserError when there is more than one frame and no identity is on two of them: nobody is recognised by
    tracks that are in pieces.
    """
    seen = [np.unique(frame.track_index[frame.track_index >= 0]) for frame in labels.frames]
    counts = np.bincount(np.concatenate(seen), minlength=len(labels.tracks)).tolist()
    if len(labels) > 1 and max(counts) < 2:
        message = f"None of the {counted(len(counts), 'track')} is on more than one frame, so nobody can be recognised."
        hint = "Join the pieces of tracks in SLEAP, or choose a model without identities."
        raise UserError(message, where=_files(labels), hint=hint)
    said = []
    if len(counts) == 1:
        said.append(f"There is only one identity, {quoted(labels.tracks)}: there is nothing to tell apart.")
    rare = [name for name, count in zip(labels.tracks, counts, strict=True) if count == 1]
    if rare and len(labels) > 1:
        said.append(
            f"On one frame only, which teaches little: {first_few([quoted([name]) for name in rare])}."
        )
    return said


def unmeasured_identities(train: LabelSet, val: LabelSet) -> list[str]:
    """Say which identities are only in one part of a split: never measured, or never learned."""
    learned, measured = _tracks_of(train), _tracks_of(val)
    said = []
    for only, what in (
        (learned - measured, "learned but not measured: on no validation frame"),
        (measured - learned, "measured but not learned: on no training frame"),
    ):
        if only:
            names = [quoted([train.tracks[index]]) for index in sorted(only)]
            said.append(f"{counted(len(names), 'identity', 'identities')} ({first_few(names)}) {what}.")
    return said


def _tracks_of(labels: LabelSet) -> set[int]:
    return {index for frame in labels.frames for index in frame.track_index.tolist() if index >= 0}


def _files(labels: LabelSet) -> str:
    return ", ".join(str(path) for path in labels.files)


def _arrows(edges: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"'{a}' → '{b}'" for a, b in edges)


def _in_circles(edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges that lie on a way, or between ways, from a node back to itself."""
    left = list(edges)
    while True:
        sources, targets = {a for a, _ in left}, {b for _, b in left}
        kept = [(a, b) for a, b in left if a in targets and b in sources]
        if len(kept) == len(left):
            return kept
        left = kept


def _joined(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Nodes by what hangs together along edges, the largest group first."""
    owner = {name: name for name in nodes}
    for a, b in edges:
        kept, gone = owner[a], owner[b]
        owner = {name: kept if of == gone else of for name, of in owner.items()}
    groups = [[name for name in nodes if owner[name] == of] for of in dict.fromkeys(owner.values())]
    return sorted(groups, key=len, reverse=True)
