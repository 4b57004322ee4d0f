"""Every preset describes a network that can be built, of the size that the settings page says."""

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.presets import Preset, list_presets, load_preset
from sleapnn_engine.heads.kind import Outputs
from sleapnn_engine.models.assemble import outline_network
from sleapnn_engine.models.backbones import required_multiple

NODES = 5


@pytest.mark.parametrize("preset", list_presets(), ids=lambda preset: preset.name)
def test_a_preset_makes_a_network(preset: Preset) -> None:
    values = load_preset(preset.name)
    tree.put(values, "data_config.train_labels_path", ["train.slp"])
    made = build_job(values).model_config
    sizes = Outputs(n_nodes=NODES, n_edges=4, n_classes=2)
    model = outline_network(made, model_type=preset.model_type, outputs=sizes, in_channels=1, input_size=None)
    backbone = getattr(made.backbone_config, preset.backbone)
    # An encoder of timm brings its own; that of the preset halves the image five times.
    stride = 32 if preset.backbone == "timm" else backbone.max_stride
    assert required_multiple(made.backbone_config) == stride
    assert model.parameter_count > 100_000
