"""What makes a top-down pair of two configs: which half is which, and the settings that both have in common."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.centring import FALLBACK, METHOD
from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.model_types import MODEL_TYPES, keys_of
from sleapnn_engine.config.presets import Preset, preset_of
from sleapnn_engine.config.reader import DATA, PREPROCESSING, TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC

#: The halves by name: the model that finds animals by their centre, and the one that looks at each of them.
CENTRE, PARTS = "centre", "parts"
#: What people call them, in the order of the window.
WORDS: Mapping[str, str] = {PARTS: "Parts", CENTRE: "Centre"}

#: What the halves of a pair have in common: labels, split, size and colour of images. The input
#: scale, crops and augmentation are each half's own: centres are found on smaller images than parts.
_SHARED = (
    *(
        DATA + name
        for name in (
            "train_labels_path", "val_labels_path", "validation_fraction", "use_same_data_for_val",
            "test_file_path", "user_instances_only",
        )
    ),
    *(PREPROCESSING + name for name in ("ensure_rgb", "ensure_grayscale", "max_height", "max_width")),
)  # fmt: skip
#: The same of the section of confidence maps, which lies elsewhere in each half: which point of an animal is its centre.
_OF_MAPS = ("anchor_part", METHOD, FALLBACK)
#: One folder holds the runs of both, which find each other there; a pair whose files say otherwise is one all the same.
_FOLDER = TRAINER + "ckpt_dir"
#: What a new half begins with as the other one has it: the machine that trains, and how images wait for it.
_CARRIED = (
    DATA + "data_pipeline_fw",
    *(
        TRAINER + name
        for name in ("trainer_accelerator", "trainer_devices", "trainer_device_indices", "trainer_strategy")
    ),
    *(TRAINER + f"{name}_data_loader.num_workers" for name in ("train", "val")),
)

#: The type of model of each half that tells nobody apart.
(_CENTRES,) = keys_of(lambda kind: kind.centroid)
(CROPPED,) = keys_of(lambda kind: kind.cropped and not kind.identities)
_ENDINGS = {
    CENTRE: keys_of(lambda kind: kind.centroid),
    PARTS: keys_of(lambda kind: kind.cropped),
}
_SUFFIX = re.compile(r"\.ya?ml$", re.IGNORECASE)


def half_of(values: Mapping[str, Any]) -> str:
    """Which half of a pair a config is by its type of model; '' for every other type, and for none or several."""
    kind = MODEL_TYPES.get(ConfigReader(values).head().rpartition(".")[2])
    if kind is None:
        return ""
    return CENTRE if kind.centroid else PARTS if kind.cropped else ""


def is_pair(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two configs are of models that work as one."""
    return {half_of(one), half_of(other)} == {CENTRE, PARTS}


def differing(one: Mapping[str, Any], other: Mapping[str, Any], *, folder: bool = False) -> list[str]:
    """Dotted paths, in the first of two halves, of what both should have in common and do not; the `folder` of runs too."""
    return [
        path for path, _ in _differing(ConfigReader(one), ConfigReader(other)) if folder or path != _FOLDER
    ]


def with_shared(values: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A half with all that is shared as the other half has it; what is the same already is left as it is written."""
    after: dict[str, Any] = copy_values(values)
    for there, here in _differing(ConfigReader(other), ConfigReader(values)):
        if tree.has(other, there):
            tree.put(after, here, copy_values(tree.get(other, there)))
        else:
            tree.drop(after, here)
    return after


def is_shared(path: str) -> bool:
    """Whether a change of this setting of one half is one of the other half too."""
    return path in (*_SHARED, _FOLDER) or path.endswith(tuple(f".confmaps.{name}" for name in _OF_MAPS))


def preset_of_other(values: Mapping[str, Any]) -> Preset:
    """The preset that stands for the half that this config lacks."""
    return preset_of(CROPPED if half_of(values) == CENTRE else _CENTRES)


def other_half(values: Mapping[str, Any], preset: Mapping[str, Any]) -> dict[str, Any]:
    """A config of the half that this one lacks: the values of a preset, with what both share and the same machine."""
    after: dict[str, Any] = copy_values(preset)
    for path in _CARRIED:
        if tree.has(values, path):
            tree.put(after, path, copy_values(tree.get(values, path)))
    return with_shared(after, values)


def names_of(paths: list[str]) -> list[str]:
    """What people call settings."""
    return [SPEC.keys[path].meta.label if path in SPEC.keys else path for path in paths]


def file_of_half(name: Path, values: Mapping[str, Any]) -> Path:
    """Where a half is saved beside the other one, `name` being what a person called the pair: `flies.centroid.yaml`."""
    head = ConfigReader(values).head().rpartition(".")[2]
    return name.with_name(f"{_stem(name)}.{head}.yaml")


def files_of_other(path: Path, half: str) -> list[Path]:
    """Names that the other half of a file may have beside it, the likeliest first."""
    endings = _ENDINGS[PARTS if half == CENTRE else CENTRE]
    return [path.with_name(f"{_stem(path)}.{ending}.yaml") for ending in endings]


def group_of_file(name: Path) -> str:
    """What the trainings of a pair are called together in the queue, by the file of one of its configs: "pair flies"."""
    return f"pair {_stem(name)}"


def _stem(name: Path) -> str:
    """The name without its suffix and the type of model before that."""
    stem = _SUFFIX.sub("", name.name)
    ending = next((one for ends in _ENDINGS.values() for one in ends if stem.endswith(f".{one}")), "")
    return stem.removesuffix(f".{ending}") if ending else stem


def _paths(view: ConfigReader) -> dict[str, str]:
    """Where a half has what is shared: name, the same for both halves -> dotted path."""
    paths = {path: path for path in (*_SHARED, _FOLDER)}
    return paths | {name: f"{view.head()}.confmaps.{name}" for name in _OF_MAPS}


def _differing(one: ConfigReader, other: ConfigReader) -> list[tuple[str, str]]:
    """Dotted paths, in the one and in the other half, of what is not the same in both."""
    there = _paths(other)
    return [
        (path, there[name])
        for name, path in _paths(one).items()
        if not tree.same(_plain(one.value(path)), _plain(other.value(there[name])))
    ]


def _plain(value: Any) -> Any:
    """No path is written in several ways."""
    return None if value in ([], "") else value
