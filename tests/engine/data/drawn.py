"""Small labels files that a test draws, damages and opens; frames show their number, so that a wrong one is noticed."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import sleap_io as sio

from sleapnn_engine.data.video_frames import VideoFrames

BITS = 6
NODES = ("head", "body", "tail")
#: What Python and its libraries say of faults; none of it is for a person.
FOREIGN = re.compile(
    r"\w(Error|Exception)\b|Traceback|NoneType|not subscriptable|broadcast|dtype|out of (range|bounds)|unhashable|"
    r"object (has|is|of)|positional argument|synchronously|unpack|<class|list index|invalid literal|h5py|sleap_io|numpy"
)


def picture(number: int, *, size: tuple[int, int] = (64, 96)) -> np.ndarray:
    """An image uint8 (height, width, 3) that shows `number` in bars, one a bit."""
    image = np.full((*size, 3), 20, np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            image[20:40, bit * 16 : (bit + 1) * 16] = 230
    return image


def shown(image: np.ndarray) -> int:
    """The number that an image of `picture` shows."""
    return sum(int(image[24:36, b * 16 + 4 : (b + 1) * 16 - 4].mean() > 128) << b for b in range(BITS))


def write_video(
    path: Path, frames: int = 12, *, first: int = 0, size: tuple[int, int] = (64, 96), code: str = ""
) -> Path:
    """Write a video of numbered frames; MJPG in .avi, else mp4v."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = code or ("MJPG" if path.suffix.lower() == ".avi" else "mp4v")
    writer = cv2.VideoWriter(path.as_posix(), cv2.VideoWriter.fourcc(*code), 25, size[::-1])
    for number in range(first, first + frames):
        writer.write(picture(number % 2**BITS, size=size))
    writer.release()
    assert VideoFrames(str(path)).count() == frames
    return path


def spoil(path: Path, frames: Sequence[int]) -> Path:
    """Overwrite the images of some frames of an MJPG .avi, so that they no longer decode."""
    data = bytearray(path.read_bytes())
    starts, at = [], data.find(b"\xff\xd8\xff")
    while at >= 0:
        starts.append(at)
        at = data.find(b"\xff\xd8\xff", at + 3)
    for frame in frames:
        end = starts[frame + 1] - 16 if frame + 1 < len(starts) else starts[frame] + 200
        data[starts[frame] : end] = bytes(end - starts[frame])
    path.write_bytes(data)
    return path


def labels(
    path: Path,
    videos: Sequence[str | Sequence[str]],
    *,
    frames: Sequence[int] = (0, 2, 4),
    shape: Sequence[int] | None = (12, 64, 96, 1),
    edit: Callable[[sio.Labels], Any] | None = None,
) -> Path:
    """Write labels of one animal on some frames of each video; nothing of a video need be there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    skeleton = sio.Skeleton(nodes=list(NODES), edges=[(0, 1), (1, 2)], name="s")
    made, listed = [], []
    for name in videos:
        stored: Any = name if isinstance(name, str) else list(name)
        metadata: dict[str, Any] = {"shape": shape, "grayscale": None}
        video = sio.Video(stored, backend_metadata=metadata, open_backend=False)
        listed.append(video)
        points = np.array([[10.0, 12.0], [30.0, 25.0], [50.0, 40.0]])
        made += [
            sio.LabeledFrame(
                video=video,
                frame_idx=f,
                instances=[sio.Instance.from_numpy(points + f, skeleton=skeleton)],
            )
            for f in frames
        ]
    project = sio.Labels(made, videos=listed, skeletons=[skeleton])
    if edit is not None:
        edit(project)
    sio.save_slp(project, path.as_posix(), embed=False, restore_original_videos=False, verbose=False)
    write_paths(path, videos, shape)
    return path


def write_paths(path: Path, videos: Sequence[str | Sequence[str]], shape: Sequence[int] | None) -> None:
    """Have the file name its videos exactly so, with their separators."""
    rows = []
    for name in videos:
        lists = {} if isinstance(name, str) else {"filenames": list(name)}
        first = name if isinstance(name, str) else name[0]
        backend = {"filename": first, "shape": list(shape) if shape else None, "grayscale": None, **lists}
        rows.append(np.bytes_(json.dumps({"filename": first, "backend": backend})))
    with h5py.File(path, "r+") as file:
        del file["videos_json"]
        file.create_dataset("videos_json", data=rows)
