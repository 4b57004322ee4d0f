"""Legacy files for the tests: a complete one of SLEAP's own defaults, and changes to it."""

import copy
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.legacy.fields import BACKBONES, FIELDS, HEADS

#: legacy head -> dotted path of our head
HEAD_NAMES = {
    "single_instance": "model_config.head_configs.single_instance",
    "centroid": "model_config.head_configs.centroid",
    "centered_instance": "model_config.head_configs.centered_instance",
    "multi_instance": "model_config.head_configs.bottomup",
    "multi_class_bottomup": "model_config.head_configs.multi_class_bottomup",
    "multi_class_topdown": "model_config.head_configs.multi_class_topdown",
}
BACKBONE_NAMES = ("unet", "leap", "hourglass", "resnet", "pretrained_encoder")


def whole_file(*, head: str = "single_instance", backbone: str = "unet", **changes: Any) -> dict[str, Any]:
    """A file with every leaf written out at SLEAP's default; `changes` are dotted paths with __ for the dots."""
    legacy: dict[str, Any] = {}
    for path, field in FIELDS.items():
        chosen = path.startswith((f"{HEADS}{head}.", f"{BACKBONES}{backbone}."))
        if path.startswith((HEADS, BACKBONES)) and not chosen:
            tree.put(legacy, ".".join(path.split(".")[:3]), None)
        else:
            tree.put(legacy, path, copy.deepcopy(field.default))
    for path, value in changes.items():
        tree.put(legacy, path.replace("__", "."), value)
    return legacy


def bare_file(**changes: Any) -> dict[str, Any]:
    """The least that says what to train: a UNet and a single-instance head without a single leaf."""
    legacy: dict[str, Any] = {"model": {"backbone": {"unet": {}}, "heads": {"single_instance": {}}}}
    for path, value in changes.items():
        tree.put(legacy, path.replace("__", "."), value)
    return legacy
