"""Labels and predictions side by side: frames of the same video and number, and the animals of each in both files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import sleap_io as sio
import torch

from sleapnn_engine.config.centring import USUAL, Centring
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.label_fit import require_anchor
from sleapnn_engine.config.text_format import counted, file_name, first_few, quoted
from sleapnn_engine.data.centroids import centroids
from sleapnn_engine.data.label_files import check_labels_file, unreadable_labels
from sleapnn_engine.data.raw_frames import raw_frame
from sleapnn_engine.data.skeletons import Skeleton, skeletons_of
from sleapnn_engine.data.video_paths import same_stored
from sleapnn_engine.decoding.animals import PoseNames
from sleapnn_engine.evaluation.matching import body_sizes
from sleapnn_engine.evaluation.metrics import EvaluatedFrame

#: The number of a video in the labels, and of a frame in it.
Key = tuple[int, int]


@attrs.frozen(eq=False)
class StoredFile:
    """A labels file with its one skeleton; `orders` are places of the nodes of others, by the id of a skeleton."""

    path: Path
    stored: sio.Labels
    skeleton: Skeleton
    orders: dict[int, tuple[int, ...]]


@attrs.frozen(eq=False)
class AnimalsOn:
    """The animals of one frame: points (I, N, 2), scores (I,), names of tracks; and marks of centres of others."""

    points: np.ndarray
    scores: np.ndarray
    tracks: tuple[str | None, ...]
    marks: tuple[tuple[float, float], ...] = ()


@attrs.frozen(eq=False, kw_only=True)
class Sides:
    """Labels and predictions, read, with the frames of each by the number of the video in the labels.

    `known` are labelled frames, `given` predicted ones; `videos` gives the number in the labels of each predicted video
    that they have. `centers` says that animals are single points. `tracks` are names of identities that both files
    know; `notes` are sentences on videos.
    """

    labels: StoredFile
    found: StoredFile
    centers: bool
    videos: dict[int, int]
    known: dict[Key, AnimalsOn]
    given: dict[Key, AnimalsOn]
    tracks: tuple[str, ...]
    notes: tuple[str, ...]
    centring: Centring = USUAL

    @classmethod
    def of(
        cls, truth: Path, found: StoredFile, *, centring: Centring = USUAL, with_predictions: bool = False
    ) -> Sides:
        """Read labels and put them beside predictions; no images are opened. See `comparing.compare_files`."""
        labels = read_stored(truth, user_only=not with_predictions)
        nodes, own = found.skeleton.nodes, labels.skeleton.nodes
        centers = nodes == PoseNames.centroid().nodes and not set(nodes) <= set(own)
        if not centers:
            _require_nodes(labels, found, anchor=centring.anchor)
        require_anchor(centring.anchor, nodes=own, where="--anchor")
        videos, notes = _same_videos(labels, found)
        known = animals_of(labels, with_predictions=with_predictions, labelled=True)
        given = animals_of(found, with_predictions=True, labelled=False)
        given = {
            (videos[video], frame): animals for (video, frame), animals in given.items() if video in videos
        }
        return cls(
            labels=labels,
            found=found,
            centers=centers,
            videos=videos,
            known=known,
            given=given,
            tracks=_shared_tracks(known, given),
            notes=tuple(notes),
            centring=centring,
        )

    def evaluated(self, key: Key) -> EvaluatedFrame:
        """A labelled frame with what was predicted on it."""
        animals, own = self.known[key], self.labels.skeleton.nodes
        places = None if self.centers else [own.index(node) for node in self.found.skeleton.nodes]
        return _evaluated(
            animals,
            _true_points(animals, places=places, nodes=own, centring=self.centring),
            self.given.get(key) or _none(len(self.found.skeleton.nodes)),
            tracks=self.tracks,
            place=(video_path(self.labels.stored.videos[key[0]]), key[1]),
        )

    @cached_property
    def body(self) -> float | None:
        """The median diagonal of the boxes around labelled animals, px; None where animals are points."""
        sizes = np.concatenate([np.empty(0), *(body_sizes(self.evaluated(key).truth) for key in self.known)])
        there = sizes[np.isfinite(sizes)]
        return float(np.median(there)) if there.size else None


def read_stored(path: Path, *, user_only: bool) -> StoredFile:
    """Read a labels file without opening its videos. Raises UserError."""
    check_labels_file(path)
    try:
        stored = sio.load_slp(path.as_posix(), open_videos=False)
    except Exception as error:  # guards the third-party reader: damaged files make it fail in any way
        raise unreadable_labels(path, error) from error
    skeletons = skeletons_of(stored, path, user_only=user_only)
    if skeletons.chosen is None:
        raise UserError(
            "There is no animal and no skeleton in it.", where=str(path), hint="Give other labels."
        )
    return StoredFile(path, stored, skeletons.chosen, skeletons.orders)


def _require_nodes(labels: StoredFile, found: StoredFile, *, anchor: str | None) -> None:
    if anchor is not None:
        text = "An anchor is the centre of animals, and these predictions are of their parts."
        raise UserError(text, where="--anchor", hint="Leave it out.", usage=True)
    missing = [node for node in found.skeleton.nodes if node not in labels.skeleton.nodes]
    if missing:
        raise UserError(
            f"Predicted is {quoted(missing)}, which the labels do not have; their nodes are "
            f"{quoted(labels.skeleton.nodes)}.",
            where=str(found.path),
            hint="Compare files of one skeleton.",
        )


def animals_of(file: StoredFile, *, with_predictions: bool, labelled: bool) -> dict[Key, AnimalsOn]:
    """The animals of each frame by video and number; of labels only frames that show one."""
    numbers = {id(video): number for number, video in enumerate(file.stored.videos)}
    found: dict[Key, AnimalsOn] = {}
    for frame in file.stored.labeled_frames:
        raw = raw_frame(frame, numbers[id(frame.video)], orders=file.orders, user_instances_only=False)
        kept = [
            (one, stored)
            for one, stored in zip(raw.instances, frame.instances, strict=True)
            if one.is_user or (with_predictions and not (labelled and one.replaced))
        ]
        if labelled and not (kept or raw.marks):
            continue
        points = [np.asarray(one.points, dtype=np.float64) for one, _ in kept]
        scores = [float(getattr(stored, "score", 1.0) or 0.0) for _, stored in kept]
        found[raw.video_index, raw.frame_index] = AnimalsOn(
            np.stack(points) if points else np.zeros((0, len(file.skeleton.nodes), 2)),
            np.array(scores),
            tuple(one.track for one, _ in kept),
            tuple(raw.marks),
        )
    return found


def _none(nodes: int) -> AnimalsOn:
    return AnimalsOn(np.zeros((0, nodes, 2)), np.zeros(0), ())


def _evaluated(
    animals: AnimalsOn,
    points: np.ndarray,
    seen: AnimalsOn,
    *,
    tracks: Sequence[str],
    place: tuple[str, int],
) -> EvaluatedFrame:
    return EvaluatedFrame(
        predicted=seen.points,
        scores=seen.scores,
        truth=points,
        video=place[0],
        frame_index=place[1],
        predicted_classes=_classes(seen.tracks, tracks),
        true_classes=_classes([*animals.tracks, *(None for _ in points[len(animals.tracks) :])], tracks),
    )


def _classes(names: Sequence[str | None], tracks: Sequence[str]) -> np.ndarray:
    return np.array([tracks.index(name) if name in tracks else -1 for name in names], dtype=np.int64)


def _shared_tracks(known: dict[Key, AnimalsOn], given: dict[Key, AnimalsOn]) -> tuple[str, ...]:
    """Names that tracks of both files have: identities, as numbers of tracks say nothing."""
    first, second = (
        {name for animals in frames.values() for name in animals.tracks if name} for frames in (known, given)
    )
    return tuple(sorted(first & second))


def _same_videos(labels: StoredFile, found: StoredFile) -> tuple[dict[int, int], list[str]]:
    """Number of each predicted video in the labels: the same file, else one of the same name; and what to say of it."""
    own = [_identities(video, labels.path) for video in labels.stored.videos]
    same: dict[int, int] = {}
    for number, video in enumerate(found.stored.videos):
        given = _identities(video, found.path)
        matches = next(
            (
                hits
                for identity in given
                if (hits := [place for place, names in enumerate(own) if identity in names])
            ),
            [],
        )
        if len(matches) == 1:
            same[number] = matches[0]
    notes = []
    if not same and len(own) == len(found.stored.videos) == 1:
        same[0] = 0
        first, second = (video_path(file.stored.videos[0]) for file in (labels, found))
        notes.append(
            f"The video is called {first} in the labels and {second} in the predictions; taken for the same."
        )
    lost = [video_path(video) for number, video in enumerate(found.stored.videos) if number not in same]
    if lost:
        notes.append(f"{counted(len(lost), 'predicted video')} not in the labels: {first_few(lost)}.")
    return same, notes


def _identities(video: sio.Video, labels: Path) -> list[tuple[str, ...]]:
    """What two videos may have in common that are one, the strongest first: file and place in it, source, name."""
    listed: list[tuple[str, ...]] = []
    one: Any = video
    while one is not None:
        given = one.filename[0] if isinstance(one.filename, list) else one.filename
        path = str(labels) if given == "." else str(given)
        dataset = str(one.backend_metadata.get("dataset") or "")
        listed.append((same_stored(os.path.realpath(path) if os.path.exists(path) else path), dataset))
        one = one.source_video
    names = [(file_name(path).casefold(), dataset) for path, dataset in listed]
    return [*listed, *(name for name in names if name not in listed)]


def video_path(video: sio.Video) -> str:
    """What the file calls a video; the first image of a list."""
    given = video.filename
    return str(given[0] if isinstance(given, list) else given)


def _true_points(
    animals: AnimalsOn, *, places: Sequence[int] | None, nodes: Sequence[str], centring: Centring
) -> np.ndarray:
    """The nodes at `places`, (I, N, 2), or without these the centres of animals and marks, (I, 1, 2)."""
    if places is not None:
        return animals.points[:, list(places)]
    index = None if centring.anchor is None else nodes.index(centring.anchor)
    middles = centroids(torch.from_numpy(animals.points), anchor=index, otherwise=centring.otherwise).numpy()
    return np.concatenate([middles, np.array(animals.marks).reshape(-1, 2)])[:, None]
