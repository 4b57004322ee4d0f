"""Keys that later versions of the file format added: kept on a round trip, and what happens here in place of them."""

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Newer:
    """A key that came later: which values of it ask for nothing, and what happens here where it asks for something.

    What is `needed` makes another network or another input of the same file, so that no model comes of leaving it out.
    """

    usual: tuple[Any, ...] = (None, False)
    effect: str = ""
    needed: bool = False

    def asks(self, value: Any) -> bool:
        """Whether the value asks for something; a section that can be off does so by its `enabled`."""
        value = value.get("enabled", True) if isinstance(value, Mapping) else value
        return not any(
            value == usual and isinstance(value, bool) == isinstance(usual, bool) for usual in self.usual
        )


NEWER = {
    "data_config.parallel_caching": Newer(usual=(None, True, False)),
    "data_config.cache_workers": Newer(usual=(None, 0)),
    "data_config.split": Newer(
        usual=(None,), effect="Frames are set aside for validation as this program does it."
    ),
    "data_config.augmentation_config.geometric.flip_p": Newer(
        usual=(None, 0.0), effect="Training images are not mirrored."
    ),
    "data_config.augmentation_config.geometric.flip_horizontal": Newer(),
    "data_config.preprocessing.crop_mode": Newer(
        usual=(None, "fixed"),
        effect="Crops are cut around centres at one size, which is not what such a model looks at.",
        needed=True,
    ),
    "data_config.preprocessing.crop_bbox_aspect": Newer(),
    "data_config.preprocessing.crop_bbox_padding": Newer(),
    "data_config.preprocessing.crop_bbox_min_size": Newer(),
    "data_config.preprocessing.tiling": Newer(
        usual=(None, False), effect="The network looks at whole images, not at tiles."
    ),
    "model_config.backbone_config.pretrained": Newer(
        usual=(None,), effect="Its encoders of Hugging Face are not there; those of timm are."
    ),
    "model_config.head_configs.centered_instance_segmentation": Newer(
        usual=(None,), effect="Models that find masks of animals are not trained here."
    ),
    "model_config.head_configs.bottomup_segmentation": Newer(
        usual=(None,), effect="Models that find masks of animals are not trained here."
    ),
    "model_config.head_configs.semantic_segmentation": Newer(
        usual=(None,), effect="Models that find masks of animals are not trained here."
    ),
    "model_config.head_configs.embedding": Newer(
        usual=(None,), effect="Models that learn what tells animals apart are not trained here."
    ),
    "model_config.head_configs.bbox_centernet": Newer(
        usual=(None,), effect="Models that find boxes around animals are not trained here."
    ),
    "model_config.head_configs.bbox_ssd": Newer(
        usual=(None,), effect="Models that find boxes around animals are not trained here."
    ),
    "trainer_config.viz_img_format": Newer(
        usual=(None, "png"), effect="Pictures of the progress are PNG files."
    ),
    "trainer_config.wandb.viz_enabled": Newer(),
    "trainer_config.wandb.viz_boxes": Newer(),
    "trainer_config.wandb.viz_masks": Newer(),
    "trainer_config.wandb.viz_box_size": Newer(),
    "trainer_config.wandb.viz_confmap_threshold": Newer(),
    "trainer_config.wandb.log_viz_table": Newer(),
    "trainer_config.eval": Newer(
        usual=(None, False), effect="Every epoch is measured as this program does it."
    ),
    "inference_config": Newer(),
    "data_config.identity": Newer(),
    "data_config.centroids_from_masks": Newer(),
    "data_config.bbox_source": Newer(usual=(None, "auto")),
    "data_config.bbox_padding": Newer(),
    "data_config.preprocessing.burn_in": Newer(),
    "data_config.preprocessing.background_fill": Newer(usual=(None, "black")),
    "data_config.preprocessing.crop_centering": Newer(usual=(None, "auto")),
    "model_config.head_configs.centroid.confmaps.centroid_source": Newer(
        usual=(None, "computed"),
        effect="Marks of centres are learned beside the centres of labelled animals.",
    ),
    "model_config.head_configs.centroid.confmaps.use_sigmoid_activation": Newer(
        usual=(None, False), effect="A network that ends in a sigmoid is another network.", needed=True
    ),
    "model_config.head_configs.centroid.confmaps.focal_loss_alpha": Newer(
        usual=(None, 0.0), effect="The loss is the mean squared error."
    ),
    "model_config.head_configs.centroid.confmaps.focal_loss_beta": Newer(
        usual=(None, 4.0), effect="The loss is the mean squared error."
    ),
    "model_config.head_configs.centroid.confmaps.focal_loss_pos_threshold": Newer(
        usual=(None, 0.5), effect="The loss is the mean squared error."
    ),
}


#: The same of keys that several heads have.
_NEWER_NAMES = (".class_output",)
#: Those of them that are known to all versions of 0.3; 0.3.5 knows the others, and 0.1 none.
_SINCE_0_3 = (
    "data_config.augmentation_config.geometric.flip_p",
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
    return newer_key(path) is not None


def newer_key(path: str) -> Newer | None:
    """What is known of `path`, or of the key of a later format version that it lies below."""
    if path.endswith(_NEWER_NAMES):
        return Newer(usual=(None, "identity"))
    return next(
        (newer for known, newer in NEWER.items() if path == known or path.startswith(known + ".")), None
    )
