"""Frames that are worth another look, as a labels file in which SLEAP lists them as suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sleap_io as sio

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import counted, first_few
from sleapnn_engine.data.label_writing import name_video, save_labels
from sleapnn_engine.data.video_choice import choose_files
from sleapnn_engine.evaluation.sides import Key, Sides, StoredFile, read_stored, video_path
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted


def suggest(args: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """Write the file that `protocol.questions` describes; its `path`, and how many `frames` it lists.

    Each frame comes with the animals that are labelled on it and those that were predicted. Raises UserError where a
    file cannot be read or written, where one is there already that may not be replaced, and NotWanted.
    """
    source, output = (Path(str(args[name])).expanduser().absolute() for name in ("file", "output"))
    predicted = None if args.get("predicted") is None else Path(str(args["predicted"])).expanduser()
    _require_place(output, [source, *([predicted] if predicted is not None else [])], args)
    labels = read_stored(source, user_only=False)
    require_wanted(cancelled)
    wanted = _places(labels, args["frames"])
    sides = None
    if predicted is not None:
        sides = Sides.of(source, read_stored(predicted, user_only=False), with_predictions=True)
    require_wanted(cancelled)
    made = _labels(labels, wanted, sides)
    try:
        save_labels(made, output)
    except OSError as error:
        raise UserError(
            f"The frames were not written: {reason_of(error)}.",
            where=str(output),
            hint="Choose another place.",
        ) from error
    return {"path": str(output), "frames": len(wanted)}


def _require_place(output: Path, sources: Sequence[Path], args: Mapping[str, Any]) -> None:
    """Raise UserError unless the file is a new one, or one that may be replaced and is none of those that are read."""
    if any(output.resolve() == source.resolve() for source in sources):
        raise UserError(
            "The suggestions would replace the labels they are taken from.",
            where=str(output),
            hint="Choose another name.",
        )
    if output.exists() and not args.get("replace", False):
        raise UserError("This file is there already.", where=str(output), hint="Choose another name.")


def _places(labels: StoredFile, asked: Sequence[Mapping[str, Any]]) -> list[Key]:
    """Number of the video and of the frame of each that is asked for, in the same order, each once."""
    stored = labels.stored
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    labelled = {(numbers[id(frame.video)], int(frame.frame_idx)) for frame in stored.labeled_frames}
    named: dict[str, list[int]] = {}
    files = choose_files(stored.videos, labels=labels.path, labelled={video for video, _ in labelled})
    for number, (video, file) in enumerate(zip(stored.videos, files, strict=True)):
        named_before = video_path(video)
        if file.path is not None and not file.inside and not isinstance(video.filename, list):
            name_video(video, str(file.path))
        for name in {named_before, *file.names, str(file.path)}:
            named.setdefault(name, []).append(number)
    found: dict[Key, None] = {}
    lost = []
    for one in asked:
        videos = named.get(str(one["video"]), [])
        keys = [(video, int(one["frame"])) for video in videos]
        key = next((key for key in keys if key in labelled), keys[0] if keys else None)
        if key is None:
            lost.append(f"{one['video']} frame {one['frame']}")
        else:
            found[key] = None
    if lost:
        raise UserError(
            f"{counted(len(lost), 'frame')} cannot be listed, because these labels do not have the video: {first_few(lost)}.",
            where=str(labels.path),
        )
    return list(found)


def _labels(labels: StoredFile, wanted: Sequence[Key], sides: Sides | None) -> sio.Labels:
    """Labels with these frames as suggestions, and what is known to be on them."""
    stored = labels.stored
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    by_place = {(numbers[id(frame.video)], int(frame.frame_idx)): frame for frame in stored.labeled_frames}
    frames = []
    for video, number in wanted:
        frame = by_place.get((video, number))
        animals = [] if frame is None else list(frame.instances)
        if sides is not None:
            animals = [one for one in animals if not isinstance(one, sio.PredictedInstance)]
            animals += _predicted(sides, (video, number), labels)
        for animal in animals:
            if hasattr(animal, "from_predicted"):
                animal.from_predicted = None  # it may stand on no frame of this file
        if animals:
            frames.append(sio.LabeledFrame(stored.videos[video], number, animals))
    return sio.Labels(
        labeled_frames=frames,
        videos=stored.videos,
        skeletons=stored.skeletons,
        tracks=stored.tracks,
        suggestions=[sio.SuggestionFrame(stored.videos[video], number) for video, number in wanted],
    )


def _predicted(sides: Sides, key: Key, labels: StoredFile) -> list[sio.PredictedInstance]:
    """What was predicted on a frame, as animals of the labels' skeleton; centres alone are no animals of it."""
    animals = sides.given.get(key)
    if animals is None or sides.centers:
        return []
    own = labels.skeleton.nodes
    skeleton = next((one for one in labels.stored.skeletons if tuple(one.node_names) == tuple(own)), None)
    if skeleton is None:
        return []
    places = [own.index(node) for node in sides.found.skeleton.nodes]
    made = []
    for points, score in zip(animals.points, animals.scores, strict=True):
        every = np.full((len(own), 2), np.nan)
        every[places] = points
        made.append(sio.PredictedInstance.from_numpy(every, skeleton=skeleton, score=float(score)))
    return made
