"""A labelled frame to choose on: parts, limbs, the centre and identities of the animals, and whether limbs make a tree."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.skeleton_keys import skeleton_keys
from sleapnn_engine.data.doctor.skeleton import judge_limbs
from sleapnn_engine.data.records import LabelSet, edge_table
from sleapnn_engine.inspect.labelled import Labelled
from sleapnn_engine.inspect.pictures import LARGE, listed, picture
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted

Found = tuple[dict[str, Any], dict[str, np.ndarray]]


def skeleton(found: Labelled, args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    """The frame at `index` among the labelled ones, those that show most parts first, as `questions` says.

    `points` are lists (animals, nodes) of [x, y] in source pixels or null. Raises UserError where there is no such frame.
    """
    labels, index = found.labels, int(args.get("index", 0))
    order = _by_parts_shown(labels)
    if not 0 <= index < len(order):
        raise UserError(f"There is no sample {index}; there are {len(order)}, counted from 0.")
    require_wanted(cancelled)
    frame = order[index]
    shown, image = labels.frames[frame], labels.read_image(frame)
    view = ConfigReader(args["values"])
    verdict = judge_limbs(view, nodes=labels.nodes, edges=labels.edges)
    fix = verdict.fix
    body = {
        "index": index,
        "count": len(order),
        "frame": frame,
        "place": labels.place(frame),
        "animal": None,
        "width": image.shape[1],
        "height": image.shape[0],
        "nodes": list(labels.nodes),
        "edges": edge_table(labels.nodes, labels.edges),
        "points": listed(shown.points),
        "tracks": [labels.tracks[track] if track >= 0 else None for track in shown.track_index],
        "all_tracks": list(labels.tracks),
        "chosen": {role: {"key": key, "value": view.value(key)} for role, key in skeleton_keys(view).items()},
        "fault": verdict.fault,
        "loose": list(verdict.loose),
        "fix": None if fix is None else {"label": fix.label, "set": dict(fix.changes)},
    }
    return body, {"image": picture(torch.from_numpy(image).permute(2, 0, 1), most=LARGE)}


def _by_parts_shown(labels: LabelSet) -> list[int]:
    """Places of the frames, the one with most visible parts first."""
    shown = [int(np.isfinite(np.asarray(frame.points)).all(axis=-1).sum()) for frame in labels.frames]
    return sorted(range(len(shown)), key=lambda index: -shown[index])
