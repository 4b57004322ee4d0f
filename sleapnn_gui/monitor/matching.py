"""Which predicted animal of a frame is which labelled one, what was missed and what is no animal, as the engine says."""

from collections.abc import Sequence
from typing import Any

import attrs

from sleapnn_engine.protocol.events import Frame


@attrs.frozen
class Matching:
    """`pairs` are (place among the labelled, place among the predicted, mean distance in source pixels or None).

    Engines of earlier versions do not say who belongs together: then nothing is `known`, and nobody counts as missed.
    """

    pairs: tuple[tuple[int, int, float | None], ...] = ()
    missed: tuple[int, ...] = ()
    extra: tuple[int, ...] = ()
    known: bool = True

    @classmethod
    def of(cls, said: Frame) -> "Matching":
        """Read the pairs of a `frame` event; places that its lists do not have are left out."""
        if said.pairs is None:
            return cls(known=False)
        truth, predicted = said.truth, said.predicted
        rows = [(pair.labelled, pair.predicted, pair.error_px) for pair in said.pairs]
        pairs = tuple(row for row in rows if 0 <= row[0] < len(truth) and 0 <= row[1] < len(predicted))
        return cls(
            pairs,
            missed=_left(truth, {labelled for labelled, _, _ in pairs}),
            extra=_left(predicted, {found for _, found, _ in pairs}),
        )

    @property
    def wrong(self) -> int:
        """Animals that were missed or are none."""
        return len(self.missed) + len(self.extra)

    def predicted_of(self, labelled: int) -> int | None:
        """The predicted animal that was paired with a labelled one."""
        return next((found for true, found, _ in self.pairs if true == labelled), None)

    def labelled_of(self, predicted: int) -> int | None:
        """The labelled animal that was paired with a predicted one."""
        return next((true for true, found, _ in self.pairs if found == predicted), None)


def _left(animals: Sequence[Sequence[Any]], paired: set[int]) -> tuple[int, ...]:
    """The animals with a visible point that are in no pair."""
    seen = (row for row, animal in enumerate(animals) if any(point is not None for point in animal))
    return tuple(row for row in seen if row not in paired)
