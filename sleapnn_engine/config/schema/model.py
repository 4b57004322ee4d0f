"""`model_config`: the network and what it starts from."""

from typing import Optional

import attrs

from sleapnn_engine.config.meta import Choice, section, setting
from sleapnn_engine.config.schema.backbone import BackboneConfig
from sleapnn_engine.config.schema.head import HeadConfig


@attrs.define(kw_only=True)
class ModelConfig:
    init_weights: str = setting(
        "default",
        label="Random start",
        doc="How weights that come from no file are drawn.",
        kind="choice",
        choices=(
            Choice(value="default", label="Kaiming uniform", doc="PyTorch's own rule for each layer."),
            Choice(
                value="xavier",
                label="Xavier",
                doc="Xavier uniform weights and zero biases, as SLEAP 1.4 started.",
            ),
        ),
        advanced=True,
    )
    pretrained_backbone_weights: Optional[str] = setting(
        None,
        label="Backbone weights from",
        doc="Trained model whose backbone this one starts from.",
        kind="file",
        suffixes=(".ckpt", ".h5"),
        null="Random weights, or the ImageNet weights chosen for the backbone.",
        null_label="None",
    )
    pretrained_head_weights: Optional[str] = setting(
        None,
        label="Head weights from",
        doc="Trained model whose head layers this one starts from.",
        kind="file",
        suffixes=(".ckpt", ".h5"),
        null="Random weights.",
        null_label="None",
    )
    backbone_config: BackboneConfig = section(
        BackboneConfig, label="Backbone", doc="The network that reads the image.", one_of="exactly"
    )
    head_configs: HeadConfig = section(
        HeadConfig, label="Model type", doc="What the network is asked to find.", one_of="exactly"
    )
    total_params: Optional[int] = setting(
        None,
        label="Parameters",
        doc="Number of weights of the trained network, written by training.",
        kind="int",
        null="Not trained yet.",
        edited=False,
    )
