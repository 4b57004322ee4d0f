"""A folder of cached frames: what its files are called, and the list beside them that says what each one shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.disk import write_whole
from sleapnn_engine.config.text_format import file_name
from sleapnn_engine.data.records import LabelSet

#: The list's name. It is no .json or .yaml, because SLEAP takes such a file below a run folder for a model's config.
LIST_NAME = "frames.tsv"


@attrs.frozen
class Shown:
    """What one cached image shows, as the list has it; all values are text.

    `video` is the name of the video or package without its folder, which may change, and `video_bytes` its size.
    """

    image: str
    video: str
    video_number: str
    video_bytes: str
    frame: str
    size: str


_COLUMNS = tuple(field.name for field in attrs.fields(Shown))
_WORDS = {
    "video": "the video",
    "video_number": "the number of the video",
    "video_bytes": "the size of the video file in bytes",
    "frame": "the frame number",
    "size": "the image size",
}


def image_names(labels: LabelSet) -> tuple[str, ...]:
    """Name the image of every frame `sample_<labels file>_<frame of that file>.jpg`, both counted from 0.

    Frames are counted in the order and number in which `labels` holds them.
    """
    names, counts = [], [0] * len(labels.files)
    for frame in labels.frames:
        names.append(f"sample_{frame.file_index}_{counts[frame.file_index]}.jpg")
        counts[frame.file_index] += 1
    return tuple(names)


def shown_frames(labels: LabelSet) -> tuple[Shown, ...]:
    """Say of every frame of `labels` what its cached image shows."""
    sizes = [_file_bytes(video.path) for video in labels.videos]
    return tuple(
        Shown(
            image=name,
            video=file_name(labels.videos[frame.video_index].path),
            video_number=str(labels.videos[frame.video_index].number),
            video_bytes=sizes[frame.video_index],
            frame=str(frame.frame_index),
            size="×".join(str(side) for side in frame.size or ()),
        )
        for name, frame in zip(image_names(labels), labels.frames, strict=True)
    )


def write_list(folder: Path, frames: Sequence[Shown]) -> None:
    """Write the list into `folder`. Raises OSError when that cannot be done."""
    text = io.StringIO()
    rows = csv.writer(text, delimiter="\t", lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows(attrs.astuple(frame) for frame in frames)
    write_whole(folder / LIST_NAME, text.getvalue())


def read_list(folder: Path) -> dict[str, Shown] | None:
    """Read the list of `folder` as {image name: what it shows}; None where there is none.

    Raises ValueError when it is no such list, OSError when it cannot be read.
    """
    try:
        with (folder / LIST_NAME).open(encoding="utf-8", newline="") as file:
            rows = [tuple(row) for row in csv.reader(file, delimiter="\t")]
    except FileNotFoundError:
        return None
    if rows[:1] != [_COLUMNS] or any(len(row) != len(_COLUMNS) for row in rows):
        raise ValueError("its columns are not " + ", ".join(_COLUMNS))
    return {row[0]: Shown(*row) for row in rows[1:]}


def difference(wanted: Sequence[Shown], listed: dict[str, Shown]) -> str:
    """Say in one sentence where the first image shows something else than is wanted; '' when all agree."""
    for frame in wanted:
        found = listed.get(frame.image)
        if found is None:
            return f"{frame.image} is not on the list of the images in this folder."
        for name, word in _WORDS.items():
            was, now = getattr(found, name), getattr(frame, name)
            if was != now:
                return f"{frame.image} was written from other labels: {word} was {was}, now it is {now}."
    return ""


def _file_bytes(path: str) -> str:
    """Size of a file; '' where it is not there, because a size says nothing then."""
    try:
        return str(Path(path).stat().st_size)
    except OSError:
        return ""
