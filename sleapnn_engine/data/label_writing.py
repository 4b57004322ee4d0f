"""Writing SLEAP labels: a file appears whole or not at all, and a full disk is an error like any other."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import sleap_io as sio

from sleapnn_engine.config.disk import copy_whole, writable_target

#: Bytes that must be free in the folder for temporary files.
_ROOM = 64_000_000


def save_labels(labels: sio.Labels, path: Path, *, fill: Callable[[Path], None] | None = None) -> None:
    """Write labels that refer to their videos, without images, to `path`. Raises OSError when that cannot be done.

    `fill` is given the file, to add to it what need not be in memory at once, before it comes to its place.
    HDF5 ends the whole process when the disk it writes to is full, so it writes among temporary files, and what it
    made is copied.
    """
    writable_target(path)
    with tempfile.TemporaryDirectory(prefix="sleapnn-labels-") as folder:
        if shutil.disk_usage(folder).free < _ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
        made = Path(folder) / path.name
        sio.save_slp(labels, made.as_posix(), embed=False, restore_original_videos=False, verbose=False)
        if fill is not None:
            fill(made)
        copy_whole(made, path)


def name_video(video: sio.Video, path: str) -> None:
    """Have a stored video name the file that was read for it; what is said of its images stays."""
    told = dict(video.backend_metadata)
    video.close()
    video.replace_filename(path, open=False)
    video.backend_metadata.update({**told, "filename": path})
