"""Every preset describes a network that can be built, of the size that the settings page says."""

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.presets import Preset, list_presets, load_preset
from sleapnn_engine.models.assemble import count_parameters
from sleapnn_engine.models.backbones import required_multiple

NODES = 5


@pytest.mark.parametrize("preset", list_presets(), ids=lambda preset: preset.name)
def test_a_preset_makes_a_network(preset: Preset) -> None:
    values = load_preset(preset.name)
    tree.put(values, "data_config.train_labels_path", ["train.slp"])
    made = build_job(values).model_config
    counted = count_parameters(
        made, model_type=preset.model_type, n_nodes=NODES, n_edges=4, n_classes=2, in_channels=1
    )
    backbone = getattr(made.backbone_config, preset.backbone)
    # An encoder of timm brings its own; that of the preset halves the image five times.
    stride = 32 if preset.backbone == "timm" else backbone.max_stride
    assert required_multiple(made.backbone_config) == stride
    assert counted > 100_000
