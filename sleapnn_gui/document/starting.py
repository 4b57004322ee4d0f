"""What a section begins with when a person chooses it for the first time: values that go with what is chosen already."""

import functools
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, read_config
from sleapnn_engine.config.model_types import HEADS as PARTS
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.reader import BACKBONES, HEADS, ConfigReader
from sleapnn_engine.config.spec import SPEC


def starting_values(path: str, view: ConfigReader) -> dict[str, Any]:
    """Values for the section at `path`, which was never in use in the config of `view`.

    The head of a model type starts as in the first preset of that type, at strides the backbone offers; a backbone
    offers the stride of the head. Everything else starts from the defaults.
    """
    parent = path.rpartition(".")[0]
    if parent == HEADS:
        return _head(path, view)
    values = SPEC.defaults(path)
    finest = _finest_stride(view)
    if parent == BACKBONES and finest is not None:
        tree.put(values, "output_stride", finest)
    return values


def read_ahead() -> None:
    """Read what every type of model begins with, so that nothing is read when one is chosen. For a thread."""
    for path in SPEC.sections[HEADS].sections:
        _preset_head(SPEC.sections[path].name)


def _head(path: str, view: ConfigReader) -> dict[str, Any]:
    found = _preset_head(path.rpartition(".")[2])
    values = copy_values(found) if found is not None else SPEC.defaults(path)
    backbone = view.backbone()
    offered, deepest = view.number(f"{backbone}.output_stride") if backbone else None, view.max_stride()
    if offered is None or deepest is None or not 1 <= offered <= deepest:
        return values
    before = tree.get(values, "confmaps.output_stride") or offered
    for name, part in values.items():
        if name in PARTS and not PARTS[name].maps:
            part["output_stride"] = int(deepest)
        elif isinstance(part, dict) and part.get("output_stride"):
            # Coarser maps stay as many times coarser as the preset has them.
            part["output_stride"] = int(min(deepest, offered * max(1, part["output_stride"] / before)))
    return values


def _finest_stride(view: ConfigReader) -> int | None:
    """The finest stride that a map of the chosen head has; None without a head."""
    strides = [
        stride
        for part in view.head_parts()
        if PARTS[SPEC.sections[part].name].maps
        and (stride := view.number(f"{part}.output_stride")) is not None
    ]
    return int(min(strides)) if strides else None


@functools.cache
def _preset_head(model_type: str) -> dict[str, Any] | None:
    """The head section of the first preset of a type; not to be changed."""
    preset = next((preset for preset in list_presets("guide") if preset.model_type == model_type), None)
    return None if preset is None else tree.get(read_config(preset.path).values, f"{HEADS}.{model_type}")
