"""Settings of the network that meet the images and files of a run: channels, strides, starting weights, what is noted."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.validate import validate
from sleapnn_engine.models import imagenet
from sleapnn_engine.models.pyramid import Pyramid
from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import built, job, trained, write_labels

BACKBONES = ("unet", "convnext", "swint", "timm")
SECTION = "model_config.backbone_config."


def state(training: Training) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in training.parts.model.state_dict().items()}


def first_layer(training: Training) -> nn.Conv2d:
    return next(layer for layer in training.parts.model.modules() if isinstance(layer, nn.Conv2d))


@pytest.mark.setting(
    "model_config.backbone_config.unet.in_channels",
    "model_config.backbone_config.convnext.in_channels",
    "model_config.backbone_config.swint.in_channels",
    "model_config.backbone_config.timm.in_channels",
)
@pytest.mark.parametrize(("said", "drawn"), [(1, 3), (3, 1)])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_input_channels_are_those_of_the_images_which_the_config_and_the_log_then_say(
    tmp_path: Path, backbone: str, said: int, drawn: int
) -> None:
    config = job(tmp_path, write_labels(tmp_path, channels=drawn), backbone=backbone)
    tree.put(config, f"{SECTION}{backbone}.in_channels", said)
    assert built(config, first_layer).in_channels == drawn
    run = tmp_path / "models" / "run"
    found = read_config(run / "training_config.yaml").values
    assert tree.get(found, f"{SECTION}{backbone}.in_channels") == drawn
    sentence = f"in_channels: the config says {said}, this run uses {drawn}."
    assert sentence in (run / "run.log").read_text(encoding="utf-8")


@pytest.mark.setting(
    "model_config.backbone_config.unet.output_stride",
    "model_config.backbone_config.convnext.output_stride",
    "model_config.backbone_config.swint.output_stride",
    "model_config.backbone_config.timm.output_stride",
)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_finest_map_is_that_of_the_finest_head_which_the_config_and_the_log_then_say(
    tmp_path: Path, backbone: str
) -> None:
    config = job(tmp_path, write_labels(tmp_path), backbone=backbone)
    tree.put(config, f"{SECTION}{backbone}.output_stride", 2)
    tree.put(config, "model_config.head_configs.single_instance.confmaps.output_stride", 4)

    def strides(training: Training) -> list[int]:
        with torch.no_grad():
            return [
                64 // maps.shape[-1]
                for maps in training.parts.model.backbone(torch.zeros(1, 1, 64, 64)).values()
            ]

    assert built(config, strides)[-1] == 4
    run = tmp_path / "models" / "run"
    found = read_config(run / "training_config.yaml").values
    assert tree.get(found, f"{SECTION}{backbone}.output_stride") == 4
    sentence = "output_stride: the config says 2, this run uses 4."
    assert sentence in (run / "run.log").read_text(encoding="utf-8")


@pytest.mark.setting(
    "model_config.backbone_config.convnext.max_stride", "model_config.backbone_config.swint.max_stride"
)
@pytest.mark.parametrize("backbone", ["convnext", "swint"])
def test_a_max_stride_that_the_stem_does_not_lead_to_is_told_and_has_no_effect(
    tmp_path: Path, backbone: str
) -> None:
    labels = write_labels(tmp_path)
    config = job(tmp_path, labels, backbone=backbone)
    path = f"{SECTION}{backbone}.max_stride"
    tree.put(config, path, 64)
    (said,) = [issue for issue in validate(config) if issue.path == path]
    assert said.severity == "info"
    assert "16 times its stem stride, so it is 32; the 64 in the file has no effect" in said.message

    def measure(training: Training) -> dict[str, torch.Size]:
        return {name: value.shape for name, value in state(training).items()}

    assert built(config, measure) == built(job(tmp_path, labels, backbone=backbone), measure)


@pytest.mark.setting("model_config.backbone_config.timm.max_stride")
def test_training_notes_the_max_stride_of_an_encoder_whatever_the_file_says(tmp_path: Path) -> None:
    config = job(tmp_path, write_labels(tmp_path), backbone="timm")
    tree.put(config, f"{SECTION}timm.max_stride", 8)
    built(config, state)
    found = read_config(tmp_path / "models" / "run" / "training_config.yaml").values
    assert tree.get(found, f"{SECTION}timm.max_stride") == 32


@pytest.mark.setting("model_config.init_weights")
def test_a_run_draws_its_random_start_by_the_chosen_rule(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)

    def measure(training: Training) -> tuple[float, float]:
        """Greatest weight and bias of a layer of 4 to 4 channels, 3 by 3."""
        layer = [one for one in training.parts.model.modules() if isinstance(one, nn.Conv2d)][1]
        return float(layer.weight.detach().abs().max()), float(layer.bias.detach().abs().max())

    weight, bias = built(job(tmp_path, labels), measure)
    assert 0.9 / math.sqrt(36) < weight <= 1 / math.sqrt(36)
    assert bias > 0
    weight, bias = built(job(tmp_path, labels, model_config__init_weights="xavier"), measure)
    assert 0.9 * math.sqrt(6 / 72) < weight <= math.sqrt(6 / 72)
    assert bias == 0


@pytest.mark.setting(
    "model_config.pretrained_backbone_weights", "model_config.pretrained_head_weights"
)  # fmt: skip
@pytest.mark.parametrize(
    ("key", "part"),
    [("pretrained_backbone_weights", "backbone."), ("pretrained_head_weights", "head_layers.")],
)
def test_a_part_of_the_network_starts_from_a_trained_model(tmp_path: Path, key: str, part: str) -> None:
    labels = write_labels(tmp_path)
    first = trained(job(tmp_path, labels, trainer_config__save_ckpt=True, trainer_config__run_name="first"))
    given = torch.load(first / "best.ckpt", weights_only=True)["state_dict"]
    plain = built(job(tmp_path, labels, trainer_config__seed=2), state)
    found = built(
        job(tmp_path, labels, trainer_config__seed=2, **{f"model_config__{key}": str(first / "best.ckpt")}),
        state,
    )
    for name, value in found.items():
        assert torch.equal(value, given[f"model.{name}"] if name.startswith(part) else plain[name])


@pytest.mark.setting(
    "model_config.backbone_config.convnext.pre_trained_weights",
    "model_config.backbone_config.swint.pre_trained_weights",
)
@pytest.mark.parametrize(
    ("backbone", "name"), [("convnext", "ConvNeXt_Tiny_Weights"), ("swint", "Swin_T_Weights")]
)
def test_a_run_starts_from_imagenet_weights_and_reads_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backbone: str, name: str
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    labels = write_labels(tmp_path)
    colour = job(tmp_path, labels, backbone=backbone, data_config__preprocessing__ensure_rgb=True)

    def encoder(training: Training) -> dict[str, Tensor]:
        assert isinstance(training.parts.model.backbone, Pyramid)
        assert training.parts.batches.next_batch().images.shape[1] == 3
        return {key: value.clone() for key, value in training.parts.model.backbone.enc.state_dict().items()}

    downloaded = {key: torch.full_like(value, 0.5) for key, value in built(colour, encoder).items()}
    file = imagenet.download_of(name).file
    file.parent.mkdir(parents=True)
    torch.save({**downloaded, "classifier.2.weight": torch.zeros(5, 3)}, file)
    config = job(tmp_path, labels, backbone=backbone, trainer_config__run_name="started")
    tree.put(config, f"{SECTION}{backbone}.pre_trained_weights", name)
    learned = {key for key, value in downloaded.items() if value.is_floating_point()}
    found = built(config, encoder)
    assert all(torch.equal(found[key], downloaded[key]) for key in learned)
    run = tmp_path / "models" / "started"
    assert "data_config.preprocessing.ensure_rgb is on" in (run / "run.log").read_text(encoding="utf-8")
    written = read_config(run / "training_config.yaml").values
    assert tree.get(written, "data_config.preprocessing.ensure_rgb") is True
    asked_for = (tmp_path / "models" / "run" / "run.log").read_text(encoding="utf-8")
    assert "ensure_rgb is on" not in asked_for, "what the config asks for itself is not told"


@pytest.mark.setting("model_config.total_params")
def test_the_number_of_weights_is_noted_whatever_the_config_said(tmp_path: Path) -> None:
    config = job(tmp_path, write_labels(tmp_path), model_config__total_params=5)
    count = built(config, lambda training: sum(value.numel() for value in training.parts.model.parameters()))
    found = read_config(tmp_path / "models" / "run" / "training_config.yaml").values
    assert tree.get(found, "model_config.total_params") == count > 5


@pytest.mark.setting(
    "model_config.head_configs.multi_class_topdown.class_vectors.num_fc_layers",
    "model_config.head_configs.multi_class_topdown.class_vectors.num_fc_units",
    "model_config.head_configs.multi_class_topdown.class_vectors.global_pool",
)
@pytest.mark.parametrize(("layers", "units"), [(0, 3), (1, 3), (2, 5)])
@pytest.mark.parametrize("pooled", [True, False])
def test_dense_layers_have_the_number_and_size_that_were_set(
    tmp_path: Path, layers: int, units: int, pooled: bool
) -> None:
    head = "model_config__head_configs__multi_class_topdown__class_vectors__"
    config = job(
        tmp_path,
        write_labels(tmp_path, animals=2, tracks=("a", "b")),
        model_type="multi_class_topdown",
        data_config__preprocessing__crop_size=32,
        **{f"{head}num_fc_layers": layers, f"{head}num_fc_units": units, f"{head}global_pool": pooled},
    )
    shapes = built(
        config,
        lambda training: [
            (layer.in_features, layer.out_features)
            for layer in training.parts.model.modules()
            if isinstance(layer, nn.Linear)
        ],
    )
    # 13 channels at stride 8: one value each with pooling, else one for each of 4 by 4 cells.
    sizes = [13 if pooled else 13 * 16, *[units] * layers, 2]
    assert shapes == list(pairwise(sizes))
