"""Keys that later versions of the file format added; kept on a round trip, without effect here."""

_NEWER = (
    "data_config.parallel_caching",
    "data_config.cache_workers",
    "data_config.split",
    "data_config.use_negative_frames",
    "data_config.negative_loss_weight",
    "data_config.augmentation_config.geometric.flip_p",
    "data_config.augmentation_config.geometric.flip_horizontal",
    "data_config.preprocessing.crop_mode",
    "data_config.preprocessing.crop_bbox_aspect",
    "data_config.preprocessing.crop_bbox_padding",
    "data_config.preprocessing.crop_bbox_min_size",
    "data_config.preprocessing.tiling",
    "model_config.backbone_config.pretrained",
    "model_config.head_configs.centered_instance_segmentation",
    "model_config.head_configs.bottomup_segmentation",
    "model_config.head_configs.semantic_segmentation",
    "model_config.head_configs.embedding",
    "model_config.head_configs.bbox_centernet",
    "model_config.head_configs.bbox_ssd",
    "trainer_config.model_ckpt.monitor",
    "trainer_config.model_ckpt.mode",
    "trainer_config.viz_img_format",
    "trainer_config.wandb.viz_enabled",
    "trainer_config.wandb.viz_boxes",
    "trainer_config.wandb.viz_masks",
    "trainer_config.wandb.viz_box_size",
    "trainer_config.wandb.viz_confmap_threshold",
    "trainer_config.wandb.log_viz_table",
    "trainer_config.lr_scheduler.cosine_annealing_warmup",
    "trainer_config.lr_scheduler.linear_warmup_linear_decay",
    "trainer_config.eval",
    "inference_config",
    "data_config.identity",
    "data_config.centroids_from_masks",
    "data_config.bbox_source",
    "data_config.bbox_padding",
    "data_config.preprocessing.burn_in",
    "data_config.preprocessing.background_fill",
    "data_config.preprocessing.crop_centering",
    "model_config.head_configs.centroid.confmaps.centroid_source",
    "model_config.head_configs.centroid.confmaps.use_sigmoid_activation",
    "model_config.head_configs.centroid.confmaps.focal_loss_alpha",
    "model_config.head_configs.centroid.confmaps.focal_loss_beta",
    "model_config.head_configs.centroid.confmaps.focal_loss_pos_threshold",
)


#: The same of keys that several heads have.
_NEWER_NAMES = (".class_output",)
#: Those of them that are known to all versions of 0.3; 0.3.5 knows the others, and 0.1 none.
_SINCE_0_3 = (
    "data_config.augmentation_config.geometric.flip_p",
    "data_config.use_negative_frames",
    "data_config.negative_loss_weight",
    "model_config.head_configs.bottomup_segmentation",
    "model_config.head_configs.centered_instance_segmentation",
    "trainer_config.viz_img_format",
)


def is_known_to(path: str, *, version: str) -> bool:
    """Whether sleap-nn 0.1, 0.3 or 0.3.5 knows a key that came later than the format that is edited here."""
    if version == "0.3":
        return any(path == known or path.startswith(known + ".") for known in _SINCE_0_3)
    return version == "0.3.5" and is_newer_key(path)


def is_newer_key(path: str) -> bool:
    """Whether `path` is, or lies below, a key of a later format version."""
    return path.endswith(_NEWER_NAMES) or any(
        path == known or path.startswith(known + ".") for known in _NEWER
    )
