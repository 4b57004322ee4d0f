"""What an exported job takes with it: which files of the config go where in the folder, and what changes in the config."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import SECRETS, copy_values
from sleapnn_engine.config.reader import DATA, TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC

LABELS = (DATA + "train_labels_path", DATA + "val_labels_path", DATA + "test_file_path")
RESUME = TRAINER + "resume_ckpt_path"
#: What a run that goes on looks for beside its checkpoint.
_BESIDE_CHECKPOINT = ("training_config.yaml", "best.ckpt")
_FOLDERS = {TRAINER + "ckpt_dir": "models", DATA + "cache_img_path": "image_cache"}
_REUSE = DATA + "use_existing_imgs"
_FILES = ("file", "paths", "path_or_paths")


@attrs.define(kw_only=True)
class Contents:
    """Files to take along, source -> path in the folder, and the config that names them there.

    `packed` are labels files that get their images, `copied` all others as they are; `notes` tell in sentences what is
    otherwise than in the config that was given.
    """

    values: dict[str, Any]
    packed: dict[Path, str] = attrs.field(factory=dict)
    copied: dict[Path, str] = attrs.field(factory=dict)
    notes: list[str] = attrs.field(factory=list)

    def add(self, source: Path, folder: str, *, name: str = "", pack: bool = False) -> str:
        """Have a file come along, once; returns where it will be, as the config has it."""
        file = real(source)
        if there := self.packed.get(file) or self.copied.get(file):
            return there
        taken = {place.casefold() for place in (*self.packed.values(), *self.copied.values())}
        place = _free(folder, name or _plain_name(source, packed=pack), taken=taken)
        (self.packed if pack else self.copied)[file] = place
        return place


def real(path: str | Path) -> Path:
    """The one path of a file that may be named in several ways."""
    return Path(os.path.realpath(os.path.expanduser(path)))


def gather(values: Mapping[str, Any], *, self_contained: Mapping[Path, bool], images: bool) -> Contents:
    """Find out what a config that `validate` has no errors for takes along. Reads and writes nothing.

    `self_contained` says of labels files whether they hold their images; those that do not are packed where `images`
    are to come along.
    """
    contents = Contents(values=copy_values(dict(values)))
    for key in (key for key in SPEC.keys.values() if key.meta.kind in _FILES and key.meta.edited):
        said = ConfigReader(values).value(key.path)
        names = said if isinstance(said, list) else [said]
        if not any(isinstance(name, str) and name for name in names):
            continue
        taken = [
            _add_path(contents, key.path, name, self_contained, images=images)
            for name in names
            if isinstance(name, str) and name
        ]
        tree.put(contents.values, key.path, taken if isinstance(said, list) else taken[0])
    _relocate_folders(contents)
    _note_secrets(contents, values)
    return contents


def _add_path(
    contents: Contents, key: str, name: str, self_contained: Mapping[Path, bool], *, images: bool
) -> str:
    source = Path(name).expanduser()
    if not source.is_file():  # a setting without effect may name what is not there
        return name
    if key == RESUME:
        for other in _BESIDE_CHECKPOINT:
            if (beside := source.with_name(other)).is_file():
                contents.add(beside, "resume", name=other)
        return contents.add(source, "resume", name=source.name if source.name == "best.ckpt" else "")
    if key not in LABELS:
        return contents.add(source, "weights")
    if not name.lower().endswith(".slp"):
        return contents.add(source, "videos")
    # Labels that no training reads, as those of a setting without effect, are not known and come along as they are.
    pack = images and self_contained.get(real(source)) is False
    return contents.add(source, "labels", pack=pack)


def _relocate_folders(contents: Contents) -> None:
    """Have runs and caches written inside the folder, unless the config says so already."""
    values = contents.values
    for key, inside in _FOLDERS.items():
        said = ConfigReader(values).value(key)
        if isinstance(said, str) and said.strip() and not _is_inside(said):
            tree.put(values, key, inside)
            contents.notes.append(f"{key} was {said!r} and is {inside!r} here.")
    if ConfigReader(values).value(_REUSE) is True:
        tree.put(values, _REUSE, False)
        contents.notes.append(f"{_REUSE} is off here: cached images do not come along and are written anew.")


def _is_inside(path: str) -> bool:
    """Whether a path stays in the folder it counts from, on any system."""
    plain = PurePosixPath(path.replace("\\", "/"))
    return not (plain.is_absolute() or ".." in plain.parts or path.startswith("~") or path[1:2] == ":")


def _note_secrets(contents: Contents, values: Mapping[str, Any]) -> None:
    for path in SECRETS:
        if tree.get(values, path):
            tree.put(contents.values, path, None)
            contents.notes.append(
                f"{path} is left out; set the environment variable WANDB_API_KEY on that machine."
            )


def _plain_name(source: Path, *, packed: bool) -> str:
    """The file's own name where any system and any reader of the config takes it, else one made up."""
    name = source.name
    lower = name.lower()
    suffix = ".pkg.slp" if lower.endswith(".pkg.slp") else source.suffix
    stem = name[: len(name) - len(suffix)] if suffix else name
    if not name.isprintable() or any(letter in name for letter in '<>:"\\|?*'):
        stem, suffix = "file", suffix if suffix.isprintable() and suffix.isascii() else ""
    return stem + (".pkg.slp" if packed else suffix)


def _free(folder: str, name: str, *, taken: set[str]) -> str:
    """A place in the folder that no other file has, capitals aside."""
    stem, dot, rest = name.partition(".")
    place, number = f"{folder}/{name}", 1
    while place.casefold() in taken:
        number += 1
        place = f"{folder}/{stem}-{number}{dot}{rest}"
    return place
