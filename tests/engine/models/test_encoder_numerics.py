"""What ConvNeXt, Swin and stacked networks compute: against slow plain functions and against timm's networks."""

import math
from pathlib import Path
from typing import Any

import pytest
import timm.models.convnext
import timm.models.swin_transformer
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from sleapnn_engine.models.convnext import ConvNeXtEncoder
from sleapnn_engine.models.imagenet import load_imagenet
from sleapnn_engine.models.pyramid import PyramidShape, SwinShape
from sleapnn_engine.models.swin import SwinEncoder
from tests.engine.models.networks import build, config, images

State = dict[str, Tensor]


def norm(x: Tensor, state: State, name: str, eps: float) -> Tensor:
    """Layer norm over the last dimension."""
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred / (variance + eps).sqrt() * state[f"{name}.weight"] + state[f"{name}.bias"]


def dense(x: Tensor, state: State, name: str) -> Tensor:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def gelu(x: Tensor) -> Tensor:
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def stem(x: Tensor, state: State, stride: int, norm_name: str, eps: float) -> Tensor:
    """(B, C, H, W) -> (B, h, w, c)."""
    weight, bias = state["features.0.0.weight"], state["features.0.0.bias"]
    x = functional.conv2d(x, weight, bias, stride=stride, padding=(weight.shape[-1] - 1) // 2)
    return norm(x.permute(0, 2, 3, 1), state, norm_name, eps)


def convnext_maps(x: Tensor, state: State, stride: int) -> list[Tensor]:
    """Inputs of the four stages and the output of the last one, channels last."""
    x, maps = stem(x, state, stride, "features.0.1", 1e-6), []
    for stage in range(4):
        if stage:
            x = norm(x, state, f"features.{2 * stage}.0", 1e-6).permute(0, 3, 1, 2)
            name = f"features.{2 * stage}.1"
            x = functional.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride=2).permute(
                0, 2, 3, 1
            )
        maps.append(x)
        layer = 0
        while f"features.{2 * stage + 1}.{layer}.layer_scale" in state:
            name = f"features.{2 * stage + 1}.{layer}"
            weight = state[f"{name}.block.0.weight"]
            y = functional.conv2d(
                x.permute(0, 3, 1, 2), weight, state[f"{name}.block.0.bias"], padding=3, groups=len(weight)
            )
            y = norm(y.permute(0, 2, 3, 1), state, f"{name}.block.2", 1e-6)
            y = dense(gelu(dense(y, state, f"{name}.block.3")), state, f"{name}.block.5")
            x = x + y * state[f"{name}.layer_scale"].flatten()
            layer += 1
    return [*maps, x]


def attention(x: Tensor, state: State, name: str, *, heads: int, window: int, shift: int) -> Tensor:
    """(H, W, C) -> the same; every cell is compared with every other one, and most pairs are then crossed out."""
    height, width, channels = x.shape
    rows, columns = (math.ceil(side / window) * window for side in (height, width))
    x = functional.pad(x, (0, 0, 0, columns - width, 0, rows - height)).reshape(rows * columns, channels)
    where = torch.cartesian_prod(torch.arange(rows), torch.arange(columns))
    windows, places, regions = [], [], []
    for axis, side in enumerate((rows, columns)):
        by = shift if side > window else 0
        moved = (where[:, axis] - by) % side
        windows.append(moved // window)
        places.append(moved % window)
        regions.append((moved >= side - window).int() + (moved >= side - by).int() if by else moved * 0)
    same_window = torch.ones(len(where), len(where), dtype=torch.bool)
    same_region, index = same_window.clone(), torch.zeros(len(where), len(where), dtype=torch.long)
    for axis in range(2):
        same_window &= windows[axis][:, None] == windows[axis][None]
        same_region &= regions[axis][:, None] == regions[axis][None]
        step = places[axis][:, None] - places[axis][None] + window - 1
        index = index * (2 * window - 1) + step
    query, key, value = dense(x, state, f"{name}.qkv").chunk(3, dim=-1)
    table, size, parts = state[f"{name}.relative_position_bias_table"], channels // heads, []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = query[:, part] @ key[:, part].T / math.sqrt(size)
        scores = scores + table[:, head][index.clamp(0, len(table) - 1)] - 100.0 * ~same_region
        weights = scores.masked_fill(~same_window, -math.inf).softmax(dim=-1)
        parts.append(weights @ value[:, part])
    out = dense(torch.cat(parts, dim=-1), state, f"{name}.proj")
    return out.reshape(rows, columns, channels)[:height, :width]


def swin_maps(x: Tensor, state: State, stride: int, heads: list[int], window: int) -> list[Tensor]:
    """Inputs of the four stages and the normalised output of the last one, channels last."""
    x, maps = stem(x, state, stride, "features.0.2", 1e-5), []
    for stage in range(4):
        if stage:
            x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
            corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
            x = norm(torch.cat(corners, dim=-1), state, f"features.{2 * stage}.norm", 1e-5)
            x = x @ state[f"features.{2 * stage}.reduction.weight"].T
        maps.append(x)
        layer = 0
        while f"features.{2 * stage + 1}.{layer}.norm1.weight" in state:
            name = f"features.{2 * stage + 1}.{layer}"
            y = norm(x, state, f"{name}.norm1", 1e-5)
            settings = {"heads": heads[stage], "window": window, "shift": window // 2 if layer % 2 else 0}
            x = x + torch.stack([attention(one, state, f"{name}.attn", **settings) for one in y])
            y = dense(
                gelu(dense(norm(x, state, f"{name}.norm2", 1e-5), state, f"{name}.mlp.0")),
                state,
                f"{name}.mlp.3",
            )
            x = x + y
            layer += 1
    return [*maps, norm(x, state, "norm", 1e-5)]


def convolve(x: Tensor, state: State, name: str) -> Tensor:
    weight = state[f"{name}.weight"]
    return functional.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)


def decode(x: Tensor, skips: list[Tensor], state: State, prefix: str, *, stride: int, finest: int) -> Tensor:
    """(B, C, h, w) at `stride` -> the finest map, joining skips from the end of the list."""
    skips, d = list(skips), 0
    while stride > finest:
        name = prefix.format(d=d, coarse=stride, fine=stride // 2)
        if f"{name}_trans_conv.weight" in state:
            weight, bias = state[f"{name}_trans_conv.weight"], state[f"{name}_trans_conv.bias"]
            x = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1).relu()
        else:
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear")
        convolutions = 1
        if skips:
            skip, convolutions = skips.pop(), 2
            if skip.shape[-2:] != x.shape[-2:]:
                x = functional.interpolate(x, size=skip.shape[-2:], mode="bilinear")
            x = torch.cat([skip, x], dim=1)
        for i in range(convolutions):
            x = convolve(x, state, f"{name}_refine_conv{i}").relu()
        stride, d = stride // 2, d + 1
    return x


def scrambled(model: nn.Module) -> State:
    """Give every weight a size that matters, also those that start near zero; return all of them."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.1 * torch.randn(value.shape, generator=generator))
    return dict(model.state_dict())


@pytest.mark.parametrize(
    ("backbone", "settings", "size"),
    [
        ("convnext", {"stride": 1}, (64, 96)),
        ("convnext", {"stride": 2, "up_interpolate": False, "convs_per_block": 3}, (64, 32)),
        ("convnext", {"stride": 4, "stem_patch_stride": 4, "kernel_size": 5}, (64, 128)),
        ("convnext", {"stride": 2, "convs_per_block": 1}, (67, 81)),
        ("convnext", {"stride": 32}, (64, 64)),
        ("swint", {"stride": 1}, (64, 96)),
        ("swint", {"stride": 2, "window_size": 4, "up_interpolate": False}, (64, 32)),
        ("swint", {"stride": 4, "stem_patch_stride": 4, "window_size": 2}, (64, 128)),
        ("swint", {"stride": 2, "convs_per_block": 1, "window_size": 5}, (71, 54)),
        ("swint", {"stride": 8, "window_size": 7, "filters_rate": 2.0}, (64, 64)),
    ],
)
def test_pyramids_compute_what_plain_functions_do(
    backbone: str, settings: dict[str, Any], size: tuple[int, int]
) -> None:
    model = build(config(backbone, "single_instance", **settings))
    state = scrambled(model)
    encoder = {k.removeprefix("backbone.enc."): v for k, v in state.items() if k.startswith("backbone.enc.")}
    picture, step = images(*size), settings.get("stem_patch_stride", 2)
    if backbone == "convnext":
        maps = convnext_maps(picture, encoder, step)
    else:
        maps = swin_maps(picture, encoder, step, [1, 2, 2, 4], settings.get("window_size", 3))
    *skips, x = [one.permute(0, 3, 1, 2) for one in maps]
    x = functional.max_pool2d(x, 2)
    expanding = settings.get("convs_per_block", 2) - 1
    for i in range(expanding):
        x = convolve(x, state, f"backbone.middle_blocks.0.blocks.convnext_middle_expand_conv{i}").relu()
    last = f"backbone.middle_blocks.{min(expanding, 1)}.blocks.convnext_middle_contract_conv0"
    x = convolve(x, state, last).relu()
    x = decode(
        x,
        skips,
        state,
        "backbone.dec.decoder_stack.{d}.blocks.dec{d}_s{coarse}_to_s{fine}",
        stride=16 * step,
        finest=settings["stride"],
    )
    expected = convolve(x, state, "head_layers.0.SingleInstanceConfmapsHead.0")
    with torch.no_grad():
        found = model(picture)["SingleInstanceConfmapsHead"]
    assert expected.std() > 1e-3
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"stacks": 1, "middle_block": False},
        {"stacks": 3, "stride": 4},
        {"stacks": 2, "stem_stride": 4, "middle_block": False, "stride": 1, "max_stride": 16},
        {"stacks": 2, "convs_per_block": 1, "up_interpolate": False},
    ],
)
def test_unets_of_every_layout_compute_what_plain_functions_do(settings: dict[str, Any]) -> None:
    model = build(config("unet", "single_instance", **settings))
    state = scrambled(model)
    shape, picture = model.backbone.shape, images(32, 64)
    convs = range(shape.convs_per_block)
    x, stem_skip = picture, []
    for j in range(shape.stem_blocks):
        for i in convs:
            x = convolve(x, state, f"backbone.stem.stem_stack.{j}.blocks.stem{j}_conv{i}").relu()
        x = functional.max_pool2d(x, 2)
        stem_skip = [x]
    entry = x.shape[-2:]
    for s in range(shape.stacks):
        if s:
            x = functional.interpolate(x, size=entry, mode="bilinear")
        skips = list(stem_skip)
        for b in range(shape.down_blocks):
            x = functional.max_pool2d(x, 2) if b or stem_skip else x
            for i in convs:
                name = f"backbone.encoders.{s}.encoder_stack.{b}.blocks.stack{s}_enc{b}_conv{i}"
                x = convolve(x, state, name).relu()
            skips.append(x)
        x = functional.max_pool2d(x, 2)
        for name in [
            name for name in state if f".stack{s}_enc" in name and "middle" in name and "weight" in name
        ]:
            x = convolve(x, state, name.removesuffix(".weight")).relu()
        prefix = (
            f"backbone.decoders.{s}.decoder_stack.{{d}}.blocks.stack{s}_dec{{d}}_s{{coarse}}_to_s{{fine}}"
        )
        stride = shape.max_stride * (2 if stem_skip else 1)
        x = decode(x, skips, state, prefix, stride=stride, finest=settings.get("stride", 2))
    expected = convolve(x, state, "head_layers.0.SingleInstanceConfmapsHead.0")
    with torch.no_grad():
        found = model(picture)["SingleInstanceConfmapsHead"]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_a_spare_block_changes_nothing() -> None:
    made = config("unet", "single_instance", stride=8, max_stride=16, stem_stride=4)
    model = build(made)
    with torch.no_grad():
        before = model(images(32, 64))["SingleInstanceConfmapsHead"]
        for value in model.parameters():
            if not value.requires_grad:
                value.fill_(float("nan"))
        assert torch.equal(model(images(32, 64))["SingleInstanceConfmapsHead"], before)


def test_convnext_with_weights_of_timm_gives_the_features_of_timm(tmp_path: Path) -> None:
    torch.manual_seed(0)
    depths, widths = (1, 2, 1, 1), (6, 8, 10, 12)
    other = timm.models.convnext.ConvNeXt(depths=depths, dims=widths, ls_init_value=0.5).eval()
    other.stem[0].stride, other.stem[0].padding = (2, 2), (1, 1)
    save_file(other.state_dict(), tmp_path / "model.safetensors")
    encoder = ConvNeXtEncoder(PyramidShape(depths=depths, widths=widths, in_channels=3)).eval()
    report = load_imagenet(
        encoder, "ConvNeXt_Tiny_Weights", setting="weights", file=tmp_path / "model.safetensors"
    )
    assert report.is_complete
    picture = images(64, 96, channels=3)
    with torch.no_grad():
        found, _ = encoder(picture)
        expected = other.stages(other.stem(picture))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_swin_with_weights_of_timm_gives_the_features_of_timm(tmp_path: Path) -> None:
    torch.manual_seed(0)
    depths, heads = (1, 2, 1, 1), (1, 2, 2, 4)
    other = timm.models.swin_transformer.SwinTransformer(
        img_size=112, patch_size=2, embed_dim=4, depths=depths, num_heads=heads, window_size=7
    ).eval()
    torch.save(other.state_dict(), tmp_path / "pytorch_model.bin")
    shape = SwinShape(
        depths=depths, widths=(4, 8, 16, 32), heads=heads, in_channels=3, stem_kernel=2, stem_stride=2
    )
    encoder = SwinEncoder(shape).eval()
    report = load_imagenet(encoder, "Swin_T_Weights", setting="weights", file=tmp_path / "pytorch_model.bin")
    assert report.is_complete
    picture = images(112, 112, channels=3)
    with torch.no_grad():
        found, _ = encoder(picture)
        expected = other.forward_features(picture).permute(0, 3, 1, 2)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backbone", ["convnext", "swint"])
def test_what_is_computed_in_use_is_what_is_computed_in_training(backbone: str) -> None:
    """On a processor dense layers are computed another way there."""
    model = build(config(backbone, "single_instance", stride=2))
    scrambled(model)
    picture = images(67, 81)
    before = model.eval()(picture)["SingleInstanceConfmapsHead"].detach()
    with torch.inference_mode():
        found = model(picture)["SingleInstanceConfmapsHead"]
    assert before.std() > 1e-3
    torch.testing.assert_close(found, before, rtol=1e-4, atol=1e-5)
