"""Which videos a labels file names, without opening any."""

from pathlib import Path

import sleap_io as sio

from sleapnn_engine.data.label_files import unreadable_labels
from sleapnn_engine.data.video_choice import Stored, choose_files


def stored_videos(path: Path) -> list[str]:
    """The videos outside the file that its labelled frames are of, as it names them. Raises UserError."""
    return [video.display_name for video in labelled_videos(path)[1] if not video.inside]


def labelled_videos(path: Path) -> tuple[sio.Labels, list[Stored]]:
    """The labels, and what is known of the videos that their frames are of. Raises UserError."""
    try:
        stored = sio.load_slp(path.as_posix(), open_videos=False)
    except Exception as error:  # guards the third-party reader: damaged files make it fail in any way
        raise unreadable_labels(path, error) from error
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    labelled = {numbers[id(frame.video)] for frame in stored.labeled_frames}
    chosen = choose_files(stored.videos, labels=path, labelled=labelled)
    return stored, [video for video in chosen if video.number in labelled]
