"""Two labels files compared: frames of the same video and number, and what is in only one of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
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
from sleapnn_engine.evaluation.metrics import EvaluatedFrame, Metrics, centroid_metrics, pose_metrics


@attrs.frozen(eq=False, kw_only=True)
class Comparison:
    """What there is to measure.

    `frames` are labelled frames that both files have, `unseen` labelled ones that the predictions lack, without a
    prediction. `nodes` are the predicted ones; `centers` says that animals are single points. `tracks` are names of
    identities that both files know; classes of frames are places in it. `notes` are sentences on what is in only one
    file.
    """

    nodes: tuple[str, ...]
    centers: bool
    frames: tuple[EvaluatedFrame, ...]
    unseen: tuple[EvaluatedFrame, ...]
    tracks: tuple[str, ...]
    notes: tuple[str, ...]


@attrs.frozen(eq=False)
class _File:
    path: Path
    stored: sio.Labels
    skeleton: Skeleton
    orders: dict[int, tuple[int, ...]]


@attrs.frozen(eq=False)
class _Animals:
    """The animals of one frame: points (I, N, 2), scores (I,), names of tracks; and marks of centres of others."""

    points: np.ndarray
    scores: np.ndarray
    tracks: tuple[str | None, ...]
    marks: tuple[tuple[float, float], ...] = ()


_Key = tuple[int, int]


def compare_files(
    truth: Path, predicted: Path, *, centring: Centring = USUAL, with_predictions: bool = False
) -> Comparison:
    """Read labels and predictions and put their frames side by side; no images are opened.

    Labelled are the animals that a person has labelled, with `with_predictions` the predicted ones of that file too.
    Predictions of one node that the labels do not have are centres of animals: they are compared with the centres of
    these as `centring` has them. Labelled animals without a visible point are kept: nobody
    can find them, and they count as not found. Raises UserError with what makes the files unusable or no pair.
    """
    labels, found = _read(truth, user_only=not with_predictions), _read(predicted, user_only=False)
    nodes, own = found.skeleton.nodes, labels.skeleton.nodes
    centers = nodes == PoseNames.centroid().nodes and not set(nodes) <= set(own)
    if not centers:
        _require_nodes(labels, found, anchor=centring.anchor)
    require_anchor(centring.anchor, nodes=own, where="--anchor")
    videos, notes = _same_videos(labels, found)
    known = _animals_of(labels, with_predictions=with_predictions, labelled=True)
    given = _animals_of(found, with_predictions=True, labelled=False)
    given = {(videos[video], frame): animals for (video, frame), animals in given.items() if video in videos}
    if not known:
        raise UserError(
            "There are no hand-labelled animals to compare with.",
            where=str(truth),
            hint="Give the labels with --truth and the predictions with --predicted.",
        )
    places = None if centers else [own.index(node) for node in nodes]
    tracks = _shared_tracks(known, given)
    frames: list[EvaluatedFrame] = []
    unseen: list[EvaluatedFrame] = []
    for (video, number), animals in sorted(known.items()):
        seen = given.get((video, number))
        one = _evaluated(
            animals,
            _true_points(animals, places=places, nodes=own, centring=centring),
            seen or _none(len(nodes)),
            tracks=tracks,
            place=(_video_path(labels.stored.videos[video]), number),
        )
        (unseen if seen is None else frames).append(one)
    return Comparison(
        nodes=nodes,
        centers=centers,
        frames=tuple(frames),
        unseen=tuple(unseen),
        tracks=tracks,
        notes=(*notes, *_told(labels, found, known, given, unseen)),
    )


def _true_points(
    animals: _Animals, *, places: Sequence[int] | None, nodes: Sequence[str], centring: Centring
) -> np.ndarray:
    """The nodes at `places`, (I, N, 2), or without these the centres of animals and marks, (I, 1, 2)."""
    if places is not None:
        return animals.points[:, list(places)]
    index = None if centring.anchor is None else nodes.index(centring.anchor)
    middles = centroids(torch.from_numpy(animals.points), anchor=index, otherwise=centring.otherwise).numpy()
    return np.concatenate([middles, np.array(animals.marks).reshape(-1, 2)])[:, None]


def measured(
    found: Comparison,
    *,
    oks_stddev: float = 0.025,
    oks_scale: float | None = None,
    match_threshold: float = 50.0,
) -> Metrics:
    """The figures of a comparison, as `pose_metrics` or, for centres, `centroid_metrics` has them."""
    if found.centers:
        return centroid_metrics([*found.frames, *found.unseen], limit=match_threshold)
    return pose_metrics(
        found.frames,
        n_nodes=len(found.nodes),
        oks_stddev=oks_stddev,
        oks_scale=oks_scale,
        unseen=found.unseen,
    )


def _read(path: Path, *, user_only: bool) -> _File:
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
    return _File(path, stored, skeletons.chosen, skeletons.orders)


def _require_nodes(labels: _File, found: _File, *, anchor: str | None) -> None:
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


def _animals_of(file: _File, *, with_predictions: bool, labelled: bool) -> dict[_Key, _Animals]:
    """The animals of each frame by video and number; of labels only frames that show one."""
    numbers = {id(video): number for number, video in enumerate(file.stored.videos)}
    found: dict[_Key, _Animals] = {}
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
        found[raw.video_index, raw.frame_index] = _Animals(
            np.stack(points) if points else np.zeros((0, len(file.skeleton.nodes), 2)),
            np.array(scores),
            tuple(one.track for one, _ in kept),
            tuple(raw.marks),
        )
    return found


def _none(nodes: int) -> _Animals:
    return _Animals(np.zeros((0, nodes, 2)), np.zeros(0), ())


def _evaluated(
    animals: _Animals,
    points: np.ndarray,
    seen: _Animals,
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


def _shared_tracks(known: dict[_Key, _Animals], given: dict[_Key, _Animals]) -> tuple[str, ...]:
    """Names that tracks of both files have: identities, as numbers of tracks say nothing."""
    first, second = (
        {name for animals in frames.values() for name in animals.tracks if name} for frames in (known, given)
    )
    return tuple(sorted(first & second))


def _same_videos(labels: _File, found: _File) -> tuple[dict[int, int], list[str]]:
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
        first, second = (_video_path(file.stored.videos[0]) for file in (labels, found))
        notes.append(
            f"The video is called {first} in the labels and {second} in the predictions; taken for the same."
        )
    lost = [_video_path(video) for number, video in enumerate(found.stored.videos) if number not in same]
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


def _video_path(video: sio.Video) -> str:
    given = video.filename
    return str(given[0] if isinstance(given, list) else given)


def _told(
    labels: _File,
    found: _File,
    known: dict[_Key, _Animals],
    given: dict[_Key, _Animals],
    unseen: Sequence[EvaluatedFrame],
) -> list[str]:
    """What is in only one of the files."""
    notes = []
    if unseen:
        animals = sum(len(frame.truth) for frame in unseen)
        notes.append(
            f"{counted(len(unseen), 'labelled frame')} of {len(known)}, with {counted(animals, 'animal')}, "
            f"{'is' if len(unseen) == 1 else 'are'} not in the predictions: counted as missed in “all animals”, and left "
            "out of the other figures, as other programs do."
        )
    extra = [key for key in given if key not in known]
    if extra:
        notes.append(
            f"{counted(len(extra), 'predicted frame')} of {len(given)} {'has' if len(extra) == 1 else 'have'} no labelled "
            "animal and cannot be judged."
        )
    unused = [node for node in labels.skeleton.nodes if node not in found.skeleton.nodes]
    if unused and len(unused) < len(labels.skeleton.nodes):
        notes.append(f"Labelled but not predicted, and left out: {quoted(unused)}.")
    return notes
