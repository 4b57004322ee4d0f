"""Limbs of outlying length: much longer than they are on the other animals, for an animal of that size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sleapnn_engine.config.text_format import counted, first_few
from sleapnn_engine.data.doctor.findings import Finding, Patient, animal_places, on_frames
from sleapnn_engine.data.records import edge_table

_LEAST_ANIMALS = 8
#: With fewer limbs an animal's own size is not known.
_LEAST_LIMBS = 4
#: A limb is long that is this many times as long as is usual, and this many robust spreads beyond.
_TIMES, _SPREADS = 2.0, 5.0


def long_limbs(patient: Patient) -> Iterator[Finding]:
    """Animals with a limb that is far too long."""
    labels, bodies = patient.labels, patient.bodies
    if not labels.edges or len(bodies) < _LEAST_ANIMALS:
        return
    ends = np.array(edge_table(labels.nodes, labels.edges))
    lengths = np.linalg.norm(bodies.points[:, ends[:, 0]] - bodies.points[:, ends[:, 1]], axis=-1)
    hits = outlying(lengths)
    rows = np.flatnonzero(hits.any(axis=1))
    if not len(rows):
        return
    names = [f"{labels.edges[limb][0]}–{labels.edges[limb][1]}" for limb in np.flatnonzero(hits.any(axis=0))]
    places = animal_places(bodies, rows)
    yield Finding(
        kind="long_limbs",
        title=f"{counted(len(places), 'animal')}: a limb is much longer than usual",
        detail=f"{first_few(names)}; {on_frames(patient, places)}.",
        places=places,
    )


def outlying(lengths: np.ndarray) -> np.ndarray:
    """bool of lengths (A, L), NaN where a limb is not seen: which are far longer than the others of that limb."""
    found = np.zeros(lengths.shape, dtype=bool)
    enough = np.isfinite(lengths).sum(axis=0) >= _LEAST_ANIMALS
    if not enough.any():
        return found
    usual = np.full(lengths.shape[1], np.nan)
    usual[enough] = np.nanmedian(lengths[:, enough], axis=0)
    usual[~(usual > 0)] = np.nan
    with np.errstate(all="ignore"):
        ratio = np.log(lengths / usual)
    ratio[~np.isfinite(ratio)] = np.nan
    counts = np.isfinite(ratio).sum(axis=1)
    some = counts >= _LEAST_LIMBS
    if some.any():
        ratio[some] -= np.nanmedian(ratio[some], axis=1, keepdims=True)
    for limb in np.flatnonzero(enough & np.isfinite(usual)):
        own = ratio[:, limb]
        seen = own[np.isfinite(own)]
        if len(seen) >= _LEAST_ANIMALS:
            middle = np.median(seen)
            spread = 1.4826 * np.median(np.abs(seen - middle))
            with np.errstate(invalid="ignore"):
                found[:, limb] = own - middle > max(np.log(_TIMES), _SPREADS * spread)
    return found
