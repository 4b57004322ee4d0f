"""One labelled image of a config's labels, with its points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import DATA, ConfigReader
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.inspect.pictures import listed
from sleapnn_engine.inspect.wanted import Cancelled, NotWanted


def frame(args: Mapping[str, Any], cancelled: Cancelled) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The frame at `index` of the training labels, or that of `file`, `video` and `frame`, as `questions` says.

    `points` are lists (animals, nodes) of [x, y] in source pixels or null. Raises UserError where there is none.
    """
    view = ConfigReader(args["values"])
    said = view.value(DATA + "train_labels_path")
    paths = [str(path) for path in (said if isinstance(said, list) else [said]) if path]
    if not paths:
        raise UserError(
            "No labels are chosen, so there is no frame to show.", where=DATA + "train_labels_path"
        )
    only_user = view.value(DATA + "user_instances_only") is not False
    labels = read_labels(paths, user_instances_only=only_user, check_images=False).labels
    try:
        if cancelled():
            raise NotWanted
        index = _place(labels, args)
        return _describe_frame(labels, index), {"image": labels.read_image(index)}
    finally:
        labels.close()


def _place(labels: LabelSet, args: Mapping[str, Any]) -> int:
    if not len(labels):
        raise UserError("The labels hold no frame that can be shown.", where=DATA + "train_labels_path")
    if "frame" not in args:
        index = int(args.get("index", 0))
        if not 0 <= index < len(labels):
            raise UserError(f"There is no frame {index}; the labels have {len(labels)}, counted from 0.")
        return index
    for index, found in enumerate(labels.frames):
        video = labels.videos[found.video_index]
        of_file = "file" not in args or labels.files[found.file_index] == Path(args["file"]).expanduser()
        of_video = "video" not in args or video.number == args["video"]
        if of_file and of_video and found.frame_index == args["frame"]:
            return index
    raise UserError(f"Frame {args['frame']} is not labelled.", where=str(args.get("file", "")))


def _describe_frame(labels: LabelSet, index: int) -> dict[str, Any]:
    shown = labels.frames[index]
    return {
        "index": index,
        "count": len(labels),
        "place": labels.place(index),
        "nodes": list(labels.nodes),
        "edges": [list(edge) for edge in labels.edges],
        "points": listed(shown.points),
        "tracks": [labels.tracks[track] if track >= 0 else None for track in shown.track_index],
    }
