"""The random start of every kind of layer on every backbone."""

import math

import pytest
import torch
from torch import nn

from sleapnn_engine.models.assemble import PoseModel
from tests.engine.models.networks import BACKBONES, build, config


def network(backbone: str, method: str) -> PoseModel:
    made = config(backbone, "multi_class_topdown", up_interpolate=False)
    made.init_weights = method
    return build(made)


def layers(model: PoseModel) -> list[tuple[str, nn.Module]]:
    return [(name, layer) for name, layer in model.named_modules() if list(layer.parameters(recurse=False))]


def is_attention_dense(name: str) -> bool:
    """The dense layers of Swin blocks start by a rule of their own."""
    return ".enc." in name and ".mlp." in name


@pytest.mark.setting("model_config.init_weights")
@pytest.mark.parametrize("backbone", BACKBONES)
def test_default_is_the_rule_of_each_layer(backbone: str) -> None:
    seen = set()
    for name, layer in layers(network(backbone, "default")):
        seen.add(type(layer).__name__)
        if is_attention_dense(name) and backbone == "swint":
            outputs, inputs = layer.weight.shape
            assert layer.weight.abs().max() <= math.sqrt(6 / (inputs + outputs))
            assert 0 < layer.bias.abs().max() < 1e-5
        elif isinstance(layer, nn.Conv2d | nn.Linear) and (backbone != "timm" or ".enc." not in name):
            limit = 1 / math.sqrt(layer.weight[0].numel())
            assert 0.5 * limit < layer.weight.abs().max() <= limit * 1.0001
            assert layer.bias is None or 0 < layer.bias.abs().max() <= limit * 1.0001
        elif hasattr(layer, "layer_scale"):
            assert torch.equal(layer.layer_scale, torch.full_like(layer.layer_scale, 1e-6))
        elif hasattr(layer, "relative_position_bias_table"):
            assert 0.005 < layer.relative_position_bias_table.std() < 0.04
        elif isinstance(layer, nn.LayerNorm):
            assert torch.equal(layer.weight, torch.ones_like(layer.weight))
    own = {
        "unet": set(),
        "convnext": {"Residual", "ChannelNorm"},
        "swint": {"WindowAttention", "LayerNorm"},
        "timm": set(),
    }
    assert seen >= {"Conv2d", "ConvTranspose2d", "Linear"} | own[backbone]


@pytest.mark.setting("model_config.init_weights")
@pytest.mark.parametrize("backbone", BACKBONES)
def test_xavier_is_for_convolutions_and_dense_layers_everywhere(backbone: str) -> None:
    default = dict(network(backbone, "default").named_modules())
    for name, layer in layers(network(backbone, "xavier")):
        before = default[name]
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            area = layer.weight[0][0].numel()
            limit = math.sqrt(6 / (area * (len(layer.weight) + layer.weight.shape[1])))
            assert 0.5 * limit < layer.weight.abs().max() <= limit * 1.0001
            assert layer.bias is None or not layer.bias.any()
        else:
            for a, b in zip(layer.parameters(recurse=False), before.parameters(recurse=False), strict=True):
                assert torch.equal(a, b)
