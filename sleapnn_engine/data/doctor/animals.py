"""Animals that are empty, hardly labelled, labelled twice, or touch each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.doctor.findings import WHOLE, Finding, Patient, animal_places, on_frames

#: An animal is hardly labelled that shows no more than this share of the parts that are usual.
_HARDLY = 0.25
#: Two animals are one whose shared parts are this near in the middle, as a share of the usual size.
_SAME = 0.08


def empty_animals(patient: Patient) -> Iterator[Finding]:
    """Animals without a visible part, which are left out, and such with hardly any."""
    counts, bodies = patient.labels.counts, patient.bodies
    if counts.instances_without_points:
        frames = [index for index, frame in enumerate(patient.labels.frames) if frame.unpointed]
        places = tuple((frame, WHOLE) for frame in frames)
        yield Finding(
            kind="empty_animals",
            title=f"{counted(counts.instances_without_points, 'animal')} without a visible part",
            detail="Left out of training. Remove them in SLEAP, or label them: an animal in view that is not labelled "
            "is learned as background.",
            places=places,
        )
    shown = bodies.seen.sum(axis=1)
    if len(shown) and np.median(shown) >= 3:
        rows = np.flatnonzero(shown <= max(1, _HARDLY * np.median(shown)))
        if len(rows):
            places = animal_places(bodies, rows)
            yield Finding(
                kind="hardly_labelled",
                title=f"{counted(len(places), 'animal')} with hardly any part labelled",
                detail=f"{counted(int(shown[rows].max()), 'part')} at most, where {int(np.median(shown))} are usual; "
                f"{on_frames(patient, places)}.",
                places=places,
            )


def doubled_animals(patient: Patient) -> Iterator[Finding]:
    """Animals that are labelled twice on a frame."""
    bodies = patient.bodies
    pairs = bodies.pairs
    if not len(pairs):
        return
    apart = np.linalg.norm(bodies.points[pairs[:, 0]] - bodies.points[pairs[:, 1]], axis=-1)
    shared = np.isfinite(apart).sum(axis=1)
    fewer = np.minimum(bodies.seen[pairs[:, 0]].sum(axis=1), bodies.seen[pairs[:, 1]].sum(axis=1))
    middle = np.full(len(pairs), np.inf)
    some = shared > 0
    middle[some] = np.nanmedian(apart[some], axis=1)
    hits = (middle < _SAME * bodies.typical_size) & (shared >= np.maximum(1, 0.5 * fewer))
    repeated = patient.labels.counts.repeated_instances
    places = animal_places(bodies, pairs[hits].reshape(-1))
    if hits.any():
        frames = len({frame for frame, _ in places})
        yield Finding(
            kind="doubled_animals",
            title=f"{counted(frames, 'frame')}: an animal is labelled twice",
            detail=f"Two animals lie on each other part by part; {on_frames(patient, places)}.",
            places=places,
        )
    if repeated:
        copies = tuple((i, WHOLE) for i, frame in enumerate(patient.labels.frames) if frame.repeated)
        yield Finding(
            kind="copied_animals",
            title=f"{counted(repeated, 'exact copy', 'exact copies')} of an animal",
            detail="Left out of training.",
            places=copies,
        )


def touching_animals(patient: Patient) -> Iterator[Finding]:
    """Frames on which the boxes around animals touch."""
    bodies = patient.bodies
    covered = bodies.covered()
    rows = np.flatnonzero(covered >= 0)
    if not len(rows):
        return
    order = rows[np.argsort(-covered[rows], kind="stable")]
    places = animal_places(bodies, order)
    touching, all_frames = len({frame for frame, _ in places}), len(patient.labels)
    yield Finding(
        kind="touching_animals",
        title=f"Animals touch on {counted(touching, 'frame')} of {all_frames}",
        detail=f"{touching / all_frames:.0%} of the frames, the closest first. A model of crops sees both there, and a bottom-up model "
        "has to tell whose each part is.",
        places=places,
        doubt=False,
    )
