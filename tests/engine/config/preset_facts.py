"""What the eleven published samples hold wherever they differ from the guide's defaults, told once, by code."""

from typing import Any

DATA = "data_config."
INTENSITY = "data_config.augmentation_config.intensity."
GEOMETRIC = "data_config.augmentation_config.geometric."
MODEL = "model_config."
TRAINER = "trainer_config."

#: code of a sample -> (file name without ending, model type, backbone)
SAMPLES = {
    "SIm": ("config_single_instance_unet_medium_rf", "single_instance", "unet"),
    "SIl": ("config_single_instance_unet_large_rf", "single_instance", "unet"),
    "CEu": ("config_centroid_unet", "centroid", "unet"),
    "CEs": ("config_centroid_swint", "centroid", "swint"),
    "TDm": ("config_topdown_centered_instance_unet_medium_rf", "centered_instance", "unet"),
    "TDl": ("config_topdown_centered_instance_unet_large_rf", "centered_instance", "unet"),
    "TDc": ("config_topdown_multi_class_centered_instance_unet", "multi_class_topdown", "unet"),
    "BUm": ("config_bottomup_unet_medium_rf", "bottomup", "unet"),
    "BUl": ("config_bottomup_unet_large_rf", "bottomup", "unet"),
    "BUc": ("config_bottomup_convnext", "bottomup", "convnext"),
    "MCb": ("config_multi_class_bottomup_unet", "multi_class_bottomup", "unet"),
}

_ALL: dict[str, Any] = {
    INTENSITY + "gaussian_noise_mean": 5,
    GEOMETRIC + "affine_p": 1,
    TRAINER + "train_data_loader.batch_size": 4,
    TRAINER + "val_data_loader.batch_size": 4,
    TRAINER + "model_ckpt.save_last": False,
    TRAINER + "visualize_preds_during_training": True,
    TRAINER + "save_ckpt": True,
}
_PLATEAU = TRAINER + "lr_scheduler.reduce_lr_on_plateau."
#: What the seven samples that SLEAP's window offers have in common.
_SEVEN: dict[str, Any] = {
    INTENSITY + "contrast_min": 0.5,
    INTENSITY + "contrast_max": 2,
    INTENSITY + "brightness_min": 0,
    INTENSITY + "brightness_max": 2,
    TRAINER + "max_epochs": 200,
    TRAINER + "ckpt_dir": "models",
    _PLATEAU + "threshold": 1e-08,
    TRAINER + "zmq.publish_port": 9001,
    TRAINER + "zmq.controller_port": 9000,
}
#: What the other four have in common, epochs apart.
_FOUR: dict[str, Any] = {
    INTENSITY + "brightness_min": 0.9,
    INTENSITY + "brightness_max": 1.1,
    GEOMETRIC + "scale_min": 1,
    GEOMETRIC + "scale_max": 1,
    MODEL + "init_weights": "xavier",
}
_OWN: dict[str, dict[str, Any]] = {
    "SIl": {_PLATEAU + "threshold": 1e-05},
    "CEu": {DATA + "preprocessing.scale": 0.5, TRAINER + "early_stopping.patience": 20},
    "CEs": {
        DATA + "preprocessing.scale": 0.5,
        TRAINER + "max_epochs": 30,
        TRAINER + "wandb.project": "project_name",
        TRAINER + "wandb.name": "run_name",
        TRAINER + "wandb.api_key": "",
        TRAINER + "wandb.wandb_mode": "",
    },
    "TDc": {TRAINER + "max_epochs": 30},
    "BUm": {_PLATEAU + "patience": 8},
    "BUl": {_PLATEAU + "patience": 8},
    "BUc": {TRAINER + "max_epochs": 40},
    "MCb": {TRAINER + "max_epochs": 40},
}
_BACKBONES: dict[str, dict[str, Any]] = {
    "SIm": {"filters": 16, "filters_rate": 2, "output_stride": 2},
    "SIl": {"max_stride": 32, "output_stride": 4},
    "CEu": {"filters": 16, "filters_rate": 2, "output_stride": 2},
    "CEs": {"max_stride": 16, "output_stride": 2},
    "TDm": {"filters": 24, "filters_rate": 2, "output_stride": 4},
    "TDl": {"filters": 24, "max_stride": 32, "output_stride": 4},
    "TDc": {"filters": 16, "output_stride": 2},
    "BUm": {"filters": 16, "filters_rate": 2, "max_stride": 32, "output_stride": 4},
    "BUl": {"max_stride": 64, "output_stride": 4},
    "BUc": {"max_stride": 16, "output_stride": 2},
    "MCb": {"filters": 16, "max_stride": 8, "output_stride": 2},
}
_PAFS = {"confmaps.loss_weight": 1, "pafs.loss_weight": 1}
_BOTTOM_UP = {
    "confmaps.sigma": 2.5,
    "confmaps.output_stride": 4,
    "pafs.sigma": 75,
    "pafs.output_stride": 8,
    **_PAFS,
}
_HEADS: dict[str, dict[str, Any]] = {
    "SIm": {"confmaps.sigma": 2.5, "confmaps.output_stride": 2},
    "SIl": {"confmaps.sigma": 2.5, "confmaps.output_stride": 4},
    "CEu": {"confmaps.sigma": 2.5, "confmaps.output_stride": 2},
    "CEs": {"confmaps.sigma": 1.5, "confmaps.output_stride": 2},
    "TDm": {"confmaps.sigma": 2.5, "confmaps.output_stride": 4, "confmaps.loss_weight": 1},
    "TDl": {"confmaps.sigma": 2.5, "confmaps.output_stride": 4, "confmaps.loss_weight": 1},
    "TDc": {
        "confmaps.sigma": 1.5,
        "confmaps.output_stride": 2,
        "class_vectors.num_fc_layers": 3,
        "class_vectors.loss_weight": 0.01,
    },
    "BUm": _BOTTOM_UP,
    "BUl": _BOTTOM_UP,
    "BUc": {
        "confmaps.sigma": 1.5,
        "confmaps.output_stride": 2,
        "pafs.sigma": 50,
        "pafs.output_stride": 4,
        **_PAFS,
    },
    "MCb": {
        "confmaps.sigma": 1.5,
        "confmaps.output_stride": 2,
        "confmaps.loss_weight": 1,
        "class_maps.sigma": 50,
        "class_maps.output_stride": 4,
        "class_maps.loss_weight": 1,
    },
}


def published(code: str) -> dict[str, Any]:
    """Every value of a published sample that is not the guide's default, by dotted path."""
    _, head, backbone = SAMPLES[code]
    common = _FOUR if code in ("CEs", "TDc", "BUc", "MCb") else _SEVEN
    return {
        **_ALL,
        **common,
        **_OWN.get(code, {}),
        **{f"{MODEL}backbone_config.{backbone}.{name}": value for name, value in _BACKBONES[code].items()},
        **{f"{MODEL}head_configs.{head}.{name}": value for name, value in _HEADS[code].items()},
    }
