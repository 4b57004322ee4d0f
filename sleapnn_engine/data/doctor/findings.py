"""What a look through labels has to say: a sentence with a count, where it is, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.data.bodies import Bodies
from sleapnn_engine.data.records import LabelSet

#: A place is (frame, animal on it); this stands for the whole frame.
WHOLE = -1


@attrs.frozen(eq=False)
class Patient:
    """Labels to be looked through: `parts`, uint8 (frames,), says what each frame is for (1 learned, 2 measured, 3 both)."""

    labels: LabelSet
    bodies: Bodies
    parts: np.ndarray
    view: ConfigReader

    @classmethod
    def of(cls, labels: LabelSet, *, parts: np.ndarray, view: ConfigReader) -> Patient:
        """Labels with what a config makes of them."""
        return cls(labels, Bodies.of(labels), parts, view)


@attrs.frozen(kw_only=True)
class Finding:
    """`doubt` says that the labels themselves may be wrong there, which is worth a look at each place.

    `places` are (frame, animal or WHOLE) in the order to look at them; `fix` is a change of settings.
    """

    kind: str
    title: str
    detail: str
    places: tuple[tuple[int, int], ...] = ()
    doubt: bool = True
    fix: Fix | None = None

    def values(self) -> dict[str, Any]:
        """As plain values that JSON can hold."""
        fix = None if self.fix is None else {"label": self.fix.label, "set": dict(self.fix.changes)}
        told = {"kind": self.kind, "title": self.title, "detail": self.detail, "doubt": self.doubt}
        return {**told, "places": [list(place) for place in self.places], "fix": fix}


def animal_places(bodies: Bodies, rows: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """The places of animals, each once."""
    found = ((int(bodies.frame[row]), int(bodies.place[row])) for row in rows)
    return tuple(dict.fromkeys(found))


def on_frames(patient: Patient, places: Sequence[tuple[int, int]]) -> str:
    """The first few frames of some places by their number, for the middle of a sentence: `frames 3, 5, 8 and 2 more`."""
    frames = list(dict.fromkeys(frame for frame, _ in places))
    noun = "frame" if len(frames) == 1 else "frames"
    return f"{noun} {first_few([str(patient.labels.frames[frame].frame_index) for frame in frames])}"
