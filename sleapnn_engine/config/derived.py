"""What settings lead to: the values that null stands for, sizes, the receptive field, the number of weights.

Everything here is arithmetic on the config and on the facts of the opened labels (what `describe` says);
nothing is ever written back to the config.
"""

import math
from collections.abc import Mapping
from typing import Any

from . import tree
from .spec import SPEC
from .values import describe
from .view import DATA, PREPROCESSING, TRAINER, View

Facts = Mapping[str, Any]

#: The least side in px source that padding of automatic crops counts with where no smallest crop is set.
LEAST_CROP = 100


def auto_text(view: View, path: str, facts: Facts | None) -> str:
    """What a null value at `path` comes to, as “→ 1024 px”; '' where that is not known."""
    rule = _AUTO.get(path)
    found = rule(view, facts or {}) if rule else None
    if found is None:
        name = path.rpartition(".")[2]
        shared = _AUTO_BY_NAME.get(name)
        found = shared(facts or {}) if shared else None
    return f"→ {found}" if found else ""


def _largest(facts: Facts, name: str) -> str | None:
    sizes = [size[name] for size in facts.get("image_sizes", []) if size.get(name)]
    return f"{max(sizes)} px" if sizes else None


def steps_per_epoch(view: View, facts: Facts) -> int | None:
    """Batches in one epoch as the trainer will count them, or None while the number of frames is not known."""
    said = view.number(TRAINER + "train_steps_per_epoch")
    if said is not None:
        return int(said)
    frames, batch = training_frames(view, facts), view.number(TRAINER + "train_data_loader.batch_size")
    fewest = view.number(TRAINER + "min_train_steps_per_epoch")
    if frames is None or not batch or batch < 1 or fewest is None:
        return None
    return max(math.ceil(frames / batch), int(fewest))


def training_frames(view: View, facts: Facts) -> int | None:
    """Frames left for training after the validation share is set aside, or None while unknown."""
    frames = facts.get("labeled_frames")
    if not isinstance(frames, int) or frames < 1:
        return None
    if view.value(DATA + "val_labels_path") or view.value(DATA + "use_same_data_for_val") is True:
        return frames
    share = view.number(DATA + "validation_fraction")
    return None if share is None else max(1, frames - max(1, round(frames * share)))


def _steps(view: View, facts: Facts) -> str | None:
    steps = steps_per_epoch(view, facts)
    return f"{steps} steps" if steps else None


def _crop(view: View, facts: Facts) -> str | None:
    """The side that holds every animal; exact while frames keep their size and none is set aside."""
    largest = tree.get(facts, "instance_size.max")
    stride = view.input_multiple()
    if not isinstance(largest, (int, float)) or not stride or stride < 1:
        return None
    least = view.number(PREPROCESSING + "min_crop_size") or 0
    said = view.number(PREPROCESSING + "crop_padding")
    padding = crop_padding(view, max(float(largest), float(least or LEAST_CROP))) if said is None else said
    anchor = view.value(f"{view.head()}.confmaps.anchor_part") if view.head() else None
    reach = (facts.get("reach") or {}).get(anchor or "")
    across = float(largest) if reach is None else 2 * float(reach)
    side = math.ceil((max(across, least - padding) + padding) / stride) * int(stride)
    resized = any(view.number(PREPROCESSING + name) is not None for name in ("max_height", "max_width"))
    all_learned = training_frames(view, facts) == facts.get("labeled_frames")
    exact = reach is not None and all_learned and not resized and len(facts.get("image_sizes", [])) == 1
    return f"{side} px" if exact else f"about {side} px"


def crop_padding(view: View, side: float) -> int:
    """Room in px source that rotation and scaling need around an animal of the given side."""
    if view.value(DATA + "use_augmentations_train") is not True:
        return 0
    geometric = DATA + "augmentation_config.geometric"
    if not view.on(geometric):
        return 0
    own = [view.number(f"{geometric}.{name}") for name in ("rotation_p", "scale_p", "translate_p")]
    together = bool(view.number(f"{geometric}.affine_p")) and all(chance is None for chance in own)
    factor = 1.0
    if together or own[0]:
        ends = [view.number(f"{geometric}.rotation_{end}") or 0 for end in ("min", "max")]
        turn = math.radians(min(max(abs(end) for end in ends), 45))
        factor *= math.cos(turn) + math.sin(turn)
    if together or own[1]:
        factor *= max(float(view.number(f"{geometric}.scale_max") or 1), 1.0)
    return math.ceil(side * (factor - 1))


_AUTO = {
    PREPROCESSING + "max_height": lambda view, facts: _largest(facts, "height"),
    PREPROCESSING + "max_width": lambda view, facts: _largest(facts, "width"),
    PREPROCESSING + "crop_size": _crop,
    PREPROCESSING + "crop_padding": lambda view, facts: (
        f"about {crop_padding(view, float(tree.get(facts, 'instance_size.max')))} px"
        if tree.get(facts, "instance_size.max")
        else None
    ),
    TRAINER + "train_steps_per_epoch": _steps,
}

_AUTO_BY_NAME = {
    "part_names": lambda facts: f"{len(facts['nodes'])} parts" if facts.get("nodes") else None,
    "edges": lambda facts: f"{len(facts['edges'])} limbs" if facts.get("edges") else None,
    "classes": lambda facts: f"{len(facts['tracks'])} identities" if facts.get("tracks") else None,
}


def also_text(view: View, path: str) -> str:
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
    return f"{number:.4g}"


def receptive_field(view: View) -> int | None:
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


def unet_parameters(view: View, outputs: int) -> int | None:
    """Number of weights of the UNet with `outputs` channels at the finest head; None for other backbones.

    Counts one head; see `resources/docs` for the layer table this follows.
    """
    unet = view.backbone()
    if not unet.endswith(".unet") or view.number(f"{unet}.stem_stride") not in (None, 1):
        return None
    names = (
        "filters",
        "filters_rate",
        "max_stride",
        "kernel_size",
        "convs_per_block",
        "in_channels",
        "output_stride",
    )
    said = [view.number(f"{unet}.{name}") for name in names]
    if any(value is None or value <= 0 for value in said) or not view.value(f"{unet}.middle_block"):
        return None
    filters, rate, deepest, kernel, convs, channels, finest = (float(value or 0) for value in said)
    if deepest < finest or deepest > 1024 or filters > 4096 or rate > 8:
        return None
    area, down = int(kernel * kernel), int(math.log2(deepest))
    width = [int(filters * rate**depth) for depth in range(down + 1)]
    total, before = 0, int(channels)
    for depth in range(down + 1):
        for _ in range(int(convs)):
            total += before * width[depth] * area + width[depth]
            before = width[depth]
    for step in range(int(math.log2(deepest / finest))):
        made = width[max(0, down - 1 - step)]
        total += (before + made) * made * area + made + made * made * area + made
        if view.value(f"{unet}.up_interpolate") is False:
            total += before * made * 9 + made + (made - before) * made * area
        before = made
    return total + before * outputs + outputs


def network_parameters(view: View, facts: Facts) -> int | None:
    """Number of weights of the UNet with all heads of the model type; None for other backbones, or while unknown.

    What the labels would decide counts as one while they are not open.
    """
    head, unet = view.head(), view.backbone()
    outputs = 1 if head.endswith(".centroid") else _count(view, f"{head}.confmaps.part_names", facts, "nodes")
    total = unet_parameters(view, outputs) if head else None
    if total is None:
        return None
    filters, rate, deepest, finest = (
        float(view.number(f"{unet}.{name}") or 1)
        for name in ("filters", "filters_rate", "max_stride", "output_stride")
    )
    for part in view.head_parts():
        name, stride = part.rpartition(".")[2], float(view.number(f"{part}.output_stride") or finest)
        if not 1 <= stride <= deepest:
            return None
        width = int(filters * rate ** math.log2(stride))
        if name == "confmaps":
            total += (width - int(filters * rate ** math.log2(finest))) * outputs
        elif name == "pafs":
            total += (width + 1) * 2 * _count(view, f"{part}.edges", facts, "edges")
        elif name == "class_maps":
            total += (width + 1) * _count(view, f"{part}.classes", facts, "tracks")
        else:
            layers, units = view.number(f"{part}.num_fc_layers"), view.number(f"{part}.num_fc_units")
            if not view.value(f"{part}.global_pool") or layers is None or units is None or layers > 64:
                return None
            before = int(filters * rate ** math.log2(deepest))
            for _ in range(int(layers)):
                total, before = total + (before + 1) * int(units), int(units)
            total += (before + 1) * _count(view, f"{part}.classes", facts, "tracks")
    return total


def _count(view: View, path: str, facts: Facts, name: str) -> int:
    """How many parts, limbs or identities the config chooses, else the labels hold, but at least one."""
    said = view.value(path)
    return len(said if isinstance(said, list) and said else facts.get(name, [])) or 1


def change_text(old: Any, new: Any) -> str:
    """One change in words, for the list of differences."""
    return f"{describe(old)} → {describe(new)}"
