"""Every model type on every backbone with every kind of setting: output sizes, ranges, gradients, and clear refusals."""

import itertools
from typing import Any

import pytest
import torch
import torchvision

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.heads.kind import Outputs
from sleapnn_engine.models import imagenet
from sleapnn_engine.models.assemble import outline_network
from sleapnn_engine.models.backbones import required_multiple
from tests.engine.models.networks import BACKBONES, MODEL_TYPES, build, config, images

CHANNELS = {
    "SingleInstanceConfmapsHead": 3,
    "CentroidConfmapsHead": 1,
    "CenteredInstanceConfmapsHead": 3,
    "MultiInstanceConfmapsHead": 3,
    "PartAffinityFieldsHead": 4,
    "ClassMapsHead": 2,
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("unet", {"middle_block": False}),
    ("unet", {"middle_block": False, "up_interpolate": False}),
    ("unet", {"stacks": 2}),
    ("unet", {"stacks": 3, "stride": 4, "middle_block": False}),
    ("unet", {"stacks": 2, "stem_stride": 2, "stride": 8}),
    ("unet", {"convs_per_block": 1}),
    ("unet", {"convs_per_block": 1, "stacks": 2, "stride": 1}),
    ("unet", {"convs_per_block": 3, "kernel_size": 5}),
    ("unet", {"stem_stride": 4, "stride": 1}),
    ("unet", {"stem_stride": 4, "stride": 8, "max_stride": 16}),
    ("unet", {"stem_stride": 8, "max_stride": 16, "stride": 4}),
    ("unet", {"max_stride": 2, "stride": 1}),
    ("unet", {"filters_rate": 1.0, "kernel_size": 1}),
    *[
        (name, settings)
        for name in ("convnext", "swint")
        for settings in (
            {"stride": 1},
            {"stride": 32},
            {"stem_patch_stride": 4, "max_stride": 64, "stride": 1},
            {"up_interpolate": False, "stride": 1},
            {"convs_per_block": 1},
            {"convs_per_block": 3, "kernel_size": 5, "filters_rate": 1.0},
        )
    ],
    *[("convnext", {"stem_patch_kernel": kernel}) for kernel in (1, 2, 3, 7, 8)],
    *[("swint", {"patch_size": patch}) for patch in (2, 5)],
    ("swint", {"window_size": 7}),
    ("swint", {"arch": {"embed": 4, "depths": [1, 1, 1, 1], "channels": [1, 1, 2, 2]}}),
]


def expected_stride(made: Any, head: str, model_type: str) -> int:
    section = getattr(made.head_configs, model_type)
    part = {"PartAffinityFieldsHead": "pafs", "ClassMapsHead": "class_maps"}.get(head, "confmaps")
    return getattr(section, part).output_stride


@pytest.mark.parametrize(("backbone", "model_type"), list(itertools.product(BACKBONES, MODEL_TYPES)))
def test_every_model_type_on_every_backbone(backbone: str, model_type: str) -> None:
    made = config(backbone, model_type)
    model = build(made)
    with torch.no_grad():
        outputs = model(images(64, 96))
    assert list(outputs) == [head.name for head in model.heads]
    for name, value in outputs.items():
        if name == "ClassVectorsHead":
            assert value.shape == (2, 2)
            torch.testing.assert_close(value.sum(dim=1), torch.ones(2))
        else:
            stride = expected_stride(made, name, model_type)
            assert value.shape == (2, CHANNELS[name], 64 // stride, 96 // stride)
        if name == "ClassMapsHead":
            assert ((value > 0) & (value < 1)).all()


@pytest.mark.parametrize(("backbone", "settings"), VARIANTS)
def test_every_setting_trains_every_parameter(backbone: str, settings: dict[str, Any]) -> None:
    made = config(backbone, "single_instance", **settings)
    model = build(made)
    side = required_multiple(made.backbone_config)
    output = model(images(side, 2 * side))["SingleInstanceConfmapsHead"]
    stride = settings.get("stride", 2)
    assert output.shape == (2, 3, side // stride, 2 * side // stride)
    (output * torch.randn(output.shape, generator=torch.Generator().manual_seed(3))).sum().backward()
    trained = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    assert [name for name, value in trained if value.grad is None or not value.grad.any()] == []


@pytest.mark.parametrize("backbone", BACKBONES)
def test_one_of_two_heads_may_sit_on_the_bottleneck(backbone: str) -> None:
    deepest = 8 if backbone == "unet" else 32
    for first, second in ((2, deepest), (deepest, 4), (deepest, deepest)):
        model = build(config(backbone, "bottomup", stride=first, second=second))
        with torch.no_grad():
            outputs = model(images(64, 64))
        assert outputs["MultiInstanceConfmapsHead"].shape[-1] == 64 // first
        assert outputs["PartAffinityFieldsHead"].shape[-1] == 64 // second


def test_a_window_of_one_cell_attends_to_itself() -> None:
    model = build(config("swint", "single_instance", window_size=1))
    with torch.no_grad():
        before = model(images(32, 32))["SingleInstanceConfmapsHead"]
        for name, value in model.named_parameters():
            if name.endswith("relative_position_bias_table"):
                value.add_(5)
        assert torch.equal(model(images(32, 32))["SingleInstanceConfmapsHead"], before)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("size", [(65, 97), (70, 81), (63, 50), (79, 95)])
def test_odd_sizes_run(backbone: str, size: tuple[int, int]) -> None:
    model = build(config(backbone, "bottomup"))
    with torch.no_grad():
        outputs = model(images(*size))
    for name, stride in (("MultiInstanceConfmapsHead", 2), ("PartAffinityFieldsHead", 4)):
        found = outputs[name].shape[-2:]
        assert all(abs(cells - side / stride) <= 1 for cells, side in zip(found, size, strict=True))
        assert torch.isfinite(outputs[name]).all()


@pytest.mark.parametrize("backbone", BACKBONES)
def test_colour_and_gray_are_matched_to_the_network(backbone: str) -> None:
    model = build(config(backbone, "single_instance"), channels=3)
    gray = images(32, 32)
    with torch.no_grad():
        outputs = [model(x)["SingleInstanceConfmapsHead"] for x in (gray, gray.expand(-1, 3, -1, -1))]
    assert torch.equal(*outputs)


@pytest.mark.parametrize("layers", [0, 1, 3])
@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_class_vectors_with_any_number_of_layers(backbone: str, pooled: bool, layers: int) -> None:
    vectors = {"num_fc_layers": layers, "num_fc_units": 5, "global_pool": pooled}
    model = build(config(backbone, "multi_class_topdown", vectors=vectors), input_size=(64, 32))
    outputs = model(images(64, 32))["ClassVectorsHead"]
    torch.testing.assert_close(outputs.sum(dim=1), torch.ones(2))
    outputs[:, 0].sum().backward()
    dense = model.head_layers[1].parameters()
    assert all(value.grad is not None for value in dense)
    assert len(list(model.head_layers[1].parameters())) == 2 * (layers + 1)


def test_without_pooling_the_place_of_things_matters() -> None:
    vectors = {"global_pool": False}
    made = config("unet", "multi_class_topdown", vectors=vectors)
    model = build(made, input_size=(32, 32))
    assert model.heads[1].cells == (4, 4)
    pooled = build(config("unet", "multi_class_topdown"))
    picture = torch.zeros(1, 1, 32, 32)
    picture[..., 4:12, 4:12] = torch.rand(8, 8, generator=torch.Generator().manual_seed(0))
    moved = picture.roll((8, 8), dims=(2, 3))
    with torch.no_grad():
        torch.testing.assert_close(pooled(picture)["ClassVectorsHead"], pooled(moved)["ClassVectorsHead"])
        assert not torch.allclose(model(picture)["ClassVectorsHead"], model(moved)["ClassVectorsHead"])
    with pytest.raises(ValueError, match="only takes 32x32 pixels"):
        model(images(32, 40))


@pytest.mark.parametrize("size", [None, (30, 32), (0, 32)])
def test_without_pooling_a_fitting_size_is_asked_for(size: tuple[int, int] | None) -> None:
    with pytest.raises(UserError, match="multiple of 8") as caught:
        build(
            config("unet", "multi_class_topdown", vectors={"global_pool": False}),
            input_size=size,
        )
    assert caught.value.where.endswith("class_vectors.global_pool")


@pytest.mark.parametrize(
    ("backbone", "settings", "multiple"),
    [
        ("unet", {"max_stride": 16}, 16),
        ("unet", {"max_stride": 16, "stem_stride": 1}, 16),
        ("unet", {"max_stride": 16, "stem_stride": 2}, 32),
        ("unet", {"max_stride": 32, "stem_stride": 8}, 64),
        ("convnext", {}, 32),
        ("convnext", {"stem_patch_stride": 4, "max_stride": 64}, 64),
        ("swint", {"stem_patch_stride": 4, "max_stride": 64}, 64),
    ],
)
def test_required_multiple_is_the_stride_of_the_coarsest_map(
    backbone: str, settings: dict[str, Any], multiple: int
) -> None:
    made = config(backbone, "single_instance", stride=4, **settings)
    assert required_multiple(made.backbone_config) == multiple
    model = build(made)
    with torch.no_grad():
        features = model.backbone(images(multiple, 2 * multiple))
    assert next(iter(features.values())).shape[-2:] == (1, 2)
    with pytest.raises(ValueError, match=f"at least {multiple} pixels"):
        model(images(multiple - 1, 2 * multiple))


@pytest.mark.parametrize(("backbone", "model_type"), list(itertools.product(BACKBONES, MODEL_TYPES)))
def test_parameters_are_counted_without_building(backbone: str, model_type: str) -> None:
    made = config(backbone, model_type)
    sizes = Outputs(n_nodes=3, n_edges=2, n_classes=2)
    outline = outline_network(made, model_type=model_type, outputs=sizes, in_channels=1, input_size=None)
    assert outline.parameter_count == sum(value.numel() for value in build(made).parameters())


@pytest.mark.setting(
    "model_config.backbone_config.convnext.model_type", "model_config.backbone_config.swint.model_type"
)
@pytest.mark.parametrize("name", imagenet.TIMM_MODELS)
def test_named_sizes_are_the_published_ones(name: str) -> None:
    published = getattr(torchvision.models, name).DEFAULT.meta["num_params"]
    size = {"T": "tiny", "S": "small", "B": "base"}.get(name.split("_")[1], name.split("_")[1].lower())
    backbone = "convnext" if name.startswith("ConvNeXt") else "swint"
    with torch.device("meta"):
        model = build(config(backbone, "centroid", small=False, model_type=size), channels=3)
    width = model.backbone.shape.widths[-1]
    classifier = width * 1000 + 1000 + (2 * width if backbone == "convnext" else 0)
    assert sum(value.numel() for value in model.backbone.enc.parameters()) == published - classifier


@pytest.mark.parametrize(
    ("backbone", "settings", "where"),
    [
        ("convnext", {"arch": None, "model_type": "huge"}, "convnext.model_type"),
        ("convnext", {"arch": {"depths": [1, 1], "channels": [4, 4, 4, 4]}}, "convnext.arch.depths"),
        ("convnext", {"arch": {"depths": [1, 1, 1, 1], "channels": [4, 4, 4, 0]}}, "convnext.arch.channels"),
        ("swint", {"arch": None, "model_type": "large"}, "swint.model_type"),
        ("swint", {"arch": {"embed": 0}}, "swint.arch.embed"),
        ("swint", {"arch": {"embed": 6, "num_heads": [1, 5, 1, 1]}}, "swint.arch.num_heads"),
        ("swint", {"arch": {"embed": 6, "channels": [4, 1, 1, 1]}}, "swint.arch.channels"),
        ("swint", {"arch": {"depths": 4}}, "swint.arch.depths"),
        ("swint", {"arch": {"width": 4}}, "swint.arch"),
        ("swint", {"arch": {"num_heads": [1] * 4, "channels": [1] * 4}}, "swint.arch"),
    ],
)
def test_sizes_that_are_none_are_refused_with_their_key(
    backbone: str, settings: dict[str, Any], where: str
) -> None:
    with pytest.raises(UserError) as caught:
        build(config(backbone, "single_instance", **settings))
    assert caught.value.where == f"model_config.backbone_config.{where}"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("model_type", "missing", "word"),
    [
        ("single_instance", "n_nodes", "body part"),
        ("bottomup", "n_edges", "limb"),
        ("multi_class_bottomup", "n_classes", "identity"),
        ("multi_class_topdown", "n_classes", "identity"),
    ],
)
def test_a_head_without_anything_to_find_is_refused(model_type: str, missing: str, word: str) -> None:
    with pytest.raises(UserError, match=f"at least one {word}"):
        build(config("unet", model_type), **{missing: 0})


def test_no_backbone_is_refused() -> None:
    made = config("unet", "single_instance")
    made.backbone_config.unet = None
    with pytest.raises(UserError, match="no backbone"):
        build(made)
