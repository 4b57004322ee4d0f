"""Parts outside the image, on top of each other, or hardly ever labelled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.reader import HEADS
from sleapnn_engine.config.text_format import counted, first_few, quoted
from sleapnn_engine.data.doctor.findings import WHOLE, Finding, Patient, animal_places, on_frames

#: Parts that are this near, as a share of the animal's size, lie on each other, if they are usually farther apart than that.
_ON, _APART = 0.01, 0.12
#: A part is rare that fewer animals show than this, and than this much less than the usual part.
_RARE, _LESS = 0.7, 0.2
_LEAST_ANIMALS = 8


def outside_parts(patient: Patient) -> Iterator[Finding]:
    """Frames on which points lie outside the image, which are treated as not visible."""
    frames = [index for index, frame in enumerate(patient.labels.frames) if frame.outside]
    points = patient.labels.counts.points_outside
    if points:
        places = tuple((frame, WHOLE) for frame in frames)
        yield Finding(
            kind="outside_parts",
            title=f"{counted(points, 'part')} outside the image",
            detail=f"Treated as not visible{_on(patient, places)}.",
            places=places,
        )


def parts_on_each_other(patient: Patient) -> Iterator[Finding]:
    """Animals on which two parts that are usually apart lie on each other."""
    bodies, nodes = patient.bodies, patient.labels.nodes
    if len(bodies) < _LEAST_ANIMALS or len(nodes) < 3:
        return
    rows: list[int] = []
    names: list[str] = []
    size = np.where(bodies.sizes > 0, bodies.sizes, bodies.typical_size)
    for a in range(len(nodes)):
        for b in range(a + 1, len(nodes)):
            apart = np.linalg.norm(bodies.points[:, a] - bodies.points[:, b], axis=-1) / size
            seen = apart[np.isfinite(apart)]
            if len(seen) < _LEAST_ANIMALS or np.percentile(seen, 10) < _APART:
                continue
            hits = np.flatnonzero(apart < _ON)
            if len(hits):
                rows += hits.tolist()
                names.append(f"{nodes[a]} and {nodes[b]}")
    if rows:
        places = animal_places(bodies, sorted(set(rows)))
        yield Finding(
            kind="parts_on_each_other",
            title=f"{counted(len(places), 'animal')}: two parts lie on each other",
            detail=f"{first_few(names)}; {on_frames(patient, places)}.",
            places=places,
        )


def rare_parts(patient: Patient) -> Iterator[Finding]:
    """Each part that is labelled far less often than the others; leaving them out is a setting."""
    bodies, nodes = patient.bodies, patient.labels.nodes
    if len(bodies) < _LEAST_ANIMALS or len(nodes) < 2:
        return
    shares = bodies.seen.mean(axis=0)
    chosen = _chosen(patient)
    rare = [
        place
        for place, share in enumerate(shares)
        if share < min(_RARE, float(np.median(shares)) - _LESS) and nodes[place] in (chosen or nodes)
    ]
    if not rare:
        return
    names = [nodes[place] for place in rare]
    rest = [name for name in (chosen or nodes) if name not in names]
    kind = _model(patient)
    fix = None
    if kind and not MODEL_TYPES[kind].centroid and len(rest) > 1:
        fix = Fix("Leave it out" if len(rare) == 1 else "Leave them out", {_part_names(kind): rest})
    lowest = min(rare, key=lambda place: shares[place])
    others = float(np.median(np.delete(shares, rare)))
    rows = np.flatnonzero(bodies.seen[:, rare].any(axis=1))
    title = (
        f"{names[0]} labelled in {shares[rare[0]]:.0%} of animals"
        if len(rare) == 1
        else f"{len(rare)} parts are rarely labelled, {nodes[lowest]} in {shares[lowest]:.0%} of animals"
    )
    yield Finding(
        kind="rare_parts",
        title=title,
        detail=f"The others are labelled in {others:.0%}; the model will be weakest at {first_few([quoted([n]) for n in names])}.",
        places=animal_places(bodies, rows),
        doubt=False,
        fix=fix,
    )


def _model(patient: Patient) -> str:
    """The type of model of the config; '' without one."""
    return next((key for key in MODEL_TYPES if patient.view.on(f"{HEADS}.{key}")), "")


def _part_names(kind: str) -> str:
    return f"{HEADS}.{kind}.confmaps.part_names"


def _chosen(patient: Patient) -> list[str]:
    kind = _model(patient)
    said = patient.view.value(_part_names(kind)) if kind and not MODEL_TYPES[kind].centroid else None
    return [str(name) for name in said] if isinstance(said, list) else []


def _on(patient: Patient, places: tuple[tuple[int, int], ...]) -> str:
    return f", on {on_frames(patient, places)}" if places else ""
