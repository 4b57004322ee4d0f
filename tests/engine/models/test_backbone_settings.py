"""Each setting of a backbone, read off the network that is built from it."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sleapnn_engine.models.assemble import PoseModel
from tests.engine.models.networks import BACKBONES, build, config, images

PYRAMIDS = ("convnext", "swint")


def network(backbone: str, **settings: Any) -> PoseModel:
    return build(config(backbone, "single_instance", **settings))


def kernels(model: PoseModel, part: str) -> dict[str, int]:
    """Side of every convolution whose name holds `part`, by name."""
    return {
        name: layer.kernel_size[0]
        for name, layer in model.backbone.named_modules()
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and part in name
    }


def convolutions(model: PoseModel, part: str) -> int:
    return len(kernels(model, part))


def strides(model: PoseModel, side: int = 128) -> list[int]:
    """Input pixels per cell of each map, coarsest first, measured on the maps themselves."""
    with torch.no_grad():
        return [side // value.shape[-1] for value in model.backbone(images(side, side)).values()]


def reach(model: PoseModel, side: int = 256) -> int:
    """How many pixels across one cell in the middle of the coarsest map looks at."""
    for value in model.parameters():
        nn.init.constant_(value, 0.01)  # no sum is zero by chance, and no unit is off
    picture = torch.ones(1, 1, side, side, requires_grad=True)
    coarsest = next(iter(model.backbone(picture).values()))
    middle = coarsest.shape[-1] // 2
    coarsest[0, :, middle, middle].sum().backward()
    seen = picture.grad[0, 0].any(dim=0).nonzero()
    return int(seen.max() - seen.min()) + 1


@pytest.mark.setting("model_config.backbone_config.unet.kernel_size")
@pytest.mark.parametrize("side", [1, 5])
def test_kernel_size_is_the_side_of_a_unets_convolutions(side: int) -> None:
    model = network("unet", kernel_size=side, stem_stride=2, max_stride=16)
    for part in ("encoders", "middle_blocks", "decoders"):
        assert set(kernels(model, part).values()) == {side}
    assert set(kernels(model, "stem").values()) == {7}


@pytest.mark.setting(
    "model_config.backbone_config.convnext.kernel_size", "model_config.backbone_config.swint.kernel_size"
)
@pytest.mark.parametrize("side", [1, 5])
@pytest.mark.parametrize("backbone", PYRAMIDS)
def test_kernel_size_is_the_side_of_what_comes_after_the_encoder(backbone: str, side: int) -> None:
    model = network(backbone, kernel_size=side)
    assert set(kernels(model, "middle_blocks").values()) == {side}
    assert set(kernels(model, "dec.").values()) == {side}
    assert kernels(model, "enc.") == kernels(network(backbone), "enc.")


@pytest.mark.setting(
    "model_config.backbone_config.unet.filters", "model_config.backbone_config.unet.filters_rate"
)
@pytest.mark.parametrize(("filters", "rate"), [(6, 1.5), (4, 2.0), (5, 1.0)])
def test_channels_begin_with_filters_and_grow_by_their_rate(filters: int, rate: float) -> None:
    model = network("unet", filters=filters, filters_rate=rate)
    assert model.backbone.encoders[0].channels == [int(filters * rate**block) for block in range(3)]
    assert list(model.backbone.channels_at.values()) == [int(filters * rate**block) for block in (3, 2, 1)]


@pytest.mark.setting(
    "model_config.backbone_config.convnext.filters_rate", "model_config.backbone_config.swint.filters_rate"
)
@pytest.mark.parametrize("rate", [1.0, 2.0])
@pytest.mark.parametrize("backbone", PYRAMIDS)
def test_a_pyramids_decoder_narrows_by_the_rate(backbone: str, rate: float) -> None:
    model = network(backbone, filters_rate=rate)
    first = model.backbone.shape.widths[0]
    bottleneck, *decoder = model.backbone.channels_at.values()
    assert bottleneck == model.backbone.shape.widths[-1] * rate
    assert decoder == [first * rate**block for block in (3, 2, 1, 0)]


@pytest.mark.setting("model_config.backbone_config.unet.max_stride")
def test_max_stride_is_that_of_the_coarsest_map_and_doubling_it_doubles_the_reach() -> None:
    small, large = network("unet", max_stride=8), network("unet", max_stride=16)
    assert (strides(small), strides(large)) == ([8, 4, 2], [16, 8, 4, 2])
    assert 1.9 < reach(large) / reach(small) < 2.2


@pytest.mark.setting("model_config.backbone_config.unet.stem_stride")
@pytest.mark.parametrize("stem", [2, 4])
def test_a_stem_shrinks_before_the_encoder_with_large_kernels(stem: int) -> None:
    model = network("unet", stem_stride=stem, max_stride=16)
    with torch.no_grad():
        assert model.backbone.stem(images(64, 64)).shape[-1] == 64 // stem
    assert list(kernels(model, "stem").values()) == [7] * 2 * int(math.log2(stem))
    assert len(model.backbone.encoders[0].channels) == 4 - math.log2(stem)
    assert strides(model)[0] == 32
    assert not hasattr(network("unet", stem_stride=None).backbone, "stem")


@pytest.mark.setting("model_config.backbone_config.unet.middle_block")
def test_the_middle_block_is_there_or_not() -> None:
    on, off = network("unet"), network("unet", middle_block=False)
    assert (convolutions(on, "middle"), convolutions(off, "middle")) == (2, 0)
    assert strides(on) == strides(off)
    assert on.backbone.channels_at[8] > off.backbone.channels_at[8] == off.backbone.encoders[0].channels[-1]


@pytest.mark.setting(
    "model_config.backbone_config.unet.up_interpolate",
    "model_config.backbone_config.convnext.up_interpolate",
    "model_config.backbone_config.swint.up_interpolate",
    "model_config.backbone_config.timm.up_interpolate",
)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_enlarging_is_learned_where_it_is_not_interpolated(backbone: str) -> None:
    def learned(model: PoseModel) -> int:
        return sum(isinstance(layer, nn.ConvTranspose2d) for layer in model.backbone.modules())

    interpolated, transposed = (network(backbone, up_interpolate=value) for value in (True, False))
    steps = len(interpolated.backbone.channels_at) - 1
    assert (learned(interpolated), learned(transposed)) == (0, steps)
    assert strides(interpolated) == strides(transposed)


@pytest.mark.setting("model_config.backbone_config.unet.stacks")
def test_stacks_are_whole_networks_one_after_the_other() -> None:
    one, three = network("unet"), network("unet", stacks=3)
    for part in ("encoders", "middle_blocks", "decoders"):
        assert convolutions(three, part) == 3 * convolutions(one, part)
    order: list[str] = []
    for name, layer in three.backbone.named_modules():
        if name.count(".") == 1 and not name.startswith("middle"):
            layer.register_forward_hook(lambda *_, name=name: order.append(name))
    strides(three)
    assert order == [f"{part}.{stack}" for stack in range(3) for part in ("encoders", "decoders")]


@pytest.mark.setting("model_config.backbone_config.unet.convs_per_block")
@pytest.mark.parametrize("convs", [1, 2, 4])
def test_convs_per_block_counts_in_the_encoder_and_middle_but_not_in_the_decoder(convs: int) -> None:
    model = network("unet", convs_per_block=convs, stem_stride=2, max_stride=16)
    assert convolutions(model, "stem") == convs
    assert convolutions(model, "encoders") == 3 * convs
    assert convolutions(model, "middle_blocks") == convs
    assert convolutions(model, "decoders") == 2 * 4


@pytest.mark.setting(
    "model_config.backbone_config.convnext.convs_per_block",
    "model_config.backbone_config.swint.convs_per_block",
)
@pytest.mark.parametrize("convs", [1, 2, 4])
@pytest.mark.parametrize("backbone", PYRAMIDS)
def test_convs_per_block_counts_in_a_pyramids_middle_alone(backbone: str, convs: int) -> None:
    model = network(backbone, convs_per_block=convs)
    assert convolutions(model, "middle_blocks") == convs
    assert [convolutions(model, part) for part in ("enc.", "dec.")] == [
        convolutions(network(backbone), part) for part in ("enc.", "dec.")
    ]


@pytest.mark.setting(
    "model_config.backbone_config.convnext.stem_patch_stride",
    "model_config.backbone_config.swint.stem_patch_stride",
    "model_config.backbone_config.convnext.max_stride",
    "model_config.backbone_config.swint.max_stride",
)
@pytest.mark.parametrize(("stem", "deepest"), [(2, 32), (4, 64)])
@pytest.mark.parametrize("backbone", PYRAMIDS)
def test_the_stem_stride_is_the_first_step_and_a_sixteenth_of_the_last(
    backbone: str, stem: int, deepest: int
) -> None:
    model = network(backbone, stem_patch_stride=stem, max_stride=deepest, stride=2)
    assert strides(model)[0] == deepest
    with torch.no_grad():
        _, stages = model.backbone.enc(images(128, 128))
    assert [128 // value.shape[-1] for value in stages] == [8 * stem, 4 * stem, 2 * stem, stem]


@pytest.mark.setting(
    "model_config.backbone_config.convnext.stem_patch_kernel", "model_config.backbone_config.swint.patch_size"
)
@pytest.mark.parametrize("side", [2, 4, 7])
@pytest.mark.parametrize(("backbone", "key"), [("convnext", "stem_patch_kernel"), ("swint", "patch_size")])
def test_the_first_convolution_looks_at_a_square_of_that_side(backbone: str, key: str, side: int) -> None:
    stem = network(backbone, **{key: side}).backbone.enc.features[0][0]
    picture = torch.zeros(1, 1, 32, 32, requires_grad=True)
    stem(picture)[0, :, 8, 8].sum().backward()
    assert [int(picture.grad[0, 0].any(dim=axis).sum()) for axis in (0, 1)] == [side, side]


@pytest.mark.setting(
    "model_config.backbone_config.convnext.arch.depths", "model_config.backbone_config.convnext.arch.channels"
)
def test_a_custom_convnext_has_the_layers_and_channels_that_were_given() -> None:
    depths, channels = [1, 2, 3, 1], [4, 6, 10, 8]
    encoder = network("convnext", arch={"depths": depths, "channels": channels}).backbone.enc
    assert [len(stage) for stage in encoder.features[1::2]] == depths
    with torch.no_grad():
        last, inputs = encoder(images(64, 64))
    assert [value.shape[1] for value in inputs[::-1]] == channels
    assert last.shape[1] == channels[-1]


@pytest.mark.setting("model_config.backbone_config.swint.arch")
def test_a_custom_swin_has_the_sizes_that_were_given() -> None:
    arch = {"embed": 6, "depths": [2, 1, 3, 1], "num_heads": [1, 2, 3, 6]}
    encoder = network("swint", arch=arch).backbone.enc
    assert [len(stage) for stage in encoder.features[1::2]] == arch["depths"]
    assert [stage[0].attn.num_heads for stage in encoder.features[1::2]] == arch["num_heads"]
    with torch.no_grad():
        _, inputs = encoder(images(64, 64))
    assert [value.shape[1] for value in inputs[::-1]] == [6, 12, 24, 48]


@pytest.mark.setting("model_config.backbone_config.swint.window_size")
@pytest.mark.parametrize("side", [1, 3, 7])
def test_cells_attend_to_those_of_their_window(side: int) -> None:
    layer = network("swint", window_size=side).backbone.enc.features[1][0]
    cells = torch.randn(1, 21, 21, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    layer(cells)[0, 0, 0].sum().backward()
    seen: Tensor = cells.grad[0].any(dim=-1)
    assert int(seen.sum()) == side**2
    assert seen[:side, :side].all()
