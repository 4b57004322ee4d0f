"""Training profiles of SLEAP before 1.0, which had other names: what each of their leaves becomes here."""

from collections.abc import Mapping
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.legacy.model import UnsupportedBackbone
from sleapnn_engine.config.legacy.report import Row, shown
from sleapnn_engine.config.legacy.source import WANTED, usable
from sleapnn_engine.config.reader import DATA, GEOMETRIC, HEADS, MODEL, TRAINER

_UNET = MODEL + "backbone_config.unet."
_PLATEAU = TRAINER + "lr_scheduler.reduce_lr_on_plateau."
_SAME = "Means the same."
_DEFAULT = "The default of this program is used."
_MOST_BLOCKS = 8

#: leaf -> (kind of value, where it goes unchanged)
COPIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "model.backbone.num_filters": ("int", (_UNET + "filters",)),
    "model.backbone.convs_per_depth": ("int", (_UNET + "convs_per_block",)),
    "model.backbone.kernel_size": ("int", (_UNET + "kernel_size",)),
    "model.backbone.upsampling_layers": ("bool", (_UNET + "up_interpolate",)),
    "trainer.val_size": ("float", (DATA + "validation_fraction",)),
    "trainer.learning_rate": ("float", (TRAINER + "optimizer.lr",)),
    "trainer.amsgrad": ("bool", (TRAINER + "optimizer.amsgrad",)),
    "trainer.batch_size": (
        "int",
        (TRAINER + "train_data_loader.batch_size", TRAINER + "val_data_loader.batch_size"),
    ),
    "trainer.num_epochs": ("int", (TRAINER + "max_epochs",)),
    "trainer.steps_per_epoch": ("int", (TRAINER + "train_steps_per_epoch",)),
    "trainer.shuffle_every_epoch": ("bool", (TRAINER + "train_data_loader.shuffle",)),
    "trainer.augment_scale_min": ("float", (GEOMETRIC + "scale_min",)),
    "trainer.augment_scale_max": ("float", (GEOMETRIC + "scale_max",)),
    "trainer.reduce_lr_min_delta": ("float", (_PLATEAU + "threshold",)),
    "trainer.reduce_lr_factor": ("float", (_PLATEAU + "factor",)),
    "trainer.reduce_lr_patience": ("int", (_PLATEAU + "patience",)),
    "trainer.reduce_lr_cooldown": ("int", (_PLATEAU + "cooldown",)),
    "trainer.reduce_lr_min_lr": ("float", (_PLATEAU + "min_lr",)),
    "trainer.early_stopping_min_delta": ("float", (TRAINER + "early_stopping.min_delta",)),
    "trainer.early_stopping_patience": ("int", (TRAINER + "early_stopping.patience",)),
    "trainer.scale": ("float", (DATA + "preprocessing.scale",)),
    "trainer.bounding_box_size": ("int", (DATA + "preprocessing.crop_size",)),
    "trainer.min_crop_size": ("int", (DATA + "preprocessing.min_crop_size",)),
    "run_name": ("text", (TRAINER + "run_name",)),
    "save_dir": ("text", (TRAINER + "ckpt_dir",)),
}
#: leaf -> why nothing corresponds.
DROPPED = {
    "model.backbone_name": "The network is the UNet, whose settings are carried over one by one.",
    "trainer.shuffle_initially": "Has no effect here: which frames validate follows from the labels alone.",
    "best_model_filename": "Names a file of the old training.",
    "newest_model_filename": "Names a file of the old training.",
    "final_model_filename": "Names a file of the old training.",
}
#: output type -> (head, kind of row, reason)
_OUTPUTS = {
    1: ("bottomup", "warning", "SLEAP learned the links between parts alone; here one model learns parts and links."),
    2: ("centroid", "mapped", "The centre of each animal."),
    3: ("centered_instance", "mapped", "The parts of the animal in the middle of a crop."),
}  # fmt: skip


@attrs.define
class _Import:
    """The new values and the rows so far."""

    leaves: dict[str, Any]
    values: dict[str, Any] = attrs.field(factory=dict)
    rows: list[Row] = attrs.field(factory=list)

    def row(self, path: str, new: tuple[str, ...], value: Any, reason: str, *, kind: str) -> None:
        """Write `value` to the new paths and say what became of the leaf at `path`, or of what no leaf says ('')."""
        for target in new:
            tree.put(self.values, target, value)
        if path and path not in self.leaves:
            return
        self.rows.append(
            Row(
                kind=kind,
                legacy_path=path,
                old_value=self.leaves.get(path),
                new_paths=new,
                new_value=value,
                reason=reason,
                in_file=bool(path),
            )
        )

    def read(self, path: str, kind: str) -> Any:
        """The leaf's value, or None where there is none of that kind; a wrong one is reported by `copy` or `refuse`."""
        return usable(kind, self.leaves.get(path))

    def refuse(self, path: str, kind: str) -> None:
        """Report a value that the leaf cannot have; null stands for the default."""
        value = self.leaves.get(path)
        reason = f"Nothing is set here. {_DEFAULT}"
        if value is not None:
            reason = f"{shown(value)} is not {WANTED[kind]}. {_DEFAULT}"
        self.row(path, (), None, reason, kind="info" if value is None else "warning")


def carry_before_1_0(legacy: Mapping[str, Any], *, closest_unet: bool) -> tuple[dict[str, Any], list[Row]]:
    """The values of a new config and one row for each leaf of the file, in its order.

    Raises UnsupportedBackbone for another network than the UNet unless the closest one is wanted.
    """
    made = _Import(dict(tree.leaves(legacy)))
    _carry_network(made, closest_unet=closest_unet)
    head = _carry_output(made)
    for path, (kind, new) in COPIES.items():
        value = made.read(path, kind)
        if path in made.leaves and value is None:
            made.refuse(path, kind)
        elif value is not None:
            made.row(path, new, value, _SAME, kind="mapped")
    for path in DROPPED.keys() - {row.legacy_path for row in made.rows}:
        reason = DROPPED[path]
        made.row(path, (), None, reason, kind="dropped")
    for rule in (_strides, _carry_interp, _carry_augmentation, _carry_training, _carry_files):
        rule(made, head)
    told = {row.legacy_path for row in made.rows}
    for path, value in made.leaves.items():
        if path not in told:
            empty = value is None or value == {}
            reason = (
                "Nothing is set here." if empty else "Nothing here corresponds, so it is not carried over."
            )
            made.row(path, (), None, reason, kind="info" if empty else "warning")
    places = {path: place for place, path in enumerate(made.leaves)}
    return made.values, sorted(made.rows, key=lambda row: places.get(row.legacy_path, len(places)))


def _carry_network(made: _Import, *, closest_unet: bool) -> None:
    name = made.read("model.backbone_name", "text") or "UNet"
    down, filters = _blocks(made, "down_blocks"), made.read("model.backbone.num_filters", "int")
    unet = {"filters": filters or 32, "filters_rate": 2.0, "max_stride": 2**down, "output_stride": 1}
    if name != "UNet":
        if not closest_unet:
            raise UnsupportedBackbone(name, closest_unet=unet)
        reason = f"{name} does not exist here; a UNet with the settings that both have takes its place."
        made.row("model.backbone_name", (), None, reason, kind="warning")
    for key, value in unet.items():
        tree.put(made.values, _UNET + key, value)
    made.row("", (_UNET + "filters_rate",), 2.0, "SLEAP doubled the filters in each block.", kind="info")


def _blocks(made: _Import, name: str) -> int:
    """How often the network halves or doubles, 3 where the file does not say a number there can be."""
    said = made.read(f"model.backbone.{name}", "int")
    return said if isinstance(said, int) and 0 <= said <= _MOST_BLOCKS else 3


def _carry_output(made: _Import) -> str:
    """Write the head; the model type that learns what the old one learned. '' where the file does not say one."""
    said, crop = made.read("model.output_type", "int"), made.read("trainer.instance_crop", "bool")
    head, kind, reason = _OUTPUTS.get(said, ("", "warning", "The model type is still to be chosen."))
    if said == 0:
        head = "centered_instance" if crop else "single_instance"
        where = "in each crop" if crop else "in the image"
        kind, reason = (
            "warning",
            f"SLEAP learned the parts of all animals {where}; this model type, those of one.",
        )
    new = (f"{HEADS}.{head}",) if head else ()
    made.row(
        "model.output_type", (), None, f"{reason} The model type is {head}." if head else reason, kind=kind
    )
    for path in new:
        tree.put(made.values, path, {"confmaps": {}, "pafs": {}} if head == "bottomup" else {"confmaps": {}})
    reason = (
        "The model type that is chosen crops."
        if head == "centered_instance"
        else "This model type sees images whole."
    )
    wrong = crop is not None and crop != (head == "centered_instance")
    made.row("trainer.instance_crop", (), None, reason, kind="warning" if wrong else "mapped")
    return head


def _strides(made: _Import, head: str) -> None:
    """Each block of the way down halves the image, each of the way up doubles it."""
    down, up = _blocks(made, "down_blocks"), _blocks(made, "up_blocks")
    output = 2 ** max(down - up, 0)
    for name, blocks, new, value in (
        ("down_blocks", down, (_UNET + "max_stride",), 2**down),
        (
            "up_blocks",
            up,
            (_UNET + "output_stride", *([f"{HEADS}.{head}.confmaps.output_stride"] * bool(head))),
            output,
        ),
    ):
        path = f"model.backbone.{name}"
        usual = made.leaves.get(path) == blocks
        why = f"{blocks} blocks make a stride of {value} px." if name == "down_blocks" else (
            f"After {down} blocks down and {blocks} up, maps have one cell every {value} px.")  # fmt: skip
        doubt = (
            "" if usual else f"{shown(made.leaves.get(path))} is no number of blocks that is possible here. "
        )
        made.row(path, new, value, doubt + why, kind="changed" if usual else "warning")
    sigma = made.read("trainer.sigma", "float")
    new = (f"{HEADS}.{head}.confmaps.sigma",) if head else ()
    if sigma is None:
        made.refuse("trainer.sigma", "float")
    else:
        reason = (
            "Counted in cells of the maps, as here."
            if head
            else "Belongs to the model type, which is still to be chosen."
        )
        made.row("trainer.sigma", new, sigma if new else None, reason, kind="mapped" if new else "warning")


def _carry_interp(made: _Import, _head: str) -> None:
    said, used = (
        made.leaves.get("model.backbone.interp"),
        made.read("model.backbone.upsampling_layers", "bool"),
    )
    if used is False or said is None:
        reason, kind = "Has no effect, because the network learns how to enlarge.", "dropped"
    elif said == "bilinear":
        reason, kind = "Maps are always enlarged in this way here.", "dropped"
    else:
        reason, kind = f"Maps are enlarged by bilinear interpolation here, not {shown(said)}.", "warning"
    made.row("model.backbone.interp", (), None, reason, kind=kind)


def _carry_augmentation(made: _Import, _head: str) -> None:
    angle, path = made.read("trainer.augment_rotation", "float"), "trainer.augment_rotation"
    if angle is None:
        made.refuse(path, "float")
    else:
        reach = min(abs(angle), 180.0)
        tree.put(made.values, GEOMETRIC + "rotation_min", -reach)
        tree.put(made.values, GEOMETRIC + "rotation_p", float(bool(reach)))
        reason = f"Up to {reach:g} degrees either way, in every image." if reach else "Images are not turned."
        made.row(path, (GEOMETRIC + "rotation_max",), reach, reason, kind="changed")
    ends = [made.read(f"trainer.augment_scale_{end}", "float") for end in ("min", "max")]
    scales = any(end not in (None, 1.0) for end in ends)
    reason = "SLEAP enlarged every image by a chance factor." if scales else "A scale of 1 changes nothing."
    made.row("", (GEOMETRIC + "scale_p",), float(scales), reason, kind="info")


def _carry_training(made: _Import, _head: str) -> None:
    said = made.read("trainer.optimizer", "text")
    known = {"adam": "Adam", "adamw": "AdamW"}.get((said or "").strip().lower())
    reason = _SAME if known else f"{shown(said)} is not among the optimizers here, so Adam is used."
    made.row(
        "trainer.optimizer",
        (TRAINER + "optimizer_name",),
        known or "Adam",
        reason,
        kind="mapped" if known else "warning",
    )
    every = bool(made.read("trainer.save_every_epoch", "bool"))
    reason = "The model of every epoch is kept." if every else "Only the best model is kept."
    made.row(
        "trainer.save_every_epoch",
        (TRAINER + "model_ckpt.save_top_k",),
        -1 if every else 1,
        reason,
        kind="mapped",
    )
    best = made.read("trainer.save_best_val", "bool")
    text = "The best model is always kept when models are saved."
    made.row("trainer.save_best_val", (), None, text, kind="warning" if best is False else "dropped")
    steps = made.read("trainer.steps_per_epoch", "int")
    if steps is not None and steps < 200:
        least = TRAINER + "min_train_steps_per_epoch"
        made.row(
            "", (least,), max(steps, 0), "An epoch of SLEAP had exactly its number of steps.", kind="info"
        )
    made.row("", (TRAINER + "save_ckpt",), True, "SLEAP saved its models.", kind="info")


def _carry_files(made: _Import, _head: str) -> None:
    path, said = "labels_filename", made.read("labels_filename", "text")
    new = (DATA + "train_labels_path",)
    if said:
        made.row(path, new, [said], "The labels that are trained on.", kind="mapped")
    else:
        made.row(path, (), None, "Nothing is set here; choose the labels.", kind="info")
    if made.leaves.get("model.skeletons"):
        reason = "The skeleton is taken from the labels."
        made.row("model.skeletons", (), None, reason, kind="dropped")
