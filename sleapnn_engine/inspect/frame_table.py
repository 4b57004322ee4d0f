"""All labelled frames in a table: where each is, what it is for, and what its animals are like."""

from pathlib import Path
from typing import Any

import numpy as np

from sleapnn_engine.config.text_format import file_name
from sleapnn_engine.data.bodies import Bodies
from sleapnn_engine.inspect.labelled import MEASURED, Labelled


def frame_table(found: Labelled) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `questions` says of `frames`; sizes are px source.

    `frames` is int32 (frames, 4): place of its video, frame number, animals, what it is for (1 learned, 2 measured, 3
    both). `shapes` is int32 (frames, 3): height, width and channels of the image, 0 where they are not known. `animals` is int32 (animals, 3): place of its frame, its place there, its track or -1; `sizes` float32
    (animals,): its body length, the diagonal of the box around it; `covered` float32 (animals,): the largest share of its box
    that the box of another one covers, -1 where none touches it.
    """
    labels, bodies = found.labels, Bodies.of(found.labels)
    frames = np.zeros((len(labels), 4), dtype=np.int32)
    for index, frame in enumerate(labels.frames):
        frames[index, :3] = frame.video_index, frame.frame_index, len(frame.points)
    frames[:, 3] = found.parts
    shapes = np.array([frame.size or (0, 0, 0) for frame in labels.frames], dtype=np.int32).reshape(-1, 3)
    body = {
        "count": len(labels),
        "own": found.own,
        "measured": int(np.count_nonzero(found.parts & MEASURED)),
        "reason": found.reason,
        "warnings": list(found.warnings),
        "nodes": list(labels.nodes),
        "tracks": list(labels.tracks),
        "videos": _videos(found),
    }
    animals = np.stack([bodies.frame, bodies.place, bodies.track], axis=1).astype(np.int32)
    return body, {
        "frames": frames,
        "shapes": shapes,
        "animals": animals,
        "sizes": bodies.lengths.astype(np.float32),
        "covered": bodies.covered().astype(np.float32),
    }


def _videos(found: Labelled) -> list[dict[str, Any]]:
    """Each video with the name it is told by: packages of several videos are told apart by number."""
    labels = found.labels
    rows = []
    for video in labels.videos:
        file = str(labels.files[video.file_index])
        inside = str(video.path) == file
        name = f"{Path(file).name}, video {video.number}" if inside else file_name(video.path)
        rows.append({"name": name, "path": video.path, "file": file, "number": video.number})
    return rows
