"""Labelled images: one with its points, and several as small pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.records import LabelSet, edge_table
from sleapnn_engine.inspect.labelled import LEARNED, MEASURED, Labelled
from sleapnn_engine.inspect.pictures import listed, picture
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted

#: Longest side of a small picture in pixels, and how many are sent at once at most.
SMALL, MOST = 160, 16


def frame(
    found: Labelled, args: Mapping[str, Any], cancelled: Cancelled
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The frame at `index` of the labels, or that of `file`, `video` and `frame`, as `questions` says.

    `points` are lists (animals, nodes) of [x, y] in source pixels or null. Raises UserError where there is none.
    """
    labels = found.labels
    index = _place(labels, args)
    require_wanted(cancelled)
    part = int(found.parts[index])
    body = _describe_frame(labels, index) | {
        "learned": bool(part & LEARNED),
        "measured": bool(part & MEASURED),
    }
    return body, {"image": labels.read_image(index)}


def thumbnails(
    found: Labelled, args: Mapping[str, Any], cancelled: Cancelled
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Small pictures of the frames at the places `indices`, each an array of that name; `failed` are those without.

    Raises UserError where more than MOST are asked for.
    """
    wanted = [int(index) for index in args["indices"]]
    if len(wanted) > MOST:
        raise UserError(f"{len(wanted)} pictures cannot be made at once; {MOST} can.")
    made: dict[str, np.ndarray] = {}
    failed = []
    for index in wanted:
        require_wanted(cancelled)
        try:
            image = torch.from_numpy(found.labels.read_image(_place(found.labels, {"index": index})))
            made[str(index)] = picture(image.permute(2, 0, 1), most=SMALL)
        except UserError:
            failed.append(index)
    return {"failed": failed, "count": len(found.labels)}, made


def _place(labels: LabelSet, args: Mapping[str, Any]) -> int:
    if not len(labels):
        raise UserError("The labels hold no frame that can be shown.", where="data_config.train_labels_path")
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
        "video": labels.videos[shown.video_index].path,
        "frame": shown.frame_index,
        "nodes": list(labels.nodes),
        "edges": [list(edge) for edge in labels.edges],
        "limbs": edge_table(labels.nodes, labels.edges),
        "points": listed(shown.points),
        "tracks": [labels.tracks[track] if track >= 0 else None for track in shown.track_index],
    }
