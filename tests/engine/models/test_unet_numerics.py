"""What a UNet computes: against a second implementation, written as plain functions, and against foreign models."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from sleapnn_engine.data.geometry import plan_input
from sleapnn_engine.decoding.peaks import global_peaks
from sleapnn_engine.heads.confmaps import confidence_maps
from sleapnn_engine.heads.maps import MapHead
from sleapnn_engine.models.assemble import PoseModel, match_channels
from sleapnn_engine.models.unet import UNet, UNetShape
from sleapnn_engine.models.weights import read_state
from tests.engine.data.opened import open_labels


def reference(state: dict[str, Tensor], x: Tensor, *, stem: bool, convs: int, output_stride: int) -> Tensor:
    """The same network as straight-line functions over a state dict; it knows names and nothing of our classes."""

    def block(x: Tensor, prefix: str, count: int) -> Tensor:
        for i in range(count):
            weight, bias = state[f"{prefix}{i}.weight"], state[f"{prefix}{i}.bias"]
            x = functional.relu(functional.conv2d(x, weight, bias, padding=weight.shape[-1] // 2))
        return x

    skips = []
    if stem:
        x = functional.max_pool2d(block(x, "backbone.stem.stem_stack.0.blocks.stem0_conv", convs), 2)
        skips.append(x)
    downs = len({name.split(".")[4] for name in state if name.startswith("backbone.encoders")})
    for b in range(downs):
        if b or stem:
            x = functional.max_pool2d(x, 2)
        x = block(x, f"backbone.encoders.0.encoder_stack.{b}.blocks.stack0_enc{b}_conv", convs)
        skips.append(x)
    x = functional.max_pool2d(x, 2)
    x = block(x, f"backbone.middle_blocks.0.blocks.stack0_enc{downs + 1}_middle_expand_conv", convs - 1)
    x = block(x, f"backbone.middle_blocks.1.blocks.stack0_enc{downs + 2}_middle_contract_conv", 1)
    stride, d = 2 ** (downs + 2 * stem), 0
    while stride > output_stride:
        prefix = f"backbone.decoders.0.decoder_stack.{d}.blocks.stack0_dec{d}_s{stride}_to_s{stride // 2}_"
        if f"{prefix}trans_conv.weight" in state:
            weight, bias = state[f"{prefix}trans_conv.weight"], state[f"{prefix}trans_conv.bias"]
            x = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1).relu()
        else:
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        if skips:
            skip = skips.pop()
            if skip.shape[-2:] != x.shape[-2:]:
                x = functional.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = block(torch.cat((skip, x), 1), f"{prefix}refine_conv", 2)
        else:
            x = block(x, f"{prefix}refine_conv", 1)
        stride, d = stride // 2, d + 1
    head = "head_layers.0.SingleInstanceConfmapsHead.0."
    return functional.conv2d(x, state[head + "weight"], state[head + "bias"])


def single(shape: UNetShape) -> PoseModel:
    torch.manual_seed(0)
    return PoseModel(
        UNet(shape), [MapHead(name="SingleInstanceConfmapsHead", channels=3, stride=shape.output_stride)]
    ).eval()


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (UNetShape(filters=6, max_stride=8, output_stride=1), (32, 48)),
        (UNetShape(filters=6, max_stride=8, output_stride=4, up_interpolate=False), (32, 48)),
        (UNetShape(filters=6, max_stride=8, output_stride=2, convs_per_block=3, kernel_size=5), (32, 48)),
        (UNetShape(filters=6, max_stride=8, output_stride=8), (32, 48)),
        (UNetShape(filters=6, max_stride=8, output_stride=2, stem_stride=2), (32, 48)),
        (UNetShape(filters=6, max_stride=8, output_stride=1, stem_stride=2), (32, 48)),
        (UNetShape(filters=6, max_stride=8, output_stride=2, stem_stride=2), (40, 56)),
        (UNetShape(filters=6, max_stride=8, output_stride=2), (38, 47)),
        (UNetShape(filters=6, max_stride=8, output_stride=2, stem_stride=1), (32, 48)),
    ],
)
def test_forward_is_that_of_the_reference(shape: UNetShape, size: tuple[int, int]) -> None:
    model = single(shape)
    images = torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        own = model(images)["SingleInstanceConfmapsHead"]
        other = reference(
            model.state_dict(),
            images,
            stem=shape.stem_blocks > 0,
            convs=shape.convs_per_block,
            output_stride=shape.output_stride,
        )
    torch.testing.assert_close(own, other, rtol=0, atol=1e-6)


def test_heads_stay_in_full_precision_under_autocast() -> None:
    model = single(UNetShape(filters=6, max_stride=4, output_stride=2))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(torch.rand(1, 1, 16, 16))["SingleInstanceConfmapsHead"].dtype == torch.float32


def test_colour_is_matched_to_the_model() -> None:
    gray, colour = torch.rand(2, 1, 4, 4), torch.rand(2, 3, 4, 4)
    assert torch.equal(match_channels(gray, 3)[:, 2], gray[:, 0])
    luma = 0.2989 * colour[:, 0] + 0.587 * colour[:, 1] + 0.114 * colour[:, 2]
    torch.testing.assert_close(match_channels(colour, 1)[:, 0], luma)
    with pytest.raises(ValueError, match="2 channels"):
        match_channels(torch.rand(1, 2, 4, 4), 3)


@pytest.mark.interop
def test_a_foreign_bottom_up_model_finds_its_animals(shared_data: Path) -> None:
    state = read_state(shared_data / "sleap_nn_models" / "minimal_instance_bottomup" / "best.ckpt")
    shape = UNetShape(filters=16, max_stride=8, output_stride=2, up_interpolate=False)
    model = PoseModel(
        UNet(shape),
        [
            MapHead(name="MultiInstanceConfmapsHead", channels=2, stride=2),
            MapHead(name="PartAffinityFieldsHead", channels=2, stride=4),
        ],
    )
    assert list(state) == list(model.state_dict())
    model.load_state_dict(state, strict=True)
    labels = open_labels([shared_data / "projects" / "minimal_instance" / "minimal_instance.pkg.slp"])
    images = plan_input([labels.frames[0].size], max_stride=8).render(labels.read_image(0))[None] / 255
    with torch.no_grad():
        maps = model(images)["MultiInstanceConfmapsHead"]
    points = torch.from_numpy(labels.frames[0].points)[None]
    target = confidence_maps(points, height=images.shape[2], width=images.shape[3], stride=2, sigma=1.5)
    assert torch.corrcoef(torch.stack([maps.flatten(), target.flatten()]))[0, 1] > 0.9


@pytest.mark.interop
def test_a_foreign_single_animal_model_finds_its_points(shared_data: Path) -> None:
    state = read_state(shared_data / "sleap_nn_models" / "minimal_instance_single_instance" / "best.ckpt")
    shape = UNetShape(in_channels=3, filters=8, filters_rate=2.0, max_stride=4, output_stride=4)
    model = PoseModel(UNet(shape), [MapHead(name="SingleInstanceConfmapsHead", channels=2, stride=4)])
    model.load_state_dict(state, strict=True)
    labels = open_labels([shared_data / "robot2_rgb" / "val.pkg.slp"])
    plan = plan_input([labels.frames[0].size], scale=0.5, max_stride=4)
    # The program that trained it read images in blue-green-red order.
    images = plan.render(labels.read_image(0)[..., ::-1])[None] / 255
    with torch.no_grad():
        points, _ = global_peaks(model(images)["SingleInstanceConfmapsHead"], stride=4)
    found = plan.sizing(labels.frames[0].size).to_source(points[0].numpy())
    assert abs(found - labels.frames[0].points[0]).max() < 8
