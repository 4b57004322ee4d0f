"""An exported job: a folder with all that a training needs on another machine. It is there whole or not at all."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sleapnn_engine.config.disk import copy_whole, reason_of, whole_folder, write_whole
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.label_files import check_labels_file
from sleapnn_engine.data.label_packing import holds_its_images, pack_labels, package_bytes
from sleapnn_engine.data.stored_videos import stored_videos
from sleapnn_engine.export import launch as texts
from sleapnn_engine.export.contents import LABELS, Contents, gather
from sleapnn_engine.export.judging import Opened, open_all
from sleapnn_engine.export.launch import Launch

#: Told of images stored in one labels file: its name, how many, and of how many.
Told = Callable[[str, int, int], None]
_NOTHING = "Nothing was written."


def require_place(folder: Path) -> Path:
    """The absolute path of a folder that is to be made. Raises UserError (usage) where it cannot be, or holds something."""
    try:
        folder = Path(os.path.abspath(folder.expanduser()))
        if folder.is_dir() and not any(folder.iterdir()):
            return folder
        if folder.exists() or folder.is_symlink():
            what = "The folder is not empty" if folder.is_dir() else "There is a file of that name"
            raise UserError(f"{what}.", where=str(folder), hint="Choose a new folder.", usage=True)
        if not folder.parent.is_dir():
            raise UserError(
                f"There is no folder {folder.parent}.",
                where=str(folder),
                hint="Make it first; only the last folder of the path is made.",
                usage=True,
            )
        if not os.access(folder.parent, os.W_OK | os.X_OK):
            raise UserError(
                f"You may not write into {folder.parent}.",
                where=str(folder),
                hint="Choose another place.",
                usage=True,
            )
    except (OSError, ValueError, RuntimeError) as problem:
        raise UserError(
            f"The folder cannot be made: {reason_of(problem)}.",
            where=str(folder),
            hint="Choose another place.",
            usage=True,
        ) from None
    return folder


def export_job(
    values: Mapping[str, Any],
    job: Job,
    *,
    folder: Path,
    launch: Launch,
    images: bool,
    base: str,
    found: Findings,
    told: Told = lambda name, done, total: None,
) -> Contents:
    """Write a job that has been checked to a new `folder`; returns what it took along.

    `base` is the text that the config was read from, whose comments stay. Warnings go to `found`. Raises UserError with
    every reason where there is no such job or no place for it; then nothing is left.
    """
    opened = Opened()
    try:
        if images:
            opened = open_all(job, found=found)
            found.settle()
            contents = gather(values, self_contained=_self_contained(opened), images=True)
        else:
            contents = gather(values, self_contained={}, images=False)
            contents.notes += _videos_elsewhere(contents, found=found)
        with _staged(folder) as part:
            _require_room(contents, opened, part)
            _fill(part, contents, opened, launch, base=base, told=told)
    finally:
        opened.close()
    return contents


def _self_contained(opened: Opened) -> dict[Path, bool]:
    return {file: holds_its_images(labels, file=number) for file, (labels, number) in opened.files.items()}


def _videos_elsewhere(contents: Contents, *, found: Findings) -> list[str]:
    """Where the videos of labels without images have to be, in sentences."""
    notes = []
    for source, place in contents.copied.items():
        if not place.startswith("labels/"):
            continue
        with found.trying(LABELS[0]):
            check_labels_file(source)
            if names := stored_videos(source):
                listed = "\n".join(f"    {name}" for name in names)
                notes.append(
                    f"{place} comes without its images. Its videos have to be where it says, or beside it under the same "
                    f"names:\n{listed}"
                )
    found.settle()
    return notes


@contextlib.contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `folder`. Raises UserError where that cannot be."""
    try:
        with whole_folder(folder) as part:
            yield part
    except (OSError, UnicodeEncodeError) as problem:
        raise UserError(
            f"The job cannot be written: {reason_of(problem)}.",
            where=str(folder),
            hint=f"{_NOTHING} Choose another place, or make room there.",
        ) from problem


def _require_room(contents: Contents, opened: Opened, folder: Path) -> None:
    needed = sum(source.stat().st_size for source in contents.copied)
    for source in contents.packed:
        labels, number = opened.files[source]
        needed += package_bytes(labels, file=number) + source.stat().st_size
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"The job takes up to {needed / 1e6:,.0f} MB, and there are {free / 1e6:,.0f} MB free.",
            where=str(folder.parent),
            hint=f"{_NOTHING} Choose another disk, or make room there.",
        )


def _fill(folder: Path, contents: Contents, opened: Opened, launch: Launch, *, base: str, told: Told) -> None:
    for place in (*contents.packed.values(), *contents.copied.values()):
        (folder / place).parent.mkdir(exist_ok=True)
    for source, place in contents.copied.items():
        copy_whole(source, folder / place)
    for source, place in contents.packed.items():
        labels, number = opened.files[source]
        pack_labels(
            labels,
            file=number,
            path=folder / place,
            progress=lambda done, total, name=place: told(name, done, total),  # type: ignore[misc]
        )
    write_whole(folder / texts.CONFIG, dump_config(contents.values, base=base))
    write_whole(folder / texts.RUN, texts.run_script(launch))
    (folder / texts.RUN).chmod(0o755)
    if launch.slurm:
        write_whole(folder / texts.BATCH, texts.batch_script(launch))
    write_whole(folder / texts.REQUIREMENTS, texts.requirements())
    write_whole(folder / texts.README, texts.readme(launch, notes=contents.notes))


def summary(contents: Contents, folder: Path) -> str:
    """What was written, in a line."""
    parts = [counted(len(contents.packed), "labels file") + " packed with images"] if contents.packed else []
    parts += [counted(len(contents.copied), "file") + " copied"] if contents.copied else []
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{folder}: {', '.join(parts) or 'no files'}, {size / 1e6:.1f} MB"
