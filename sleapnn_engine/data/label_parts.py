"""Some frames of a labels file as a file of their own, as other programs open it."""

from __future__ import annotations

from pathlib import Path

import sleap_io as sio

from sleapnn_engine.data.label_writing import name_video, save_labels
from sleapnn_engine.data.records import LabelSet


def write_part(
    labels: LabelSet,
    path: Path,
    *,
    file: int,
    user_instances_only: bool,
    known: dict[Path, sio.Labels] | None = None,
) -> bool:
    """Write the frames of `labels` that are of its labels file number `file`; whether there are any.

    Predictions are left out where `user_instances_only` says so. Images are not copied: the file refers to the same
    videos, and to the package itself where images are inside one. Labels files in `known` are not read again, and one that
    is read is put there, for other parts with the same `user_instances_only`. Raises OSError where it cannot be written.
    """
    wanted = {
        (labels.videos[frame.video_index].number, frame.frame_index)
        for frame in labels.frames
        if frame.file_index == file
    }
    if not wanted:
        return False
    source, known = labels.files[file].absolute(), {} if known is None else known
    stored = known.get(source)
    if stored is None:
        stored = known[source] = sio.load_slp(source.as_posix())
    records = [video for video in labels.videos if video.file_index == file]
    for video, record in zip(stored.videos, records, strict=True):
        if record.kind == "film" and record.found:
            name_video(video, record.path)
    # Frames of a video that is listed twice are those of the first.
    numbers = {
        id(video): record.number if record.same_as is None else record.same_as
        for video, record in zip(stored.videos, records, strict=True)
    }
    chosen = [
        frame for frame in stored.labeled_frames if (numbers[id(frame.video)], frame.frame_idx) in wanted
    ]
    for frame in chosen:
        if user_instances_only:
            frame.instances = [i for i in frame.instances if not isinstance(i, sio.PredictedInstance)]
        for instance in frame.instances:
            if hasattr(instance, "from_predicted"):
                instance.from_predicted = None
    part = sio.Labels(
        labeled_frames=chosen, videos=stored.videos, skeletons=stored.skeletons, tracks=stored.tracks
    )
    save_labels(part, path)
    return True
