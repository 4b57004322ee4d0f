"""Predicted animals as the tables of a labels file, piece by piece: an hour of them is never in memory at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import h5py
import numpy as np

from sleapnn_engine.decoding.animals import PredictedFrame

#: Frames that are laid out at a time.
_PIECE = 1024
#: Rows that a file stores together.
_ROWS = 4096
#: How the format numbers animals that a program found.
_PREDICTED = 1


def fill_tables(path: Path, frames: Iterable[PredictedFrame]) -> None:
    """Write animals into a labels file of one skeleton that has one frame without animals for each of its videos.

    What the tables are made of, and how the file numbers its videos, is taken from there. Rows without a point are left
    out. Raises OSError where it cannot be written.
    """
    with h5py.File(path, "a") as file:
        videos = file["frames"]["video"]
        tables = [_emptied(file, name) for name in ("frames", "instances", "pred_points")]
        for piece in _pieces(frames):
            for table, rows in zip(tables, _laid_out(piece, videos, tables), strict=True):
                table.resize(len(table) + len(rows), axis=0)
                if len(rows):
                    table[-len(rows) :] = rows


def _emptied(file: h5py.File, name: str) -> h5py.Dataset:
    """The table of that name without rows, to which more can be added."""
    kind = file[name].dtype
    del file[name]
    return file.create_dataset(name, shape=(0,), maxshape=(None,), dtype=kind, chunks=(_ROWS,))


def _pieces(frames: Iterable[PredictedFrame]) -> Iterator[list[PredictedFrame]]:
    waiting = iter(frames)
    while piece := list(islice(waiting, _PIECE)):
        yield piece


def _laid_out(
    frames: Sequence[PredictedFrame], videos: np.ndarray, tables: Sequence[h5py.Dataset]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows of frames, animals and points that come behind those in `tables`."""
    seen = [np.isfinite(frame.points).all(axis=-1) for frame in frames]
    kept = [np.flatnonzero(one.any(axis=-1)) for one in seen]
    counts = np.array([len(one) for one in kept])
    rows = [np.empty(total, dtype=t.dtype) for total, t in zip((len(frames), counts.sum()), tables)]
    (first_frame, first_animal, first_point), (listed, animals) = map(len, tables), rows
    listed["frame_id"] = first_frame + np.arange(len(frames))
    listed["video"] = videos[[frame.video for frame in frames]]
    listed["frame_idx"] = [frame.frame_index for frame in frames]
    listed["instance_id_end"] = first_animal + counts.cumsum()
    listed["instance_id_start"] = listed["instance_id_end"] - counts.astype(np.uint64)

    def of_animals(name: str) -> np.ndarray:
        return np.concatenate([getattr(frame, name)[own] for frame, own in zip(frames, kept, strict=True)])

    there = np.concatenate([one[own] for one, own in zip(seen, kept, strict=True)])
    certain = of_animals("class_scores")
    animals["instance_id"] = first_animal + np.arange(len(animals))
    animals["instance_type"] = _PREDICTED
    animals["frame_id"] = np.repeat(listed["frame_id"], counts)
    animals["skeleton"] = 0
    animals["track"] = np.maximum(of_animals("classes"), -1)
    animals["from_predicted"] = -1
    animals["score"] = of_animals("scores")
    animals["point_id_end"] = first_point + (1 + np.arange(len(animals))) * there.shape[1]
    animals["point_id_start"] = animals["point_id_end"] - np.uint64(there.shape[1])
    animals["tracking_score"] = np.where(np.isfinite(certain), certain, 0.0)
    points = np.empty(there.size, dtype=tables[2].dtype)
    x, y = np.where(there[..., None], of_animals("points"), np.nan).reshape(-1, 2).T
    points["x"], points["y"], points["visible"], points["complete"] = x, y, there.ravel(), False
    points["score"] = np.where(there, of_animals("node_scores"), 0.0).ravel()
    return listed, animals, points
