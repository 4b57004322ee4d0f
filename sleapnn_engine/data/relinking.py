"""Labels whose videos have moved: which ones are missing, and a copy of the labels that names them where they are now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import sleap_io as sio

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.moved_files import found_along
from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.data.label_files import check_labels_file
from sleapnn_engine.data.label_writing import name_video, save_labels
from sleapnn_engine.data.stored_videos import labelled_videos
from sleapnn_engine.data.video_choice import Stored
from sleapnn_engine.data.video_paths import same_stored

_SUFFIX = ".relinked"


@attrs.frozen
class Relinked:
    """A copy at `path`: `given` videos as they were said, `found` by themselves, both {stored: now}, and those still `missing`."""

    path: Path
    given: Mapping[str, Path]
    found: Mapping[str, Path]
    missing: Sequence[str]


def missing_videos(path: Path) -> list[str]:
    """Stored paths of the videos with labelled frames that are not found. Raises UserError for what are no labels."""
    return [file.names[0] for file in _opened(path)[1]]


def relink(path: Path, videos: Mapping[str, Path], *, output: Path | None = None) -> Relinked:
    """Write a copy of labels with videos replaced, {stored: now}, beside them or to `output`; never over another file.

    Other missing videos that are in the same place, or moved along with one of these, are found by themselves. Of a list
    of images its first is named, and the others are beside it. Raises UserError when a file cannot be read or written, is
    there already, or is no video of these labels.
    """
    stored, missing = _opened(path)
    output = _free(path) if output is None else output
    if output.exists():
        raise UserError("This file is there already.", where=str(output), hint="Choose another name.")
    known = {name: number for number, video in enumerate(stored.videos) for name in _names_of(video)[:1]}
    alike = {same_stored(name): name for name in known}
    given = {
        alike.get(same_stored(old), old): Path(new).expanduser().absolute() for old, new in videos.items()
    }
    if unknown := [old for old in given if old not in known]:
        raise UserError(
            f"These labels name no video {first_few(unknown)}.",
            where=str(path),
            hint=f"They name {first_few(list(known))}." if known else "",
        )
    if gone := [str(new) for new in given.values() if not new.is_file()]:
        raise UserError(
            f"There is no file {first_few(gone)}.", where=str(path), hint="Choose one that is there."
        )
    found: dict[str, Path] = {}
    lost = [file.names[0] for file in missing]
    for old, new in given.items():
        rest = [name for name in lost if name not in given and name not in found]
        found |= found_along(old, new, rest, taken=[*given.values(), *found.values()])
    for old, new in {**given, **found}.items():
        _replace(stored.videos[known[old]], new, path)
    try:
        save_labels(stored, output)
    except OSError as error:
        hint = "Choose another place with -o, or free the folder for writing."
        raise UserError(
            f"The copy was not written: {reason_of(error)}.", where=str(output), hint=hint
        ) from error
    return Relinked(output, given, found, [name for name in lost if name not in given and name not in found])


def _opened(path: Path) -> tuple[sio.Labels, list[Stored]]:
    """The labels, and what is known of their labelled videos that are missing."""
    check_labels_file(path)
    stored, videos = labelled_videos(path)
    return stored, [video for video in videos if not video.is_found]


def _names_of(video: sio.Video) -> list[str]:
    told = video.backend_metadata
    given = told.get("filenames") or told.get("filename") or video.filename
    return [str(name) for name in given] if isinstance(given, list) else [str(given)]


def _replace(video: sio.Video, new: Path, path: Path) -> None:
    names = _names_of(video)
    if len(names) == 1 and not isinstance(video.filename, list):
        return name_video(video, str(new))
    images = [new, *(new.parent / name.replace("\\", "/").rpartition("/")[2] for name in names[1:])]
    if gone := [str(image) for image in images if not image.is_file()]:
        message = f"{len(gone)} of the {len(names)} images are not beside it: {first_few(gone)}."
        raise UserError(
            message, where=str(path), hint="Choose the first image in a folder that has all of them."
        )
    told = {"type": "ImageVideo", **video.backend_metadata}
    listed = [image.as_posix() for image in images]
    video.replace_filename(listed, open=False)
    video.backend_metadata.update({**told, "filename": listed[0], "filenames": listed})
    return None


def _free(path: Path) -> Path:
    """A name beside a file that is not taken."""
    stem = re.sub(rf"(\.pkg)?(\{_SUFFIX}\d*)?$", "", path.stem)
    tried = [path.with_name(f"{stem}{_SUFFIX}{number}{path.suffix}") for number in ("", *range(2, 1000))]
    return next((name for name in tried if not name.exists()), tried[-1])
