"""Videos without labels, as sets of frames on which a trained model can be tried."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import sleap_io as sio

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.label_videos import check_videos
from sleapnn_engine.data.records import LabeledFrame, LabelSet
from sleapnn_engine.data.video_choice import choose_files
from sleapnn_engine.data.video_frames import VideoFrames


def open_unlabelled(path: Path, *, like: LabelSet) -> LabelSet:
    """Every frame of a video, without an animal; nodes, edges and tracks are those of `like`.

    Raises UserError when there is no such file or no frame of it can be read.
    """
    if not path.is_file():
        raise UserError("There is no such file.", where=str(path), hint="Correct data_config.test_file_path.")
    hint = "Choose a video that plays, or a labels file."
    try:
        video = sio.load_video(path.as_posix())
        count = len(video)
    except Exception:  # guards third-party decoders, each of which fails in its own way
        count = VideoFrames(str(path)).count()
        video = sio.Video(path.as_posix(), open_backend=False)
    stored = choose_files([video], labels=path, labelled=[0])[0]
    checked = check_videos([(video, stored, range(count))], file_index=0, every_image=False)[0]
    size = next(iter(checked.sizes.values()), None)
    if size is None or checked.source is None:
        raise UserError("No frame of the video can be read.", where=str(path), hint=hint)
    nobody = np.zeros((0, len(like.nodes), 2), dtype=np.float32)
    frames = tuple(
        LabeledFrame(
            file_index=0,
            video_index=0,
            frame_index=number,
            points=nobody,
            track_index=np.zeros(0, dtype=np.int64),
            is_user=np.zeros(0, dtype=bool),
            size=size,
            centers=np.zeros((0, 2), dtype=np.float32),
        )
        for number in checked.sizes
    )
    return attrs.evolve(
        like, files=(path,), videos=(checked.record,), frames=frames, sources=(checked.source,), warnings=()
    )
