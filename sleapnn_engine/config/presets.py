"""The presets: ready-made configs under `resources/presets`, and what was changed in them."""

import difflib
import functools
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.resources import resource_path

_FOLDER = "presets"
_BACKBONE = "<backbone>"  # stands in the index for the section of the preset's own backbone


@attrs.frozen(kw_only=True)
class Change:
    """One setting that differs from the published sample: its dotted key, both values, and why."""

    key: str
    published: Any
    here: Any
    why: str


@attrs.frozen(kw_only=True)
class Preset:
    """One preset. `kind` is `guide` for the guide's samples, `own` for what they have not, `demo` for our demonstration.

    `purpose` is one line, `note` one or more sentences; `model_type` and `backbone` are the keys of the sections
    that are set.
    """

    name: str
    file: str
    kind: str
    title: str
    purpose: str
    model_type: str
    backbone: str
    note: str
    changes: tuple[Change, ...]

    @property
    def path(self) -> Path:
        return resource_path(_FOLDER, self.file)


def list_presets(kind: str | None = None) -> list[Preset]:
    """All presets, or those of one kind, in the order they are offered."""
    return [preset for preset in _presets() if kind is None or preset.kind == kind]


@functools.cache
def _presets() -> tuple[Preset, ...]:
    index = read_config(resource_path(_FOLDER, "index.yaml")).values
    return tuple(_preset(entry, index["fixes"]) for entry in index["presets"])


def find_preset(name: str) -> Preset:
    """The preset of that name or file name. Raises UserError (usage) with the nearest name."""
    presets = {preset.name: preset for preset in list_presets()}
    wanted = name.removesuffix(".yaml").removeprefix("config_")
    if wanted in presets:
        return presets[wanted]
    near = difflib.get_close_matches(wanted, presets, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(presets)}."
    raise UserError(f"There is no preset {name}.", hint=hint, usage=True)


def preset_of(model_type: str) -> Preset:
    """The preset that stands for a type of model: the first there is."""
    return next(preset for preset in list_presets("guide") if preset.model_type == model_type)


def load_preset(name: str) -> dict[str, Any]:
    """The values of a preset as a fresh nested dict. Raises UserError (usage) for an unknown name."""
    return read_config(find_preset(name).path).values


def _preset(entry: dict[str, Any], fixes: dict[str, list[dict[str, Any]]]) -> Preset:
    shared = [change for group in entry.get("fixes", []) for change in fixes[group]]
    changes = [*shared, *entry.get("changes", [])]
    about = {name: value for name, value in entry.items() if name not in ("fixes", "changes")}
    section = f"model_config.backbone_config.{entry['backbone']}"
    return Preset(
        **about,
        changes=tuple(
            Change(**{**change, "key": change["key"].replace(_BACKBONE, section)}) for change in changes
        ),
    )
