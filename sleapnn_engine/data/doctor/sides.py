"""Animals on which left and right look swapped: with the two exchanged they look like all others, as they are they do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from sleapnn_engine.config.text_format import counted, first_few
from sleapnn_engine.data.doctor.findings import Finding, Patient, animal_places, on_frames
from sleapnn_engine.data.doctor.shapes import laid_on, usual_shape
from sleapnn_engine.data.records import LabelSet

#: Fewer animals than this have no usual shape.
_LEAST_ANIMALS = 8
#: Parts that are usually nearer to each other, as a share of the shape's spread, are not told apart by their place.
_NEAR = 0.25
#: As labelled, a pair is this many times as far off as is usual, and swapped it is no farther off than this.
_FAR, _USUAL = 3.0, 1.6
#: By how much swapping has to bring a pair nearer.
_GAIN = 0.4

_WORDS = (("left", "right"), ("l", "r"))


def swapped_sides(patient: Patient) -> Iterator[Finding]:
    """Animals with parts that look swapped with their partners of the other side."""
    pairs, bodies = side_pairs(patient.labels), patient.bodies
    if not pairs or len(bodies) < _LEAST_ANIMALS or bodies.points.shape[1] <= 2:
        return
    points = bodies.points[..., 0] + 1j * bodies.points[..., 1]
    points[~bodies.seen] = np.nan
    shape = usual_shape(points.astype(np.complex128))
    if not np.isfinite(shape).any():
        return
    rows: dict[int, list[str]] = {}
    for row, pair in _swapped(points, shape, pairs):
        rows.setdefault(row, []).append(
            f"{patient.labels.nodes[pair[0]]} and {patient.labels.nodes[pair[1]]}"
        )
    if not rows:
        return
    places = animal_places(bodies, sorted(rows))
    told = list(dict.fromkeys(name for names in rows.values() for name in names))
    yield Finding(
        kind="swapped_sides",
        title=f"{counted(len(places), 'animal')}: left and right look swapped",
        detail=f"{first_few(told)}; {on_frames(patient, places)}. Exchanged, they would lie where they do on "
        "the others.",
        places=places,
    )


def side_pairs(labels: LabelSet) -> list[tuple[int, int]]:
    """Places of parts of the left and of the right: the skeleton's symmetries, else parts whose names say so."""
    if labels.symmetries:
        return [(labels.nodes.index(a), labels.nodes.index(b)) for a, b in labels.symmetries]
    places = {name: place for place, name in enumerate(labels.nodes)}
    found = ((place, _other_side(name, places)) for name, place in places.items())
    return [(place, other) for place, other in found if other is not None]


def _other_side(name: str, places: dict[str, int]) -> int | None:
    """The part whose name is the same but for right in the place of left; None where `name` is of no left part."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+", name)
    for index, word in enumerate(words):
        for left, right in _WORDS:
            if word.lower() == left:
                other = (
                    right.upper() if word.isupper() else right.capitalize() if word[0].isupper() else right
                )
                candidate = "".join([*words[:index], other, *words[index + 1 :]])
                if candidate in places:
                    return places[candidate]
    for left, right in (("left", "right"), ("Left", "Right")):
        if left in name and name.replace(left, right) in places:
            return places[name.replace(left, right)]
    return None


def _swapped(
    points: np.ndarray, shape: np.ndarray, pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Rows of animals with the pairs that look swapped on them."""
    spread = float(np.sqrt(np.nanmean(np.abs(shape - np.nanmean(shape)) ** 2)))
    for pair, others in _hypotheses(points, shape, pairs):
        a, b = pair
        if not np.abs(shape[a] - shape[b]) > _NEAR * spread:
            continue
        kept = points.copy()
        kept[:, ~others] = np.nan
        laid = _placed(points, laid_by=kept, shape=shape)
        off = np.hypot(np.abs(laid[:, a] - shape[a]), np.abs(laid[:, b] - shape[b]))
        swapped = np.hypot(np.abs(laid[:, a] - shape[b]), np.abs(laid[:, b] - shape[a]))
        if not np.isfinite(off).any():
            continue
        usual = max(float(np.nanmedian(off)), 0.05 * spread)
        with np.errstate(invalid="ignore"):
            hit = (off > _FAR * usual) & (swapped < _USUAL * usual) & (swapped < _GAIN * off)
        for row in np.flatnonzero(hit):
            yield int(row), pair


def _hypotheses(
    points: np.ndarray, shape: np.ndarray, pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Each pair with the parts that say where it should be: those of no pair, where these are enough, else all others."""
    sided = np.zeros(points.shape[1], dtype=bool)
    sided[[place for pair in pairs for place in pair]] = True
    middle = ~sided & np.isfinite(shape)
    for pair in pairs:
        if middle.sum() >= 2:
            yield pair, middle
        else:
            others = np.isfinite(shape)
            others[list(pair)] = False
            if others.sum() >= 2:
                yield pair, others


def _placed(points: np.ndarray, *, laid_by: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """All points moved as `laid_by`, some of them, have to be to lie on the shape."""
    laid = laid_on(laid_by, np.where(np.isfinite(laid_by).any(axis=0), shape, np.nan))
    first = np.argmax(np.isfinite(laid), axis=1)
    last = laid.shape[1] - 1 - np.argmax(np.isfinite(laid)[:, ::-1], axis=1)
    row = np.arange(len(points))
    here = points[row, last] - points[row, first]
    there = laid[row, last] - laid[row, first]
    with np.errstate(all="ignore"):
        factor = (there / here)[:, None]
    found: np.ndarray = (points - points[row, first][:, None]) * factor + laid[row, first][:, None]
    return found
