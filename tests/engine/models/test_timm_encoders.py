"""timm's encoders under our decoder: families, sizes, colours, weights from files, and clear refusals."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from sleapnn_engine.config.encoders import encoders
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.heads.kind import Outputs
from sleapnn_engine.models.assemble import PoseModel, outline_network
from sleapnn_engine.models.backbones import required_multiple
from sleapnn_engine.models.blocks import sample_first
from sleapnn_engine.models.start import first_channels, load_part_from, load_start_weights
from sleapnn_engine.models.timm_weights import published
from tests.engine.models.networks import build, config, images

SECTION = "model_config.backbone_config.timm"

#: One small encoder of each of ten families, and the sides of images it is tried on.
FAMILIES = {
    "resnet18": (64, 96),
    "efficientnet_b0": (64, 96),
    "hrnet_w18_small": (64, 96),
    "mobilenetv3_small_050": (64, 96),
    "convnextv2_atto": (64, 96),
    "fastvit_t8": (64, 96),
    "hiera_tiny_224": (224, 224),
    "vit_small_patch14_dinov2": (64, 96),
    "swin_tiny_patch4_window7_224": (64, 96),
    "test_maxvit": (160, 160),
}


def network(name: str = "test_resnet", *, channels: int = 1, seed: int = 0, **settings: Any) -> PoseModel:
    made = config("timm", "single_instance", model_name=name, **settings)
    return build(made, channels=channels, seed=seed)


@pytest.mark.parametrize(("name", "channels"), list(zip(FAMILIES, itertools.cycle((1, 3)))))
def test_encoders_of_ten_families_learn(name: str, channels: int) -> None:
    model = network(name, channels=channels).train().to(memory_format=torch.channels_last)
    batch = 1 if FAMILIES[name][0] > 200 else 2
    pictures = images(*FAMILIES[name], batch=batch, channels=channels).contiguous(
        memory_format=torch.channels_last
    )
    wanted = torch.nn.functional.avg_pool2d(pictures[:, :1], 2).expand(-1, 3, -1, -1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0002)
    losses = []
    for _ in range(3):
        loss = (model(pictures)["SingleInstanceConfmapsHead"] - wanted).square().mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    trained = [value.grad is not None for value in model.backbone.enc.parameters()]
    assert sum(trained) > 0.9 * len(trained)


@pytest.mark.parametrize("name", FAMILIES)
def test_maps_are_where_the_table_says(name: str) -> None:
    encoder = encoders()[name]
    with torch.device("meta"):
        enc = network(name).backbone.enc
        side = encoder.only or 2 * encoder.multiple
        maps = enc(torch.empty(1, 1, side, side))
    assert list(maps) == sorted(set(encoder.levels), reverse=True)
    for stride, value in maps.items():
        assert value.shape == (1, enc.channels[stride], side // stride, side // stride)


def test_patches_that_are_no_power_of_two_become_cells_that_are() -> None:
    encoder = encoders()["vit_small_patch14_dinov2"]
    assert (encoder.strides, encoder.max_stride, encoder.multiple) == ((14, 14, 14), 16, 16)
    seen: list[torch.Size] = []
    model = network(encoder.name)
    model.backbone.enc.net.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    with torch.no_grad():
        model(images(64, 96))
    assert seen == [(2, 1, 56, 84)]


def test_an_encoder_of_one_size_reads_no_other() -> None:
    made = config("timm", "single_instance", model_name="hiera_tiny_224")
    assert required_multiple(made.backbone_config) == 224
    with pytest.raises(
        UserError, match="reads images of 224×224 px and no others; these have 448×224"
    ) as caught:
        outline(made, size=(224, 448))
    assert caught.value.where == f"{SECTION}.model_name"
    assert caught.value.usage
    outline(made, size=(224, 224))


def test_images_that_are_too_small_are_refused_before_anything_is_computed() -> None:
    with pytest.raises(UserError, match="cannot read images of 32×32 px"):
        outline(config("timm", "single_instance", model_name="inception_v3"), size=(32, 32))


def outline(made: Any, *, size: tuple[int, int]) -> PoseModel:
    outputs = Outputs(n_nodes=3, n_edges=2, n_classes=0)
    return outline_network(
        made, model_type="single_instance", outputs=outputs, in_channels=1, input_size=size
    )


def test_an_encoder_of_colour_images_gets_gray_ones_as_such() -> None:
    model = network("csatv2", channels=1)
    assert model.backbone.shape.in_channels == 3
    with torch.no_grad():
        assert model(images(64, 64))["SingleInstanceConfmapsHead"].shape == (2, 3, 32, 32)


def test_images_get_the_mean_and_spread_of_the_published_weights() -> None:
    seen: list[Tensor] = []
    model = network("test_resnet", channels=3)
    model.backbone.enc.net.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    pictures = images(32, 32, channels=3)
    with torch.no_grad():
        model(pictures)
    known = timm.get_pretrained_cfg("test_resnet")
    mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (known.mean, known.std))
    torch.testing.assert_close(seen[0], (pictures - mean) / std)


@pytest.mark.parametrize("name", ["test_efficientnet", "resnest14d"])
def test_a_batch_of_one_image_can_be_learned_from(name: str) -> None:
    model = network(name).train()
    assert model.backbone.enc.net.training
    for side in (32, 64):
        model(images(side, side, batch=1))["SingleInstanceConfmapsHead"].sum().backward()
    assert all(layer.training for layer in model.modules())


def test_leaving_pixels_out_beforehand_comes_to_the_same() -> None:
    layer = nn.Conv2d(3, 5, 1, stride=2)
    pictures = images(31, 20, channels=3)
    before = layer(pictures)
    sample_first(layer)
    assert layer.stride == (1, 1)
    torch.testing.assert_close(layer(pictures), before)


def weights_of(name: str, path: Path, *, seed: int = 7) -> nn.Module:
    """Write a file as it is published for an encoder, with a classifier; returns its network."""
    torch.manual_seed(seed)
    whole = timm.create_model(name)
    with torch.no_grad():
        for value in whole.buffers():
            if value.is_floating_point():
                value.uniform_(0.5, 1.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in whole.state_dict().items()}, path)
    return whole


@pytest.mark.setting(
    "model_config.backbone_config.timm.pretrained", "model_config.backbone_config.timm.weights_file"
)
@pytest.mark.parametrize("channels", [1, 3])
def test_published_weights_come_from_a_file(channels: int, tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    whole = weights_of("test_resnet", path)
    made = config(
        "timm", "single_instance", model_name="test_resnet", pretrained=True, weights_file=str(path)
    )
    model = build(made, channels=channels)
    (report,) = load_start_weights(model, made)
    assert report.is_complete
    net = model.backbone.enc.net
    assert torch.equal(net.layer1[0].conv1.weight, whole.layer1[0].conv1.weight)
    assert torch.equal(net.bn1.running_var, whole.bn1.running_var)
    first = whole.conv1[0].weight if isinstance(whole.conv1, nn.Sequential) else whole.conv1.weight
    mine = net.conv1[0].weight if isinstance(net.conv1, nn.Sequential) else net.conv1.weight
    torch.testing.assert_close(mine, first if channels == 3 else first.sum(dim=1, keepdim=True))
    assert f"test_resnet ({path})" in report.sentences()[0]


def test_without_published_weights_the_start_is_random(tmp_path: Path) -> None:
    made = config("timm", "single_instance", model_name="test_resnet")
    assert load_start_weights(build(made), made) == ()


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches, and no way to any server."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    return tmp_path


def test_offline_the_file_and_where_to_put_it_are_named(caches: Path) -> None:
    made = config("timm", "single_instance", model_name="test_resnet", pretrained=True)
    with pytest.raises(
        UserError, match=r"The weights test_resnet\.r160_in1k are not on this computer"
    ) as caught:
        load_start_weights(build(made), made)
    wanted = published("test_resnet")
    assert wanted.file == caches / "torch" / "hub" / "checkpoints" / "test_resnet.r160_in1k.safetensors"
    assert caught.value.where == f"{SECTION}.pretrained"
    assert wanted.address in caught.value.hint
    assert f"into {wanted.file.parent} as {wanted.file.name}" in caught.value.hint
    assert f"{SECTION}.weights_file" in caught.value.hint
    assert list(wanted.file.parent.iterdir()) == []


@pytest.mark.parametrize("place", ["torch", "hub"])
def test_a_file_put_where_the_error_says_or_downloaded_by_timm_is_used(place: str, caches: Path) -> None:
    if place == "torch":
        path = published("test_resnet").file
    else:
        repository = caches / "hub" / "models--timm--test_resnet.r160_in1k"
        (repository / "refs").mkdir(parents=True)
        (repository / "refs" / "main").write_text("0" * 40)
        path = repository / "snapshots" / ("0" * 40) / "model.safetensors"
    whole = weights_of("test_resnet", path)
    made = config("timm", "single_instance", model_name="test_resnet", pretrained=True)
    model = build(made)
    load_start_weights(model, made)
    assert torch.equal(model.backbone.enc.net.layer1[0].conv1.weight, whole.layer1[0].conv1.weight)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("another network", "could not be loaded as weights of test_resnet|holds no weights of test_resnet"),
        ("other names", "holds no weights of test_resnet"),
        ("no tensors", "could not be loaded as weights of test_resnet"),
        ("nothing", "There is no file"),
        ("no numbers", "values that are no numbers"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(
    content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.safetensors"
    if content == "another network":
        weights_of("test_efficientnet", path)
    elif content == "other names":
        save_file({"one.weight": torch.rand(3, 3)}, path)
    elif content == "no tensors":
        path.write_bytes(b"half of it")
    elif content == "no numbers":
        save_file({k: v * torch.nan for k, v in timm.create_model("test_resnet").state_dict().items()}, path)
    made = config(
        "timm", "single_instance", model_name="test_resnet", pretrained=True, weights_file=str(path)
    )
    model = build(made)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UserError, match=message) as caught:
        load_start_weights(model, made)
    assert caught.value.where == f"{SECTION}.weights_file"
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_an_earlier_model_hands_on_what_its_layers_remember(tmp_path: Path) -> None:
    source = network(seed=1).train()
    source(images(64, 64))
    path = tmp_path / "best.ckpt"
    torch.save({"state_dict": {f"model.{name}": value for name, value in source.state_dict().items()}}, path)
    target = network(seed=2)
    report = load_part_from(target, path, key="pretrained_backbone_weights")
    assert report.is_complete
    for name, value in target.backbone.state_dict().items():
        assert torch.equal(value, source.backbone.state_dict()[name]), name


@pytest.mark.parametrize("channels", [1, 3])
def test_a_file_tells_the_channels_of_its_images(channels: int) -> None:
    assert first_channels(network(channels=channels).state_dict()) == channels


@pytest.mark.setting("model_config.backbone_config.timm.model_name")
def test_the_name_is_that_of_the_network() -> None:
    model, known = (
        network("test_efficientnet.r160_in1k"),
        timm.create_model("test_efficientnet", features_only=True),
    )
    assert list(model.backbone.enc.net.state_dict()) == list(known.state_dict())


@pytest.mark.setting(
    "model_config.backbone_config.timm.filters",
    "model_config.backbone_config.timm.filters_rate",
    "model_config.backbone_config.timm.output_stride",
)
@pytest.mark.parametrize(("filters", "rate"), [(6, 1.5), (4, 2.0)])
def test_the_decoder_grows_by_the_rate_from_its_filters(filters: int, rate: float) -> None:
    model = network(filters=filters, filters_rate=rate, stride=2)
    assert model.backbone.channels_at == {2**step: int(filters * rate**step) for step in (5, 4, 3, 2, 1)}


@pytest.mark.setting(
    "model_config.backbone_config.timm.kernel_size", "model_config.backbone_config.timm.convs_per_block"
)
@pytest.mark.parametrize(("side", "convs"), [(1, 1), (5, 3)])
def test_convolutions_after_the_encoder_have_a_side_and_a_number(side: int, convs: int) -> None:
    model = network(kernel_size=side, convs_per_block=convs)
    sides = {
        part: [layer.kernel_size[0] for layer in getattr(model.backbone, part).modules() if isinstance(layer, nn.Conv2d)]
        for part in ("middle_block", "dec")
    }  # fmt: skip
    assert sides["middle_block"] == [side] * convs
    assert set(sides["dec"]) == {side}
