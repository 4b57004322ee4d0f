"""An evaluation for people to look at: what was found, how far each part is off, curves, frames and videos."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.evaluation.comparing import Comparison, measured
from sleapnn_engine.evaluation.files import listed_metrics, plain_values
from sleapnn_engine.evaluation.matching import Pairs, body_sizes, match_animals
from sleapnn_engine.evaluation.metrics import EvaluatedFrame
from sleapnn_engine.evaluation.oks import key_point_similarity, match_by_similarity
from sleapnn_engine.evaluation.scores import pairs_found

_PERCENTILES = (50, 75, 90, 95, 99)
#: The ends of a box and its whiskers: half of all points lie in the box, nine of ten between the whiskers.
_BOX = {"low": 5, "q1": 25, "median": 50, "q3": 75, "high": 95}
_STEPS = 60
_LEAST_PX = 10.0


@attrs.frozen(eq=False)
class _Judged:
    """One frame: distances (pairs, N) of the animals that were found, and how many animals there are on either side.

    `misplaced` are those of the missed at whose place a prediction is that is no other animal's.
    """

    frame: EvaluatedFrame
    distances: np.ndarray
    labelled: int
    predicted: int
    similarity: np.ndarray
    seen: bool
    misplaced: int = 0

    @property
    def found(self) -> int:
        return len(self.distances)

    @property
    def figures(self) -> dict[str, Any]:
        known = self.distances[np.isfinite(self.distances)]
        return {
            "video": self.frame.video,
            "frame": self.frame.frame_index,
            "error_px": float(known.mean()) if known.size else None,
            "labelled": self.labelled,
            "found": self.found,
            "missed": self.labelled - self.found,
            "misplaced": self.misplaced,
            "extra": self.predicted - self.found,
            "predicted": self.seen,
        }


def evaluation_of(
    truth: Path,
    predicted: Path,
    found: Comparison,
    *,
    oks_stddev: float = 0.025,
    oks_scale: float | None = None,
    match_threshold: float = 50.0,
) -> dict[str, Any]:
    """All that `evaluate --json` says of two files, in values that strict JSON knows.

    `metrics` are the figures of the family, `report` what `report_of` gives.
    """
    oks = {"oks_stddev": oks_stddev, "oks_scale": oks_scale}
    return {
        "truth": str(truth),
        "predicted": str(predicted),
        "nodes": list(found.nodes),
        "centers": found.centers,
        "notes": list(found.notes),
        "metrics": listed_metrics(measured(found, **oks, match_threshold=match_threshold)),  # type: ignore[arg-type]
        "report": plain_values(report_of(found, stddev=oks_stddev, scale=oks_scale, limit=match_threshold)),
    }


def report_of(
    found: Comparison, *, stddev: float = 0.025, scale: float | None = None, limit: float = 50.0
) -> dict[str, Any]:
    """What there is to see of a comparison. All labelled and all predicted animals count, and so do frames without a prediction.

    An animal is found as `PoseScores` says, centres within `limit` px. Distances are in source pixels, and in percent of
    a body, which is the median diagonal of the labelled animals' boxes. `animals` counts, and tells of those that were
    missed how many were `misplaced`: a prediction is within half a body of their middle, and its parts are elsewhere. Of
    a pair these are missed by the second model, the others by the first. `distances` are percentiles
    over the parts of found animals; `parts` has a box for each node; `curves` say which share of labelled points lies
    within a distance, and which share of labelled animals reaches a similarity; `frames`, the worst first, and `videos`
    count animals and give the error of those that were found.
    """
    frames = [*((frame, True) for frame in found.frames), *((frame, False) for frame in found.unseen)]
    body = None if found.centers else _median([body_sizes(frame.truth) for frame, _ in frames])
    judge = partial(_judged, body=body, limit=limit if found.centers else None)
    similar = partial(_similarity, stddev=stddev, scale=scale)
    judged = [
        judge(frame, seen=seen, similarity=np.empty(0) if found.centers else similar(frame))
        for frame, seen in frames
    ]
    none = [np.empty((0, len(found.nodes)))]
    distances = np.concatenate([*none, *(one.distances for one in judged)])
    places = sum(
        (np.isfinite(one.frame.truth).all(axis=-1).sum(axis=0) for one in judged),
        start=np.zeros(len(found.nodes), dtype=int),
    )
    return {
        "body_px": body,
        "animals": _animals(judged),
        "distances": _percentiles(distances, body=body),
        "parts": [
            _part(name, distances[:, place], labelled=int(places[place]), body=body)
            for place, name in enumerate(found.nodes)
        ],
        "curves": _curves(judged, distances, labelled=int(places.sum()), body=body),
        "frames": _worst_first(judged),
        "videos": _videos(judged),
    }


def _judged(
    frame: EvaluatedFrame, *, body: float | None, limit: float | None, seen: bool, similarity: np.ndarray
) -> _Judged:
    """Say who is who on a frame; animals without a visible point are none that anybody can find."""
    given, known = frame.predicted[_there(frame.predicted)], frame.truth[_there(frame.truth)]
    pairs: Pairs = pairs_found(given, known, body=body, limit=limit) if len(given) and len(known) else []
    rows, columns = ([pair[side] for pair in pairs] for side in (0, 1))
    distances = np.linalg.norm(given[rows] - known[columns], axis=-1)
    spare, lost = (np.delete(all_, taken, axis=0) for all_, taken in ((given, rows), (known, columns)))
    near = match_animals(_middles(spare), _middles(lost), limit=body / 2) if body else []
    return _Judged(frame, distances, len(frame.truth), len(given), similarity, seen, len(near))


def _middles(animals: np.ndarray) -> np.ndarray:
    """Middles of the boxes around animals (I, N, 2), as animals of one node."""
    low, high = (np.where(np.isfinite(animals), animals, end) for end in (np.inf, -np.inf))
    middles: np.ndarray = (low.min(axis=1, keepdims=True) + high.max(axis=1, keepdims=True)) / 2
    return middles


def _similarity(frame: EvaluatedFrame, *, stddev: float, scale: float | None) -> np.ndarray:
    """The similarity that each labelled animal is met with, (T,), 0 where it is not."""
    there = _there(frame.predicted)
    known = _there(frame.truth)
    met = np.zeros(len(frame.truth))
    if there.any() and known.any():
        table = key_point_similarity(frame.predicted[there], frame.truth[known], stddev=stddev, scale=scale)
        for row, column in match_by_similarity(table, scores=np.asarray(frame.scores)[there]):
            met[np.flatnonzero(known)[column]] = table[row, column]
    return met


def _there(points: np.ndarray) -> np.ndarray:
    there: np.ndarray = np.isfinite(points).all(axis=-1).any(axis=-1)
    return there


def _animals(judged: Sequence[_Judged]) -> dict[str, Any]:
    labelled, predicted, found, misplaced = (
        sum(getattr(one, name) for one in judged) for name in ("labelled", "predicted", "found", "misplaced")
    )
    return {
        "frames": len(judged),
        "labelled": labelled,
        "predicted": predicted,
        "found": found,
        "missed": labelled - found,
        "misplaced": misplaced,
        "extra": predicted - found,
        "found_share": found / labelled if labelled else None,
    }


def _percentiles(distances: np.ndarray, *, body: float | None) -> dict[str, Any]:
    known = distances[np.isfinite(distances)]
    named = {f"p{p}": float(np.percentile(known, p)) if known.size else None for p in _PERCENTILES}
    px = {"avg": float(known.mean()) if known.size else None, **named}
    return {"px": px, "percent": {name: _percent(value, body) for name, value in px.items()}}


def _part(name: str, distances: np.ndarray, *, labelled: int, body: float | None) -> dict[str, Any]:
    """A box over the places at which a part was found; `found` of `labelled` places."""
    known = distances[np.isfinite(distances)]
    box = {end: float(np.percentile(known, p)) if known.size else None for end, p in _BOX.items()}
    return {
        "name": name,
        "labelled": labelled,
        "found": int(known.size),
        "px": box,
        "percent": {end: _percent(value, body) for end, value in box.items()},
    }


def _curves(
    judged: Sequence[_Judged], distances: np.ndarray, *, labelled: int, body: float | None
) -> dict[str, Any]:
    """What is missed counts as farther off than any distance, and as similar to nothing."""
    known = distances[np.isfinite(distances)]
    most = max(_LEAST_PX, float(np.percentile(known, 95)) if known.size else 0.0)
    within = np.linspace(0.0, most, _STEPS + 1)
    points = {
        "px": within.tolist(),
        "percent": None if not body else (100 * within / body).tolist(),
        "share": [float((known <= d).sum() / labelled) if labelled else None for d in within],
    }
    met = np.concatenate([np.empty(0), *(one.similarity for one in judged)])
    at_least = np.linspace(0.0, 1.0, 51)
    share = [float((met >= t - 1e-9).mean()) for t in at_least] if met.size else None
    return {"pck": points, "oks": None if share is None else {"at_least": at_least.tolist(), "share": share}}


def _worst_first(judged: Sequence[_Judged]) -> list[dict[str, Any]]:
    listed = [one.figures for one in judged]
    return sorted(
        listed, key=lambda one: (one["missed"] + one["extra"], one["error_px"] or 0.0), reverse=True
    )


def _videos(judged: Sequence[_Judged]) -> list[dict[str, Any]]:
    """The figures of each video, in the order of the labels."""
    by_video: dict[str, list[_Judged]] = {}
    for one in judged:
        by_video.setdefault(one.frame.video, []).append(one)
    found = []
    for video, own in by_video.items():
        known = np.concatenate([one.distances.ravel() for one in own])
        known = known[np.isfinite(known)]
        median = float(np.median(known)) if known.size else None
        found.append({"video": video, **_animals(own), "p50_px": median})
    return found


def _percent(value: float | None, body: float | None) -> float | None:
    return None if value is None or not body else 100 * value / body


def _median(parts: Sequence[np.ndarray]) -> float | None:
    every = np.concatenate([np.empty(0), *parts])
    known = every[np.isfinite(every)]
    return float(np.median(known)) if known.size else None
