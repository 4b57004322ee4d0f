"""How good a model is on the validation frames: animals found, and how far the points of those are off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import attrs
import numpy as np

from sleapnn_engine.evaluation.matching import Pairs, body_sizes, match_animals, match_poses
from sleapnn_engine.evaluation.oks import figures_of_all, key_point_similarity, match_by_similarity
from sleapnn_engine.protocol.measures import NEAR

# What the family allows between a centroid and its animal when nothing else is said, in pixels.
_POINT_LIMIT = 50.0
# Two parts are taken for each other where, exchanged, they lie less than this share as far off; of fewer animals than
# that nothing is said.
_CROSSED, _LEAST_SIDES = 0.5, 5


@attrs.frozen(kw_only=True)
class Summary:
    """Results over all frames; None where nothing was there to measure.

    Distances are of matched pairs, in source pixels: `median_px` and `p90_px` over all their nodes, `by_node` the
    median of each. `percent_of_body` is the median in percent of the median diagonal of the labelled animals' boxes.
    `precision` is the share of predicted animals that are some labelled one, `recall` the share of labelled animals
    that were found, `f1` their harmonic mean. `class_accuracy` is the share of matched animals with a labelled
    identity that were given it. `body` is that median diagonal, in source pixels: half of it is how far off a small
    animal may be found. `hits` is the number of animals found. `order` are the places of the frames as they were added,
    the worst first: by animals missed or extra, then by the mean distance. `worst_by_node` is the place of the frame
    with the greatest distance of each node that was found, the greatest of all first. `swapped`: of the `sides` that
    were asked for, on which share of the animals found the two lie in each other's place, where that is any. `pck_10` and
    `pck_5` are the share of labelled points of the animals found that are predicted within so many percent of that
    diagonal. `mean_oks` is the mean OKS of the labelled animals and `oks_map` its mAP, as `animal_metrics` has both in a file
    of metrics: pairs are made by similarity, and animals that are missed or extra count.
    """

    median_px: float | None
    p90_px: float | None
    percent_of_body: float | None
    by_node: dict[str, float | None]
    precision: float | None
    recall: float | None
    f1: float | None
    class_accuracy: float | None
    body: float | None = None
    hits: int = 0
    order: tuple[int, ...] = ()
    worst_by_node: dict[str, int] = attrs.field(factory=dict)
    swapped: dict[str, float] = attrs.field(factory=dict)
    pck_10: float | None = None
    pck_5: float | None = None
    mean_oks: float | None = None
    oks_map: float | None = None


@attrs.frozen(eq=False)
class _Frame:
    predicted: np.ndarray
    truth: np.ndarray
    predicted_classes: np.ndarray
    true_classes: np.ndarray
    certain: np.ndarray


@attrs.define(eq=False, kw_only=True)
class PoseScores:
    """Collects frames and scores them together.

    A labelled animal counts as found when a prediction's nodes are on average within half its body of their places.
    That is coarse on purpose: it tells finding animals from placing their parts, which the distances measure, and it
    rises from the first epochs on. (An OKS of 0.5 means about 6 % of the square root of the box's area, which is near
    nothing for a thin animal along an axis and stays 0 for many epochs.) A body is the diagonal of the box around the
    animal's labelled nodes, or of the median animal's where that is larger: few visible nodes make no small animal.

    With `limit`, in source pixels, pairs up to that mean distance count instead; animals of one node, as centroids
    are, have no body and 50 px are allowed without it. With `paired`, row i of the prediction belongs to row i of the
    truth whatever lies between them (types with one animal per sample). `sides` are nodes of the left and of the right
    of which it is of interest whether they are taken for each other.
    """

    nodes: Sequence[str]
    limit: float | None = None
    paired: bool = False
    sides: Sequence[tuple[str, str]] = ()
    _frames: list[_Frame] = attrs.field(factory=list, init=False)

    def add(
        self,
        predicted: np.ndarray,
        truth: np.ndarray,
        predicted_classes: np.ndarray | None = None,
        true_classes: np.ndarray | None = None,
        *,
        certain: np.ndarray | None = None,
    ) -> None:
        """Add one frame: predicted (P, N, 2) and labelled (T, N, 2) points in source pixels, NaN where missing.

        Classes are int (P,) and (T,), -1 for none; `certain` (P,) says how certain each prediction is. Rows without any point are no animals. Raises ValueError when
        `paired` and P is not T.
        """
        predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
        if self.paired and len(predicted) != len(truth):
            raise ValueError(f"{len(predicted)} predictions cannot be paired with {len(truth)} animals")
        none = (np.full(len(predicted), -1), np.full(len(truth), -1))
        given = none[0] if predicted_classes is None else np.asarray(predicted_classes)
        labelled = none[1] if true_classes is None else np.asarray(true_classes)
        sure = np.ones(len(predicted)) if certain is None else np.asarray(certain, np.float64)
        if not self.paired:
            there, real = _there(predicted), _there(truth)
            predicted, given, truth, labelled = predicted[there], given[there], truth[real], labelled[real]
            sure = sure[there]
        self._frames.append(_Frame(predicted, truth, given, labelled, sure))

    def summary(self) -> Summary:
        """Match every frame and score all of them."""
        body, pairs = self._matched()
        predicted, truth = self._points_of(pairs)
        distances = np.linalg.norm(predicted - truth, axis=-1)
        known = distances[np.isfinite(distances)]
        median = _median(known)
        hits = sum(len(found) for found in pairs)
        n_predicted = sum(int(_there(frame.predicted).sum()) for frame in self._frames)
        n_true = sum(int(_there(frame.truth).sum()) for frame in self._frames)
        return Summary(
            median_px=median,
            p90_px=float(np.percentile(known, 90)) if known.size else None,
            percent_of_body=None if median is None or not body else 100 * median / body,
            by_node={node: _median(c) for node, c in zip(self.nodes, distances.T, strict=True)},
            precision=_share(hits, n_predicted),
            recall=_share(hits, n_true),
            f1=_share(2 * hits, n_predicted + n_true),
            class_accuracy=self._class_accuracy(pairs),
            body=body,
            hits=hits,
            order=self._order(pairs),
            worst_by_node=self._worst_by_node(pairs, distances),
            swapped=self._swapped(predicted, truth),
            **_near(distances, truth, body=body),
            **self._similar(),
        )

    def found(self) -> tuple[np.ndarray, np.ndarray, float | None]:
        """Predicted and labelled points of the animals that were found, (K, N, 2) each, and `body` of the summary."""
        body, pairs = self._matched()
        return *self._points_of(pairs), body

    def _matched(self) -> tuple[float | None, list[Pairs]]:
        """The median body, and the pairs of each frame."""
        sizes = [body_sizes(frame.truth) for frame in self._frames]
        body = _median(np.concatenate([np.empty(0), *sizes]))
        find = partial(pairs_found, body=body, limit=self.limit, paired=self.paired)
        return body, [find(frame.predicted, frame.truth) for frame in self._frames]

    def _similar(self) -> dict[str, float | None]:
        """OKS over all frames, whatever counts as found."""
        similarity, scores, alone = ([np.empty(0)] for _ in range(3))
        labelled = 0
        for frame in self._frames:
            there, real = _there(frame.predicted), _there(frame.truth)
            sure = frame.certain[there]
            table = key_point_similarity(frame.predicted[there], frame.truth[real])
            rows, columns = _rows(pairs := match_by_similarity(table, scores=sure), 0), _rows(pairs, 1)
            similarity.append(table[rows, columns])
            scores.append(sure[rows])
            alone.append(np.delete(sure, rows))
            labelled += int(real.sum())
        every = figures_of_all(
            np.concatenate(similarity),
            scores=np.concatenate(scores),
            alone=np.concatenate(alone),
            labelled=labelled,
        )
        return {"mean_oks": every["mOKS"], "oks_map": every["mAP"]} if labelled else {}

    def _order(self, pairs: list[Pairs]) -> tuple[int, ...]:
        wrong = []
        for frame, found in zip(self._frames, pairs, strict=True):
            gaps = np.linalg.norm(frame.predicted[_rows(found, 0)] - frame.truth[_rows(found, 1)], axis=-1)
            known = gaps[np.isfinite(gaps)]
            unpaired = int(_there(frame.predicted).sum() + _there(frame.truth).sum()) - 2 * len(found)
            wrong.append((unpaired, float(known.mean()) if known.size else -1.0))
        return tuple(sorted(range(len(wrong)), key=lambda place: wrong[place], reverse=True))

    def _worst_by_node(self, pairs: list[Pairs], distances: np.ndarray) -> dict[str, int]:
        """`distances` (animals found, nodes) in the order of the frames."""
        frame_of = np.repeat(np.arange(len(pairs)), [len(found) for found in pairs])
        known = np.where(np.isfinite(distances), distances, -1.0)
        worst = known.max(axis=0, initial=-1.0)
        order = [node for node in np.argsort(-worst, kind="stable") if worst[node] >= 0]
        return {self.nodes[node]: int(frame_of[known[:, node].argmax()]) for node in order}

    def _swapped(self, predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """Of animals found, (K, N, 2) each."""
        shares = {}
        for first, second in self.sides:
            one, other = self.nodes.index(first), self.nodes.index(second)
            both, places = predicted[:, [one, other]], truth[:, [one, other]]
            straight = np.linalg.norm(both - places, axis=-1).sum(axis=-1)
            crossed = np.linalg.norm(both - places[:, ::-1], axis=-1).sum(axis=-1)
            known = np.isfinite(straight) & np.isfinite(crossed)
            swapped = int((crossed[known] < _CROSSED * straight[known]).sum())
            if swapped and known.sum() >= _LEAST_SIDES:
                shares[f"{first} ↔ {second}"] = swapped / int(known.sum())
        return shares

    def _points_of(self, pairs: list[Pairs]) -> tuple[np.ndarray, np.ndarray]:
        none = [np.empty((0, len(self.nodes), 2))]
        both = list(zip(self._frames, pairs, strict=True))
        predicted = np.concatenate(none + [frame.predicted[_rows(found, 0)] for frame, found in both])
        return predicted, np.concatenate(none + [frame.truth[_rows(found, 1)] for frame, found in both])

    def _class_accuracy(self, pairs: list[Pairs]) -> float | None:
        right = asked = 0
        for frame, found in zip(self._frames, pairs, strict=True):
            labelled = frame.true_classes[_rows(found, 1)]
            asked += int((labelled >= 0).sum())
            right += int(((labelled >= 0) & (frame.predicted_classes[_rows(found, 0)] == labelled)).sum())
        return _share(right, asked)


def identity_figures(found: Summary) -> dict[str, float]:
    """How often animals that were found got their own identity, NaN where none has one."""
    return {"accuracy": np.nan if found.class_accuracy is None else found.class_accuracy}


def pairs_found(
    predicted: np.ndarray,
    truth: np.ndarray,
    *,
    body: float | None,
    limit: float | None = None,
    paired: bool = False,
) -> Pairs:
    """Say which of predicted (P, N, 2) is which of labelled (T, N, 2) animals of a frame, in source pixels.

    Returns (row of predicted, row of truth) of the animals that count as found, as `PoseScores` explains; `body` is
    its median over all frames that are scored together.
    """
    if paired:
        both = _there(predicted) & _there(truth)
        return [(row, row) for row in np.flatnonzero(both).tolist()]
    if limit is None and body:
        return match_poses(predicted, truth, reach=np.fmax(body_sizes(truth), body) / 2)
    return match_animals(predicted, truth, limit=_POINT_LIMIT if limit is None else limit)


def _there(points: np.ndarray) -> np.ndarray:
    """Which animals of (I, N, 2) have a point: bool (I,)."""
    there: np.ndarray = np.isfinite(points).all(axis=-1).any(axis=-1)
    return there


def _near(distances: np.ndarray, truth: np.ndarray, *, body: float | None) -> dict[str, float | None]:
    """How many points lie near, of `distances` (K, N) to `truth` (K, N, 2); one that was not predicted does not."""
    labelled = int(np.isfinite(truth).all(axis=-1).sum())
    return {
        key: _share(int((distances <= percent / 100 * body).sum()), labelled) if body else None
        for key, percent in NEAR.items()
    }


def _rows(pairs: Pairs, side: int) -> np.ndarray:
    return np.array([pair[side] for pair in pairs], dtype=np.int64)


def _median(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
