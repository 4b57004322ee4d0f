"""Which animal of a frame is which of the frames before: one to one, for the best sum over the frame."""

from __future__ import annotations

from collections import deque

import attrs
import numpy as np

from sleapnn_engine.config.likeness import Likeness
from sleapnn_engine.data.linear_assignment import best_pairs
from sleapnn_engine.decoding.animals import PredictedFrame
from sleapnn_engine.evaluation.matching import body_sizes
from sleapnn_engine.evaluation.oks import key_point_similarity

#: From frame to frame animals move farther than two persons place a point apart, which OKS is made for.
_SPREAD = 0.1
#: How many bodies the centre of an animal may move between two frames.
_FARTHEST = 2.0
_LEAST = 1e-3
#: Half a pixel around points belongs to their box, so that one point has one too.
_AROUND = np.array([-0.5, -0.5, 0.5, 0.5])


@attrs.frozen(kw_only=True)
class TrackSettings:
    """How animals are followed.

    `likeness` says what animals of different frames are compared by. One that was last seen more than `window` frames ago is lost. With
    `most` there are never more tracks than that: an animal then takes up the nearest lost one, and those beyond have
    none.
    """

    likeness: Likeness
    window: int = 5
    most: int | None = None


@attrs.define(eq=False)
class _Track:
    """One animal: its points (N, 2) in the last frames it was seen on, each with the count of that frame."""

    number: int
    seen: deque[tuple[int, np.ndarray]]


@attrs.define(eq=False)
class Tracker:
    """Follows the animals of one video, frame by frame in their order; its tracks are numbered from `first`."""

    settings: TrackSettings
    first: int = 0
    _tracks: list[_Track] = attrs.field(factory=list, init=False)
    _count: int = attrs.field(default=0, init=False)

    def follow(self, frame: PredictedFrame) -> PredictedFrame:
        """The same frame with tracks as classes, -1 for none; `class_scores` are likenesses, in 0..1.

        A track that begins has the score 1.
        """
        self._count += 1
        points = frame.points
        numbers = np.full(len(points), -1, dtype=np.int64)
        scores = np.full(len(points), np.nan, dtype=np.float32)
        there = np.flatnonzero(np.isfinite(points).all(axis=-1).any(axis=-1))
        since = self._count - self.settings.window
        near = [track for track in self._tracks if track.seen[-1][0] >= since]
        self._join(points, there, near, numbers, scores, since=since)
        left = there[numbers[there] < 0]
        if self.settings.most is not None and len(self._tracks) >= self.settings.most:
            lost = [track for track in self._tracks if track.seen[-1][0] < since]
            self._continue_tracks(points, left, lost, numbers, scores)
        else:
            self._begin(left, numbers, scores)
        for row in there[numbers[there] >= 0]:
            self._tracks[numbers[row] - self.first].seen.append((self._count, points[row]))
        return attrs.evolve(frame, classes=numbers, class_scores=scores)

    @property
    def end(self) -> int:
        """The number after that of the last track."""
        return self.first + len(self._tracks)

    def _join(
        self,
        points: np.ndarray,
        rows: np.ndarray,
        tracks: list[_Track],
        numbers: np.ndarray,
        scores: np.ndarray,
        *,
        since: int,
    ) -> None:
        """Give animals to tracks that were seen lately, by how alike they are to the likest of their sights."""
        if not len(rows) or not tracks:
            return
        sights = [[one for count, one in track.seen if count >= since] for track in tracks]
        table = _alike(
            points[rows], np.stack([one for part in sights for one in part]), self.settings.likeness
        )
        starts = np.cumsum([0, *(len(part) for part in sights[:-1])])
        best = np.maximum.reduceat(table, starts, axis=1)
        for i, j in zip(*best_pairs(np.where(best >= _LEAST, best, 0.0), greatest=True), strict=True):
            if best[i, j] >= _LEAST:
                numbers[rows[i]], scores[rows[i]] = tracks[j].number, best[i, j]

    def _continue_tracks(
        self,
        points: np.ndarray,
        rows: np.ndarray,
        tracks: list[_Track],
        numbers: np.ndarray,
        scores: np.ndarray,
    ) -> None:
        """Give animals to lost tracks, the nearest in sum, however far."""
        if not len(rows) or not tracks:
            return
        gaps = _gaps(_centers(points[rows]), _centers(np.stack([track.seen[-1][1] for track in tracks])))
        for i, j in zip(*best_pairs(gaps), strict=True):
            numbers[rows[i]], scores[rows[i]] = tracks[j].number, 0.0

    def _begin(self, rows: np.ndarray, numbers: np.ndarray, scores: np.ndarray) -> None:
        for row in rows:
            if self.settings.most is None or len(self._tracks) < self.settings.most:
                numbers[row], scores[row] = self.end, 1.0
                self._tracks.append(_Track(self.end, deque(maxlen=self.settings.window)))


def _alike(points: np.ndarray, others: np.ndarray, likeness: Likeness) -> np.ndarray:
    """How much each of (P, N, 2) has in common with each of (S, N, 2): (P, S) in 0..1."""
    if likeness is Likeness.OKS:
        return key_point_similarity(points, others, stddev=_SPREAD)
    if likeness is Likeness.IOU:
        return _overlaps(_boxes(points), _boxes(others))
    gaps = _gaps(_centers(points), _centers(others))
    sizes = body_sizes(np.concatenate([points, others]))
    known = sizes[np.isfinite(sizes)]
    if not known.size or known.max() <= 0:  # animals of one point have no body: any distance is allowed
        return 1 / (1 + gaps)
    near: np.ndarray = np.clip(1 - gaps / (_FARTHEST * known.max()), 0, 1)
    return near


def _centers(points: np.ndarray) -> np.ndarray:
    """Middles of the boxes around the points of each animal, (I, 2)."""
    boxes = _boxes(points)
    middles: np.ndarray = (boxes[:, :2] + boxes[:, 2:]) / 2
    return middles


def _boxes(points: np.ndarray) -> np.ndarray:
    """Boxes around the points of each animal: left, top, right, bottom, (I, 4)."""
    seen = np.isfinite(points).all(axis=-1)[..., None]
    low = np.where(seen, points, np.inf).min(axis=1)
    return np.concatenate([low, np.where(seen, points, -np.inf).max(axis=1)], axis=1)


def _gaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    gaps: np.ndarray = np.linalg.norm(one[:, None] - other[None], axis=-1)
    return gaps


def _overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (P, 4) and (S, 4): (P, S)."""
    one, other = one + _AROUND, other + _AROUND
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=-1) for boxes in (one, other)]
    shares: np.ndarray = common / (areas[0][:, None] + areas[1][None] - common)
    return shares
