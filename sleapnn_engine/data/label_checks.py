"""What a kind of model needs of labels: refused with the first place where it fails, or said where it only costs."""

from __future__ import annotations

from collections import Counter

import numpy as np

from sleapnn_engine.config import label_fit
from sleapnn_engine.config.centring import REDUCTIONS, Centring
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.label_fit import arrows
from sleapnn_engine.config.text_format import counted, first_few, quoted
from sleapnn_engine.data.bodies import Bodies
from sleapnn_engine.data.records import LabelSet


def require_one_animal(labels: LabelSet, *, where: str) -> None:
    """Raise UserError, naming the first frame, when a frame has several animals (single_instance models)."""
    counts = Counter(len(frame.points) for frame in labels.frames)
    label_fit.require_one_animal(counts, first=first_crowded(labels), where=where)


def first_crowded(labels: LabelSet) -> str:
    """Name the first frame with several animals; '' without one."""
    several = (index for index, frame in enumerate(labels.frames) if len(frame.points) > 1)
    return next((labels.place(index) for index in several), "")


def require_visible(labels: LabelSet, *, where: str) -> None:
    """Raise UserError when the parts that are learned are not visible on any frame.

    `where` is the dotted key of what cannot learn from marks of centres.
    """
    label_fit.require_parts(animals=labels.max_instances, marks=labels.counts.centroid_marks, where=where)
    if not labels.max_instances:
        message = f"No animal shows one of the parts to learn, {quoted(labels.nodes)}."
        raise UserError(message, where=_files(labels), hint="Choose other parts, or label them in SLEAP.")


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
        said.append(f"No animal shows both ends of {arrows(hidden)}: nothing is learned of them.")
    return said + label_fit.loose_groups(labels.nodes, labels.edges)


def anchor_gaps(labels: LabelSet, *, centring: Centring) -> list[str]:
    """Say on how many animals the anchor is not visible, and what their centre is."""
    anchor = centring.anchor
    if anchor is None or anchor not in labels.nodes:
        return []
    place = labels.nodes.index(anchor)
    missing = [np.isnan(frame.points[:, place]).any(axis=-1) for frame in labels.frames]
    count, total = sum(int(one.sum()) for one in missing), sum(map(len, missing))
    if not count:
        return []
    first = next(index for index, one in enumerate(missing) if one.any())
    return [
        f"The anchor '{anchor}' is not visible on {counted(count, 'animal')} of {total}, where the centre "
        f"is {REDUCTIONS[centring.otherwise]}; the first is {labels.place(first)}."
    ]


def frames_per_track(labels: LabelSet) -> dict[str, int]:
    """On how many frames each track is."""
    bodies, names = Bodies.of(labels), max(len(labels.tracks), 1)
    held = bodies.track >= 0
    # A frame with one track on two animals counts once.
    seen = np.unique(bodies.frame[held] * names + bodies.track[held]) % names
    counts = np.bincount(seen, minlength=len(labels.tracks))
    return dict(zip(labels.tracks, counts.tolist(), strict=False))


def animals_per_track(labels: LabelSet) -> dict[str, int]:
    """How many animals each track has."""
    seen = [frame.track_index[frame.track_index >= 0] for frame in labels.frames]
    counts = np.bincount(np.concatenate([*seen, np.zeros(0, dtype=np.int64)]), minlength=len(labels.tracks))
    return dict(zip(labels.tracks, counts.tolist(), strict=True))


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
