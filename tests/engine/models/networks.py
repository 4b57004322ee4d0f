"""Small networks of every kind, described by the config they would be trained from."""

from typing import Any

import torch
from torch import Tensor

from sleapnn_engine.config.schema import backbone as backbones
from sleapnn_engine.config.schema import head as heads
from sleapnn_engine.config.schema.model import ModelConfig
from sleapnn_engine.models.assemble import PoseModel, build_network

MODEL_TYPES = {
    "single_instance": heads.SingleInstanceConfig,
    "centroid": heads.CentroidConfig,
    "centered_instance": heads.CenteredInstanceConfig,
    "bottomup": heads.BottomUpConfig,
    "multi_class_bottomup": heads.MultiClassBottomUpConfig,
    "multi_class_topdown": heads.MultiClassTopDownConfig,
}
BACKBONES = {
    "unet": backbones.UNetConfig,
    "convnext": backbones.ConvNextConfig,
    "swint": backbones.SwinTConfig,
    "timm": backbones.TimmConfig,
}
SMALL: dict[str, dict[str, Any]] = {
    "unet": {"filters": 6, "max_stride": 8},
    "convnext": {"arch": {"depths": [1, 1, 2, 1], "channels": [6, 8, 10, 12]}, "filters_rate": 1.5},
    "swint": {
        "arch": {"embed": 4, "depths": [1, 2, 1, 1], "num_heads": [1, 2, 2, 4]},
        "filters_rate": 1.5,
        "window_size": 3,
    },
    "timm": {"model_name": "test_resnet", "filters": 6},
}


def config(
    backbone: str,
    head: str,
    /,
    *,
    stride: int = 2,
    second: int = 4,
    small: bool = True,
    vectors: dict[str, Any] | None = None,
    **settings: Any,
) -> ModelConfig:
    """A config of one backbone and one model type; `settings` are keys of the backbone.

    `stride` and `second` are the strides of the first and second head, `vectors` keys of the class vectors.
    """
    values = {**(SMALL[backbone] if small else {}), **settings}
    if backbone == "convnext" and values.get("arch") is not None:
        values["arch"] = backbones.ConvNextArch(**values["arch"])
    made = ModelConfig()
    setattr(made.backbone_config, backbone, BACKBONES[backbone](**values))
    section: Any = MODEL_TYPES[head]()
    section.confmaps.output_stride = stride
    for name in ("pafs", "class_maps"):
        if hasattr(section, name):
            getattr(section, name).output_stride = second
    for name, value in (vectors or {}).items():
        setattr(section.class_vectors, name, value)
    setattr(made.head_configs, head, section)
    return made


def build(made: ModelConfig, *, seed: int = 0, channels: int = 1, **sizes: Any) -> PoseModel:
    """The network of a config for 3 nodes, 2 edges and 2 classes, ready to be looked at."""
    torch.manual_seed(seed)
    model_type = next(name for name in MODEL_TYPES if getattr(made.head_configs, name) is not None)
    counts = {"n_nodes": 3, "n_edges": 2, "n_classes": 2, **sizes}
    return build_network(made, model_type=model_type, in_channels=channels, **counts).eval()


def images(*size: int, batch: int = 2, channels: int = 1) -> Tensor:
    """The same random images at every call."""
    return torch.rand(batch, channels, *size, generator=torch.Generator().manual_seed(1))


def shapes(model: PoseModel) -> list[tuple[str, str]]:
    """Name and shape of all that a file of the model holds, in order."""
    return [(name, str(tuple(value.shape))) for name, value in model.state_dict().items()]
