"""Predictions of a file, frame by frame over their video, with the labels of the same frame beside them; and their figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import sleap_io as sio

from sleapnn_engine.config.centring import USUAL, Centring
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.footage import Choice, Footage, open_footage
from sleapnn_engine.evaluation.comparing import compared
from sleapnn_engine.evaluation.matching import node_distances
from sleapnn_engine.evaluation.report import evaluation_of
from sleapnn_engine.evaluation.scores import pairs_found
from sleapnn_engine.evaluation.sides import Sides, StoredFile, read_stored, video_path
from sleapnn_engine.inspect.pictures import listed
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted

Found = tuple[dict[str, Any], dict[str, np.ndarray]]

#: Files that stay open: those of two runs side by side.
_KEPT = 2
#: As other programs have it for centres.
_LIMIT = 50.0


@attrs.frozen
class _Asked:
    """What decides which files are read, and how."""

    file: str
    truth: str | None
    centring: Centring
    with_predictions: bool

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> _Asked:
        return cls(
            str(args["file"]),
            args.get("truth"),
            Centring(args.get("anchor"), args.get("centroid_method", USUAL.otherwise)),
            bool(args.get("with_predictions", False)),
        )

    def sides(self, found: StoredFile) -> Sides | None:
        """The labels beside the predictions, where there are any."""
        if self.truth is None:
            return None
        path = Path(self.truth).expanduser()
        return Sides.of(path, found, centring=self.centring, with_predictions=self.with_predictions)

    @property
    def stamps(self) -> tuple[tuple[int, int], ...]:
        """What changes when somebody writes to one of the files."""
        states = [Path(path).expanduser().stat() for path in (self.file, self.truth) if path is not None]
        return tuple((state.st_mtime_ns, state.st_size) for state in states)


@attrs.frozen(eq=False)
class _Open:
    """A file of predictions with its videos; `frames` are (number of the video, frame), in order."""

    stored: StoredFile
    footage: Footage
    sides: Sides | None
    frames: list[tuple[int, sio.LabeledFrame]]
    stamps: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, asked: _Asked, stamps: tuple[tuple[int, int], ...], cancelled: Cancelled) -> _Open:
        path = Path(asked.file).expanduser()
        stored = read_stored(path, user_only=False)
        require_wanted(cancelled)
        sides = asked.sides(stored)
        numbers = {id(video): number for number, video in enumerate(stored.stored.videos)}
        frames = [(numbers[id(frame.video)], frame) for frame in stored.stored.labeled_frames]
        frames.sort(key=lambda one: (one[0], one[1].frame_idx))
        require_wanted(cancelled)
        return cls(stored, open_footage(path, Choice()), sides, frames, stamps)

    def place(self, args: Mapping[str, Any]) -> int:
        """The place that is asked for, by itself or by the labels' name of a video and a frame. Raises UserError."""
        if "frame" not in args:
            return min(max(int(args.get("index", 0)), 0), len(self.frames) - 1)
        for place, (video, frame) in enumerate(self.frames):
            if frame.frame_idx == args["frame"] and args.get("video") in (None, *self._names(video)):
                return place
        raise UserError(f"Frame {args['frame']} is not in the predictions.", where=str(args.get("video", "")))

    def _names(self, video: int) -> Iterable[str]:
        """What the predictions and the labels call a video."""
        yield video_path(self.stored.stored.videos[video])
        if self.sides is not None and video in self.sides.videos:
            yield video_path(self.sides.labels.stored.videos[self.sides.videos[video]])

    def shown(self, place: int) -> Found:
        """What a `frame` event tells of one frame, and where it stands."""
        video, frame = self.frames[place]
        animals = list(frame.instances)
        order = self.stored.orders
        points = [_ordered(one.numpy(), order.get(id(one.skeleton))) for one in animals]
        heights = [_ordered(_heights(one), order.get(id(one.skeleton))) for one in animals]
        nodes = self.stored.skeleton.nodes
        skeleton = {name: number for number, name in enumerate(nodes)}
        predicted = np.stack(points) if points else np.zeros((0, len(nodes), 2))
        body: dict[str, Any] = {
            "epoch": 0,
            "split": "validation",
            "index": place,
            "labels_file": str(self.stored.path),
            "video": self.footage.name(video),
            "frame": int(frame.frame_idx),
            "scale": 1.0,
            "stride": 1,
            "truth": [],
            "predicted": listed(predicted),
            "scores": [[float(s) if math.isfinite(s) else None for s in own] for own in heights],
            "identities": [one.track.name if one.track is not None else None for one in animals],
            "error_px": None,
        }
        body |= self._truth(video, int(frame.frame_idx), predicted)
        body |= {
            "count": len(self.frames),
            "nodes": list(nodes),
            "edges": [[skeleton[a], skeleton[b]] for a, b in self.stored.skeleton.edges],
            "tracks": [track.name for track in self.stored.stored.tracks],
        }
        return body, {"image": self._image(video, int(frame.frame_idx))}

    def _truth(self, video: int, number: int, predicted: np.ndarray) -> dict[str, Any]:
        """The labelled animals, and who belongs to whom, where the frame is labelled."""
        sides = self.sides
        if sides is None or (sides.videos.get(video, -1), number) not in sides.known:
            return {}
        frame = sides.evaluated((sides.videos[video], number))
        pairs = []
        if len(predicted) and len(frame.truth):
            limit = _LIMIT if sides.centers else None
            pairs = pairs_found(predicted, frame.truth, body=sides.body, limit=limit)
        distances = node_distances(predicted, frame.truth)
        errors = [_mean(distances[row, column]) for row, column in pairs]
        every = np.concatenate([np.empty(0), *(distances[row, column] for row, column in pairs)])
        said: dict[str, Any] = {
            "truth": listed(frame.truth),
            "pairs": [
                {"labelled": column, "predicted": row, "error_px": error}
                for (row, column), error in zip(pairs, errors, strict=True)
            ],
            "error_px": _mean(every),
        }
        if sides.tracks and frame.true_classes is not None:
            said["true_identities"] = [sides.tracks[c] if c >= 0 else None for c in frame.true_classes]
        return said

    def _image(self, video: int, number: int) -> np.ndarray:
        source = self.footage.sources[video]
        try:
            if source is None:
                raise ValueError("its video is not there")
            return source.read(number)
        except (ValueError, OSError, IndexError, KeyError) as error:
            raise UserError(
                f"The image of frame {number} cannot be read: {error}.", where=self.footage.name(video)
            ) from error


class Predictions:
    """Files of predictions that are looked at, kept open while they stay as they are. For one thread."""

    def __init__(self) -> None:
        self._known: dict[_Asked, _Open] = {}

    def frame(self, args: Mapping[str, Any], cancelled: Cancelled) -> Found:
        """One frame, as `protocol.questions` says. Raises UserError and NotWanted."""
        shown = self._open(_Asked.of(args), cancelled)
        if not shown.frames:
            raise UserError("There is no frame in these predictions.", where=str(args["file"]))
        return shown.shown(shown.place(args))

    def _open(self, asked: _Asked, cancelled: Cancelled) -> _Open:
        try:
            stamps = asked.stamps
        except OSError:
            stamps = ()  # whoever reads it says what is wrong
        known = self._known.pop(asked, None)
        if known is not None and known.stamps != stamps:
            known.footage.close()
            known = None
        self._known[asked] = known or _Open.of(asked, stamps, cancelled)
        for old in list(self._known)[:-_KEPT]:
            self._known.pop(old).footage.close()
        return self._known[asked]


def evaluation(args: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """The figures of predictions, as `evaluate --json` prints them. Raises UserError and NotWanted."""
    asked = _Asked.of(args)
    found = read_stored(Path(asked.file).expanduser(), user_only=False)
    require_wanted(cancelled)
    sides = asked.sides(found)
    if sides is None:
        raise UserError("No labels are named to compare with.", where="truth")
    require_wanted(cancelled)
    return evaluation_of(sides.labels.path, sides.found.path, compared(sides))


def _ordered(values: np.ndarray, order: tuple[int, ...] | None) -> np.ndarray:
    return values if order is None else values[list(order)]


def _heights(animal: sio.Instance) -> np.ndarray:
    """How certain each node of an animal is, NaN where nothing is said."""
    names = animal.points.dtype.names or ()
    if "score" not in names:
        return np.full(len(animal.points), np.nan)
    heights: np.ndarray = np.asarray(animal.points["score"], dtype=np.float64)
    return heights


def _mean(distances: np.ndarray) -> float | None:
    known = distances[np.isfinite(distances)]
    return float(known.mean()) if known.size else None
