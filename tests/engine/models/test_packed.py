"""Packed layers give what the layers they are made of give, for batches and pictures of any size."""

import copy
import itertools

import pytest
import torch
from torch import nn

from sleapnn_engine.models.dense import dense
from sleapnn_engine.models.packed import PackedConv, PackedLinear, pack_weights
from tests.engine.models.networks import BACKBONES, MODEL_TYPES, build, config, images

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="PyTorch is built without oneDNN here"
)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 8, 3, padding=1),
        nn.Conv2d(8, 8, 7, padding=3, groups=8, bias=False),
        nn.Conv2d(4, 6, 2, stride=2, dilation=2),
    ],
    ids=["usual", "each channel by itself", "strided"],
)
@torch.inference_mode()
def test_a_convolution_is_packed_for_one_size_and_good_for_others(layer):
    packed = PackedConv(layer)
    for size in ((2, 16, 16), (1, 40, 24), (5, 8, 8)):
        x = torch.rand(size[0], layer.in_channels, *size[1:]).contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(packed(x), layer(x), rtol=1e-5, atol=1e-6)


@torch.inference_mode()
def test_a_wide_convolution_of_few_pixels_is_a_dense_layer_until_larger_pictures_come():
    layer = nn.Conv2d(700, 800, (3, 5), padding=(1, 2))
    packed = PackedConv(layer)
    weights = layer.weight.numel()
    for size, as_dense in (((4, 2, 2), True), ((1, 3, 4), True), ((2, 6, 5), False), ((4, 2, 2), False)):
        x = torch.rand(size[0], layer.in_channels, *size[1:]).contiguous(memory_format=torch.channels_last)
        made = packed(x)
        torch.testing.assert_close(made, layer(x), rtol=1e-5, atol=1e-5)
        assert made.is_contiguous(memory_format=torch.channels_last)
        held = [part for part in packed.modules() if isinstance(part, PackedLinear)]
        assert bool(held) == as_dense
        assert sum(part._weight.numel() for part in (packed, *held)) == weights  # once, not in both layouts


@torch.inference_mode()
def test_a_dense_layer_is_packed_with_what_follows_it():
    layer = nn.Linear(12, 20)
    packed = PackedLinear(layer.weight, layer.bias)
    for rows in ((3, 5, 7), (1,), (200, 2)):
        x = torch.randn(*rows, 12)
        torch.testing.assert_close(
            dense(packed, x, gelu=True), dense(layer, x, gelu=True), rtol=1e-5, atol=1e-6
        )
        torch.testing.assert_close(packed(x), layer(x), rtol=1e-5, atol=1e-6)


@torch.inference_mode()
def test_layers_that_pad_in_other_ways_stay_as_they_are():
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding="same"), nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect")
    )
    before = copy.deepcopy(network)
    pack_weights(network)
    x = torch.rand(1, 1, 9, 9)
    assert torch.equal(network(x), before(x))


@pytest.mark.parametrize(("backbone", "model_type"), list(itertools.product(BACKBONES, MODEL_TYPES)))
@torch.inference_mode()
def test_every_network_gives_the_same_packed(backbone, model_type):
    network = build(config(backbone, model_type), input_size=(32, 32))
    packed = copy.deepcopy(network)
    pack_weights(packed)
    assert not any(type(layer) in (nn.Conv2d, nn.Linear) for layer in packed.modules())
    for _ in range(2):  # the second time with weights that are laid out
        outputs = packed(images(32, 32))
        for name, output in network(images(32, 32)).items():
            torch.testing.assert_close(outputs[name], output, rtol=1e-4, atol=1e-5)
