"""Presets of one's own: ordinary configs, whose first comment lines hold a title, a note and what is locked.

Every program that reads configs reads them, for what is ours in them is comments. They are shared as they are.
"""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values, dump_config, read_config
from sleapnn_engine.config.presets import Preset
from sleapnn_engine.config.reader import BACKBONES, DATA, HEADS, TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC

#: What kind of preset these are.
MINE = "mine"
#: The folder of presets among the settings of the app, which lie where Qt would put them for it.
SHELF, _APP = "presets", "sleapnn-gui"
#: What belongs to one training and to no preset, and what it is there.
_OF_ONE_RUN: dict[str, Any] = {
    DATA + "train_labels_path": [],
    DATA + "val_labels_path": None,
    DATA + "test_file_path": None,
    TRAINER + "run_name": None,
    TRAINER + "resume_ckpt_path": None,
}
_LINE = re.compile(r"#\s*(title|note|locked):\s*(.*?)\s*$")
_NOT_IN_NAMES = re.compile(r"[^\w-]+")


@attrs.frozen(kw_only=True)
class OwnPreset:
    """A preset file. `locked` are dotted paths of settings, or of sections, that other presets and advice leave alone."""

    path: Path
    title: str
    note: str
    locked: tuple[str, ...]
    values: Mapping[str, Any]

    @property
    def record(self) -> Preset:
        """The same as those that came with the program are listed."""
        view = ConfigReader(self.values)
        locks = f"{len(self.locked)} locked: {', '.join(map(label_of, self.locked))}. " if self.locked else ""
        return Preset(
            name=f"{MINE}:{self.path.name}",
            file=str(self.path.absolute()),
            kind=MINE,
            title=self.title,
            purpose=f"Yours. {self.note.partition('. ')[0]}".strip(),
            model_type=view.head().rpartition(".")[2],
            backbone=view.backbone().rpartition(".")[2],
            note=f"{locks}{self.note}".strip(),
            changes=(),
        )


def own_folder() -> Path:
    """Where presets of this person lie, in SHELF, and what is locked: where the system has programs keep settings."""
    if os.name == "nt":
        place = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")
    elif platform.system() == "Darwin":
        place = os.path.expanduser("~/Library/Preferences")
    else:
        place = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(place, _APP, _APP)


def read_own_preset(path: Path) -> OwnPreset:
    """Read a preset file; any config is one, without a title called as its file. Raises UserError (usage)."""
    found = read_config(path)
    if not ConfigReader(found.values).head():
        message = "This config has no type of model, or several, so it is no preset."
        raise UserError(message, where=str(path), hint="Choose another file.", usage=True)
    said: dict[str, list[str]] = {"title": [], "note": [], "locked": []}
    for line in found.text.splitlines():
        if not line.startswith("#"):
            break
        match = _LINE.match(line)
        if match:
            said[match[1]].append(match[2])
    known = tuple(path for path in said["locked"] if path in SPEC.keys or path in SPEC.sections)
    title = " ".join(said["title"]) or path.stem
    return OwnPreset(path=path, title=title, note=" ".join(said["note"]), locked=known, values=found.values)


def list_own_presets(folder: Path) -> tuple[list[OwnPreset], list[UserError]]:
    """The presets of a folder by title, and what is wrong with files in it that are none. No folder holds none."""
    found, wrong = [], []
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
    except FileNotFoundError:
        names = []
    except OSError as problem:
        return [], [UserError(f"The folder cannot be read: {reason_of(problem)}.", where=str(folder))]
    for path in map(folder.joinpath, names):
        try:
            found.append(read_own_preset(path))
        except UserError as problem:
            wrong.append(problem)
    return sorted(found, key=lambda preset: preset.title.lower()), wrong


def own_preset_text(
    values: Mapping[str, Any], *, title: str, note: str = "", locked: Sequence[str] = ()
) -> str:
    """A config as the text of a preset file, without its labels, its run's name, and secrets."""
    kept: dict[str, Any] = copy_values(values)
    for path, empty in _OF_ONE_RUN.items():
        if tree.has(kept, path):
            tree.put(kept, path, empty)
    lines = [
        ("title", title),
        *(("note", line) for line in note.splitlines()),
        *(("locked", path) for path in locked),
    ]
    head = "".join(f"# {name}: {' '.join(text.split())}\n" for name, text in lines if text.strip())
    return head + dump_config(kept)


def own_preset_file(folder: Path, title: str) -> Path:
    """A file in the folder for a preset of this title; that of an earlier preset of the same title, if there is one."""
    stem = _NOT_IN_NAMES.sub("_", title.strip().lower()).strip("_") or "preset"
    return folder / f"{stem}.yaml"


def keep_locked(after: dict[str, Any], before: Mapping[str, Any], locked: Sequence[str]) -> list[str]:
    """Put locked settings of `before` back into `after`, where they are in use; returns those that would have changed."""
    kept = []
    view, old = ConfigReader(copy_values(after)), ConfigReader(before)
    for path in locked:
        section = path.rpartition(".")[0]
        if not tree.has(before, path) or not old.on(section) or not view.on(section):
            continue
        value = tree.get(before, path)
        if not tree.same(tree.get(after, path), value):
            tree.put(after, path, copy_values(value))
            kept.append(path)
    return kept


def touched_locks(changes: Mapping[str, Any], locked: Iterable[str]) -> list[str]:
    """Which locked settings and sections some changes would touch."""
    return [
        one
        for one in locked
        if any(f"{one}.".startswith(f"{path}.") or f"{path}.".startswith(f"{one}.") for path in changes)
    ]


def label_of(path: str) -> str:
    """What a setting or section is called in the form."""
    if path in SPEC.keys:
        return SPEC.keys[path].meta.label
    return SPEC.sections[path].meta.label if path in SPEC.sections else path


def lockable(values: Mapping[str, Any]) -> list[str]:
    """What can be locked of a config: which backbone and head it has, and each setting that differs from its default."""
    view = ConfigReader(values)
    changed = [
        path
        for path, key in SPEC.keys.items()
        if path not in _OF_ONE_RUN and not key.meta.secret and view.on(path.rpartition(".")[0])
        if not tree.same(view.value(path), key.default)
    ]
    return [HEADS, BACKBONES, *changed]
