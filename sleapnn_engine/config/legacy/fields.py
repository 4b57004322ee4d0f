"""Every leaf a SLEAP ≤ 1.4 training file can hold: its kind, SLEAP's own default, and what is dropped."""

from typing import Any

import attrs


@attrs.frozen
class Field:
    """One legacy leaf: `kind` names what `legacy_source` accepts, `default` is what SLEAP used without it."""

    kind: str
    default: Any = None


def _fields(prefix: str, leaves: dict[str, tuple[str, Any]]) -> dict[str, Field]:
    return {f"{prefix}.{name}": Field(kind, default) for name, (kind, default) in leaves.items()}


_CONFMAPS: dict[str, tuple[str, Any]] = {
    "part_names": ("names", None),
    "sigma": ("float", 5.0),
    "output_stride": ("int", 1),
    "loss_weight": ("float", 1.0),
    "offset_refinement": ("bool", False),
}
_ANCHOR: dict[str, tuple[str, Any]] = {"anchor_part": ("text", None)}
_PAFS: dict[str, tuple[str, Any]] = {
    "edges": ("edges", None),
    "sigma": ("float", 15.0),
    "output_stride": ("int", 1),
    "loss_weight": ("float", 1.0),
}
_CLASS_MAPS: dict[str, tuple[str, Any]] = {
    "classes": ("names", None),
    "sigma": ("float", 5.0),
    "output_stride": ("int", 1),
    "loss_weight": ("float", 1.0),
}
_CLASS_VECTORS: dict[str, tuple[str, Any]] = {
    "classes": ("names", None),
    "num_fc_layers": ("int", 1),
    "num_fc_units": ("int", 64),
    "global_pool": ("bool", True),
    "output_stride": ("int", 1),
    "loss_weight": ("float", 1.0),
}

HEADS = "model.heads."
BACKBONES = "model.backbone."
AUGMENT = "optimization.augmentation_config."

#: legacy head -> (its new name, {new section: prefix of the legacy leaves below the head, their table})
HEAD_PARTS: dict[str, tuple[str, dict[str, tuple[str, dict[str, tuple[str, Any]]]]]] = {
    "single_instance": ("single_instance", {"confmaps": ("", _CONFMAPS)}),
    "centroid": (
        "centroid",
        {
            "confmaps": (
                "",
                _ANCHOR | {name: leaf for name, leaf in _CONFMAPS.items() if name != "part_names"},
            )
        },
    ),
    "centered_instance": ("centered_instance", {"confmaps": ("", _ANCHOR | _CONFMAPS)}),
    "multi_instance": ("bottomup", {"confmaps": ("confmaps.", _CONFMAPS), "pafs": ("pafs.", _PAFS)}),
    "multi_class_bottomup": (
        "multi_class_bottomup",
        {"confmaps": ("confmaps.", _CONFMAPS), "class_maps": ("class_maps.", _CLASS_MAPS)},
    ),
    "multi_class_topdown": (
        "multi_class_topdown",
        {
            "confmaps": ("confmaps.", _ANCHOR | _CONFMAPS),
            "class_vectors": ("class_vectors.", _CLASS_VECTORS),
        },
    ),
}

#: backbone -> its leaves; only `unet` has a counterpart
BACKBONE_LEAVES: dict[str, dict[str, tuple[str, Any]]] = {
    "unet": {
        "stem_stride": ("int", None),
        "max_stride": ("int", 16),
        "output_stride": ("int", 1),
        "filters": ("int", 64),
        "filters_rate": ("float", 2.0),
        "middle_block": ("bool", True),
        "up_interpolate": ("bool", False),
        "stacks": ("int", 1),
    },
    "leap": {
        "max_stride": ("int", 8),
        "output_stride": ("int", 1),
        "filters": ("int", 64),
        "filters_rate": ("float", 2.0),
        "up_interpolate": ("bool", False),
        "stacks": ("int", 1),
    },
    "hourglass": {
        "stem_stride": ("int", 4),
        "max_stride": ("int", 64),
        "output_stride": ("int", 4),
        "stem_filters": ("int", 128),
        "filters": ("int", 256),
        "filter_increase": ("int", 128),
        "stacks": ("int", 3),
    },
    "resnet": {
        "version": ("text", "ResNet50"),
        "weights": ("text", "frozen"),
        "upsampling": ("any", None),
        "max_stride": ("int", 32),
        "output_stride": ("int", 4),
    },
    "pretrained_encoder": {
        "encoder": ("text", "efficientnetb0"),
        "pretrained": ("bool", True),
        "decoder_filters": ("int", 256),
        "decoder_filters_rate": ("float", 1.0),
        "output_stride": ("int", 2),
    },
}


_LABELS: dict[str, tuple[str, Any]] = {
    "training_labels": ("paths", None),
    "validation_labels": ("paths", None),
    "validation_fraction": ("float", 0.1),
    "test_labels": ("paths", None),
    "split_by_inds": ("bool", False),
    "training_inds": ("any", None),
    "validation_inds": ("any", None),
    "test_inds": ("any", None),
    "search_path_hints": ("any", None),
    "skeletons": ("any", None),
}
_PREPROCESSING: dict[str, tuple[str, Any]] = {
    "ensure_rgb": ("bool", False),
    "ensure_grayscale": ("bool", False),
    "imagenet_mode": ("text", None),
    "input_scaling": ("float", 1.0),
    "pad_to_stride": ("int", None),
    "resize_and_pad_to_target": ("bool", True),
    "target_height": ("int", None),
    "target_width": ("int", None),
}
_CROPPING: dict[str, tuple[str, Any]] = {
    "center_on_part": ("text", None),
    "crop_size": ("int", None),
    "crop_size_detection_padding": ("int", 16),
}
_OPTIMIZATION: dict[str, tuple[str, Any]] = {
    "preload_data": ("bool", True),
    "online_shuffling": ("bool", True),
    "shuffle_buffer_size": ("int", 128),
    "prefetch": ("bool", True),
    "num_workers": ("int", None),
    "batch_size": ("int", 8),
    "batches_per_epoch": ("int", None),
    "min_batches_per_epoch": ("int", 200),
    "val_batches_per_epoch": ("int", None),
    "min_val_batches_per_epoch": ("int", 10),
    "epochs": ("int", 100),
    "optimizer": ("text", "adam"),
    "initial_learning_rate": ("float", 1e-4),
}
_AUGMENTATION: dict[str, tuple[str, Any]] = {
    "rotate": ("bool", False),
    "rotation_min_angle": ("float", -180.0),
    "rotation_max_angle": ("float", 180.0),
    "translate": ("bool", False),
    "translate_min": ("float", -5.0),
    "translate_max": ("float", 5.0),
    "scale": ("bool", False),
    "scale_min": ("float", 0.9),
    "scale_max": ("float", 1.1),
    "uniform_noise": ("bool", False),
    "uniform_noise_min_val": ("float", 0.0),
    "uniform_noise_max_val": ("float", 10.0),
    "gaussian_noise": ("bool", False),
    "gaussian_noise_mean": ("float", 5.0),
    "gaussian_noise_stddev": ("float", 1.0),
    "contrast": ("bool", False),
    "contrast_min_gamma": ("float", 0.5),
    "contrast_max_gamma": ("float", 2.0),
    "brightness": ("bool", False),
    "brightness_min_val": ("float", 0.0),
    "brightness_max_val": ("float", 10.0),
    "random_crop": ("bool", False),
    "random_crop_height": ("int", 256),
    "random_crop_width": ("int", 256),
    "random_flip": ("bool", False),
    "flip_horizontal": ("bool", True),
}
_SCHEDULE: dict[str, tuple[str, Any]] = {
    "reduce_on_plateau": ("bool", True),
    "reduction_factor": ("float", 0.5),
    "plateau_min_delta": ("float", 1e-6),
    "plateau_patience": ("int", 5),
    "plateau_cooldown": ("int", 3),
    "min_learning_rate": ("float", 1e-8),
}
_MINING: dict[str, tuple[str, Any]] = {
    "online_mining": ("bool", False),
    "hard_to_easy_ratio": ("float", 2.0),
    "min_hard_keypoints": ("int", 2),
    "max_hard_keypoints": ("int", None),
    "loss_scale": ("float", 5.0),
}
_STOPPING: dict[str, tuple[str, Any]] = {
    "stop_training_on_plateau": ("bool", True),
    "plateau_min_delta": ("float", 1e-6),
    "plateau_patience": ("int", 10),
}
_OUTPUTS: dict[str, tuple[str, Any]] = {
    "save_outputs": ("bool", True),
    "run_name": ("text", None),
    "run_name_prefix": ("text", ""),
    "run_name_suffix": ("text", None),
    "runs_folder": ("text", "models"),
    "tags": ("any", None),
    "save_visualizations": ("bool", True),
    "keep_viz_images": ("bool", False),
    "zip_outputs": ("bool", False),
    "log_to_csv": ("bool", True),
}
_CHECKPOINTING: dict[str, tuple[str, Any]] = {
    "initial_model": ("bool", False),
    "best_model": ("bool", True),
    "every_epoch": ("bool", False),
    "latest_model": ("bool", False),
    "final_model": ("bool", False),
}
_TENSORBOARD: dict[str, tuple[str, Any]] = {
    "write_logs": ("bool", False),
    "loss_frequency": ("text", "epoch"),
    "architecture_graph": ("bool", False),
    "profile_graph": ("bool", False),
    "visualizations": ("bool", True),
}
_ZMQ: dict[str, tuple[str, Any]] = {
    "subscribe_to_controller": ("bool", False),
    "controller_address": ("text", "tcp://127.0.0.1:9000"),
    "controller_polling_timeout": ("int", 10),
    "publish_updates": ("bool", False),
    "publish_address": ("text", "tcp://127.0.0.1:9001"),
}


def _all_fields() -> dict[str, Field]:
    fields = {
        **_fields("data.labels", _LABELS),
        **_fields("data.preprocessing", _PREPROCESSING),
        **_fields("data.instance_cropping", _CROPPING),
        **_fields("model", {"base_checkpoint": ("text", None)}),
        **_fields("optimization", _OPTIMIZATION),
        **_fields(AUGMENT[:-1], _AUGMENTATION),
        **_fields("optimization.learning_rate_schedule", _SCHEDULE),
        **_fields("optimization.hard_keypoint_mining", _MINING),
        **_fields("optimization.early_stopping", _STOPPING),
        **_fields("outputs", _OUTPUTS),
        **_fields("outputs.checkpointing", _CHECKPOINTING),
        **_fields("outputs.tensorboard", _TENSORBOARD),
        **_fields("outputs.zmq", _ZMQ),
    }
    for backbone, leaves in BACKBONE_LEAVES.items():
        fields |= _fields(BACKBONES + backbone, leaves)
    for head, (_, parts) in HEAD_PARTS.items():
        for prefix, leaves in parts.values():
            fields |= _fields(f"{HEADS}{head}.{prefix}".rstrip("."), leaves)
    return fields | {name: Field("text", "") for name in ("name", "description", "sleap_version", "filename")}


FIELDS = _all_fields()

#: Every section of the format, the heads' and backbones' included.
SECTIONS = frozenset(".".join(path.split(".")[: i + 1]) for path in FIELDS for i in range(path.count(".")))

_TENSORBOARD_SAYS = (
    "Nothing is written for TensorBoard; the run folder's journal and CSV file hold the curves."
)

#: legacy leaf -> why nothing corresponds to it, for leaves that are dropped whatever they say
DROPPED = {
    "data.labels.search_path_hints": "Labels name their own videos; there is no list of folders to search.",
    "data.preprocessing.pad_to_stride": "Images are always padded to the backbone's max stride.",
    "optimization.shuffle_buffer_size": "All frames are shuffled, not a buffer of them.",
    "optimization.prefetch": "Batches are always prepared ahead.",
    "optimization.val_batches_per_epoch": "Each validation goes through all validation frames once.",
    "optimization.min_val_batches_per_epoch": "Each validation goes through all validation frames once.",
    "outputs.tags": "Runs carry no tags; the description can hold them.",
    "outputs.zip_outputs": "The run folder is not zipped.",
    "outputs.log_to_csv": "The CSV file is always written.",
    "outputs.checkpointing.initial_model": "The untrained model is not saved.",
    "outputs.checkpointing.final_model": "The last model is saved by trainer_config.model_ckpt.save_last.",
    **{f"outputs.tensorboard.{name}": _TENSORBOARD_SAYS for name in _TENSORBOARD},
    "sleap_version": "The new file carries the version of the program that writes it.",
    "filename": "The file's own name is not kept inside it.",
}
