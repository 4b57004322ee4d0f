"""All animals of a set of labels as flat arrays, for what is asked of all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import attrs
import numpy as np

from sleapnn_engine.data.records import LabelSet


@attrs.frozen(eq=False)
class Bodies:
    """Animals in the order of their frames: `points` float32 (A, N, 2) px source, NaN where a part is not visible.

    `frame` int64 (A,) is the place of an animal's frame in the labels, `place` its place there, `track` its track or -1.
    """

    points: np.ndarray
    frame: np.ndarray
    place: np.ndarray
    track: np.ndarray

    @classmethod
    def of(cls, labels: LabelSet) -> Bodies:
        """The animals of all frames; marks of centres are none."""
        frames = labels.frames
        tracks = np.concatenate([np.zeros(0, np.int64), *(frame.track_index for frame in frames)])
        return attrs.evolve(
            cls.stacked([frame.points for frame in frames], nodes=len(labels.nodes)), track=tracks
        )

    @classmethod
    def stacked(cls, frames: Sequence[np.ndarray], *, nodes: int) -> Bodies:
        """Animals without tracks, (animals, nodes, 2) of each frame."""
        counts = np.array([len(points) for points in frames], dtype=np.int64)
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        return cls(
            np.concatenate([np.zeros((0, nodes, 2), dtype=np.float32), *frames]),
            np.repeat(np.arange(len(counts)), counts),
            np.arange(counts.sum()) - starts,
            np.full(counts.sum(), -1, dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def seen(self) -> np.ndarray:
        """bool (A, N): whether a part is visible."""
        found: np.ndarray = np.isfinite(self.points).all(axis=-1)
        return found

    @cached_property
    def boxes(self) -> np.ndarray:
        """float32 (A, 4): left, top, right, bottom of the box around what is visible; NaN without anything."""
        low = np.where(self.seen[..., None], self.points, np.inf).min(axis=1, initial=np.inf)
        high = np.where(self.seen[..., None], self.points, -np.inf).max(axis=1, initial=-np.inf)
        found = np.concatenate([low, high], axis=1)
        found[~self.seen.any(axis=1)] = np.nan
        return found

    @cached_property
    def sizes(self) -> np.ndarray:
        """float32 (A,): the longer side of each box; NaN without a visible part."""
        found: np.ndarray = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1, initial=-np.inf)
        return found

    @cached_property
    def lengths(self) -> np.ndarray:
        """float32 (A,): body lengths, the diagonal of each box as evaluation has it; NaN with fewer than two visible parts."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        found: np.ndarray = np.where(self.seen.sum(axis=1) > 1, np.hypot(*sides.T), np.nan)
        return found

    @cached_property
    def typical_size(self) -> float:
        """The median of the sizes of animals that show two parts at least; 1 without any."""
        whole = self.sizes[self.seen.sum(axis=1) > 1]
        return max(float(np.median(whole)), 1.0) if len(whole) else 1.0

    @cached_property
    def pairs(self) -> np.ndarray:
        """int64 (P, 2): each pair of animals on one frame, the earlier one first."""
        starts, counts = np.unique(self.frame, return_index=True, return_counts=True)[1:]
        found = [np.zeros((0, 2), dtype=np.int64)]
        for count in np.unique(counts[counts > 1]):
            first, second = np.triu_indices(int(count), k=1)
            at = starts[counts == count, None]
            found.append(np.stack([at + first, at + second], axis=-1).reshape(-1, 2))
        return np.concatenate(found)

    @cached_property
    def touching(self) -> np.ndarray:
        """bool (P,): whether the boxes of a pair touch."""
        first, second = self.boxes[self.pairs[:, 0]], self.boxes[self.pairs[:, 1]]
        with np.errstate(invalid="ignore"):
            met = (first[:, :2] <= second[:, 2:]) & (second[:, :2] <= first[:, 2:])
        found: np.ndarray = met.all(axis=1)
        return found

    def covered(self) -> np.ndarray:
        """float (A,), 0..1: the largest share of each box that the box of one other animal of its frame covers.

        -1 where no other one touches it.
        """
        first, second = self.boxes[self.pairs[:, 0]], self.boxes[self.pairs[:, 1]]
        sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
        shared = np.nan_to_num(np.maximum(sides, 0)).prod(axis=1)
        area = np.nan_to_num((self.boxes[:, 2:] - self.boxes[:, :2]).prod(axis=1))
        found = np.full(len(self), -1.0)
        for side in (0, 1):
            whole = area[self.pairs[:, side]]
            share = np.divide(shared, whole, out=np.zeros(len(shared)), where=whole > 0)
            np.maximum.at(found, self.pairs[self.touching, side], share[self.touching])
        return found
