"""What settings lead to, in words: values that null stands for, other units, the receptive field.

What takes more than a look at the config comes from the engine, as facts of the labels (`describe`) and figures
(`derive`); nothing is ever written back to the config.
"""

import math
from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.reader import PREPROCESSING, TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC

Facts = Mapping[str, Any]

#: The least side in px source that padding of automatic crops counts with where no smallest crop is set.
LEAST_CROP = 100


def channels_at(filters: float, rate: float, *, stride: float) -> int:
    """Channels of a block at a stride, each computed from `filters` and cut off, as the files have them."""
    return int(filters * rate ** math.log2(stride))


def auto_text(path: str, facts: Facts | None, figures: Facts | None, *, pending: bool = False) -> str:
    """What a null value at `path` comes to, as “→ 1024 px”; '' where that is not known.

    `figures` are what the engine made of the config (`derive` of its inspect process), `pending` while it is asked.
    """
    if path in _FIGURES:
        name, unit = _FIGURES[path]
        if pending:
            return "→ …"
        if figures and "failed" in figures:
            return "→ not known here"
        value = (figures or {}).get(name)
        return "" if value is None else f"→ {value} {unit}"
    rule = _AUTO.get(path) or _AUTO_BY_NAME.get(path.rpartition(".")[2])
    found = rule(facts or {}) if rule else None
    return f"→ {found}" if found else ""


def _largest(facts: Facts, name: str) -> str | None:
    sizes = [size[name] for size in facts.get("image_sizes", []) if size.get(name)]
    return f"{max(sizes)} px" if sizes else None


#: Where the engine must be asked: its name for the figure, and the unit.
_FIGURES = {
    PREPROCESSING + "crop_size": ("crop_size", "px"),
    PREPROCESSING + "crop_padding": ("crop_padding", "px"),
    TRAINER + "train_steps_per_epoch": ("steps_per_epoch", "steps"),
}


_AUTO = {
    PREPROCESSING + "max_height": lambda facts: _largest(facts, "height"),
    PREPROCESSING + "max_width": lambda facts: _largest(facts, "width"),
}

_AUTO_BY_NAME = {
    "part_names": lambda facts: f"{len(facts['nodes'])} parts" if facts.get("nodes") else None,
    "edges": lambda facts: f"{len(facts['edges'])} limbs" if facts.get("edges") else None,
    "classes": lambda facts: f"{len(facts['tracks'])} identities" if facts.get("tracks") else None,
}


def also_text(view: ConfigReader, path: str) -> str:
    """A value said in the other unit a person may think in, as “10 px input”; '' where there is only one."""
    name, value = path.rpartition(".")[2], view.number(path)
    if value is None:
        return ""
    scale = view.number(PREPROCESSING + "scale")
    if name == "sigma" and path in SPEC.keys and SPEC.keys[path].meta.unit == "cells":
        stride = view.number(path.rpartition(".")[0] + ".output_stride")
        return "" if stride is None else f"= {_short(value * stride)} px input"
    if name in ("crop_size", "max_height", "max_width", "min_crop_size") and scale not in (None, 1):
        return f"= {_short(math.floor(value * float(scale or 1)))} px input"
    return ""


def _short(number: float) -> str:
    return plain(number, figures=4)


def receptive_field(view: ConfigReader) -> int | None:
    """Side in px input of the square one bottleneck cell of a UNet encoder sees, or None for other backbones.

    Counts the encoder's blocks as SLEAP's own dialog does (76 for max stride 16 with two 3x3 convolutions);
    the middle block looks further still.
    """
    unet = view.backbone()
    if not unet.endswith(".unet"):
        return None
    kernel, convs = view.number(f"{unet}.kernel_size"), view.number(f"{unet}.convs_per_block")
    deepest, stem = view.number(f"{unet}.max_stride"), view.number(f"{unet}.stem_stride") or 1
    if not kernel or not convs or not deepest or deepest < 2 or stem < 1:
        return None
    field, jump = 1, 1
    while jump < deepest:
        side = 7 if jump < stem else kernel
        field += int(convs * (side - 1) * jump + jump)
        jump *= 2
    return int(field)
