"""Starting from trained models: checkpoints of ours and of others, SLEAP files, and what is told of parts that do not fit."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.keras_file import read_keras
from sleapnn_engine.models.start import implied_channels, load_part_from, load_start_weights
from tests.engine.models.keras_models import write_keras
from tests.engine.models.networks import build, config

BACKBONE, HEAD = "pretrained_backbone_weights", "pretrained_head_weights"


def write(model: PoseModel, path: Path, **changes: Tensor) -> Path:
    state = {f"model.{name}": value for name, value in {**model.state_dict(), **changes}.items()}
    torch.save({"state_dict": state, "pytorch-lightning_version": "2.6.0"}, path)
    return path


def part(model: PoseModel, prefix: str) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items() if name.startswith(prefix)}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.setting("model_config.pretrained_backbone_weights", "model_config.pretrained_head_weights")
@pytest.mark.parametrize("backbone", ["unet", "convnext", "swint"])
def test_backbone_and_heads_are_loaded_apart(backbone: str, tmp_path: Path) -> None:
    made = config(backbone, "bottomup")
    source, path = build(made, seed=1), tmp_path / "best.ckpt"
    write(source, path)
    for key, mine, other in (
        (BACKBONE, "backbone.", "head_layers."),
        (HEAD, "head_layers.", "backbone."),
    ):
        model = build(made, seed=2)
        random = part(model, other)
        chosen = config(backbone, "bottomup")
        setattr(chosen, key, str(path))
        (report,) = load_start_weights(model, chosen)
        assert same(part(model, mine), part(source, mine))
        assert same(part(model, other), random)
        assert report.is_complete
        assert report.unused == ()
        count = len([name for name, _ in model.named_parameters() if name.startswith(mine)])
        words = "backbone" if key == BACKBONE else "head layers"
        assert report.sentences() == [f"{count} of {count} tensors of the {words} start from {path}."]


def test_a_backbone_of_another_output_stride_is_loaded_as_far_as_it_goes(tmp_path: Path) -> None:
    source = build(config("unet", "single_instance", stride=4), seed=1)
    model = build(config("unet", "single_instance", stride=1, kernel_size=3), seed=2)
    random = part(model, "backbone.decoders.0.decoder_stack.2")
    report = load_part_from(model, write(source, tmp_path / "a.ckpt"), key=BACKBONE)
    assert set(report.missing) == {
        name for name in model.state_dict() if ".decoder_stack.1." in name or ".decoder_stack.2." in name
    }
    assert same(part(model, "backbone.encoders"), part(source, "backbone.encoders"))
    assert same(part(model, "backbone.decoders.0.decoder_stack.2"), random)
    assert report.sentences()[1].startswith(
        "Not in the file, so at random: backbone.decoders.0.decoder_stack.1."
    )
    assert report.sentences()[1].endswith("and 4 more.")


def test_what_has_another_shape_is_told_with_both_shapes(tmp_path: Path) -> None:
    source = build(config("unet", "single_instance"), seed=1, channels=3)
    model = build(config("unet", "single_instance"), seed=2)
    first = "backbone.encoders.0.encoder_stack.0.blocks.stack0_enc0_conv0.weight"
    random = model.state_dict()[first].clone()
    report = load_part_from(model, write(source, tmp_path / "a.ckpt"), key=BACKBONE)
    assert [misfit.name for misfit in report.misfits] == [first]
    assert f"{first} (6 x 3 x 3 x 3 in the file, 6 x 1 x 3 x 3 in the network)" in report.sentences()[1]
    assert torch.equal(model.state_dict()[first], random)
    assert not report.is_complete


def test_a_head_is_found_at_another_place_and_the_others_are_told(tmp_path: Path) -> None:
    source = build(config("unet", "multi_class_topdown"), seed=1)
    model = build(config("unet", "centered_instance"), seed=2)
    report = load_part_from(model, write(source, tmp_path / "a.ckpt"), key=HEAD)
    assert same(part(model, "head_layers.0"), part(source, "head_layers.0"))
    assert report.unused == (
        "head_layers.pre_classification0_fc.weight",
        "head_layers.pre_classification0_fc.bias",
        "head_layers.ClassVectorsHead.weight",
        "head_layers.ClassVectorsHead.bias",
    )


def test_half_precision_and_foreign_contents_are_no_obstacle(tmp_path: Path) -> None:
    source, model = build(config("unet", "centroid"), seed=1), build(config("unet", "centroid"), seed=2)
    state = {f"model.{name}": value.half() for name, value in source.state_dict().items()}
    torch.save({"state_dict": {**state, "model.backbone.note": "a word"}}, tmp_path / "a.ckpt")
    report = load_part_from(model, tmp_path / "a.ckpt", key=BACKBONE)
    assert report.is_complete
    for name, value in part(model, "backbone.").items():
        assert value.dtype == torch.float32
        assert torch.equal(value, source.state_dict()[name].half().float())


@pytest.mark.parametrize("suffix", [".ckpt", ".h5"])
@pytest.mark.parametrize("content", [None, b"", b"nothing", b"\x89HDF\r\n\x1a\n broken", b"PK\x03\x04"])
def test_missing_and_damaged_files_are_refused(suffix: str, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    if content is not None:
        path.write_bytes(content)
    made = config("unet", "centroid")
    made.pretrained_backbone_weights = str(path)
    for act in (lambda: load_start_weights(build(made), made), lambda: implied_channels(made)):
        with pytest.raises(UserError, match=str(path)) as caught:
            act()
        assert caught.value.where == "model_config.pretrained_backbone_weights"
        assert caught.value.hint


def test_files_of_which_nothing_fits_are_refused_with_an_example(tmp_path: Path) -> None:
    model = build(config("unet", "centroid"))
    with pytest.raises(UserError, match=r"nothing in .*b\.ckpt fits the head layers .* is not in it"):
        load_part_from(model, write(build(config("unet", "bottomup")), tmp_path / "b.ckpt"), key=HEAD)
    with pytest.raises(UserError, match=r"nothing in .*c\.ckpt fits the backbone"):
        load_part_from(model, write(build(config("convnext", "centroid")), tmp_path / "c.ckpt"), key=BACKBONE)
    two, three = build(config("unet", "single_instance"), n_nodes=2), build(config("unet", "single_instance"))
    with pytest.raises(UserError, match=r"2 x 9 x 1 x 1 in the file, 3 x 9 x 1 x 1 in the network"):
        load_part_from(three, write(two, tmp_path / "d.ckpt"), key=HEAD)


def test_values_that_are_no_numbers_change_nothing(tmp_path: Path) -> None:
    source, model = build(config("unet", "centroid"), seed=1), build(config("unet", "centroid"), seed=2)
    name = list(source.state_dict())[3]
    path = write(
        source, tmp_path / "a.ckpt", **{name: torch.full_like(source.state_dict()[name], float("inf"))}
    )
    before = part(model, "")
    with pytest.raises(UserError, match="values that are no numbers"):
        load_part_from(model, path, key=BACKBONE)
    assert same(part(model, ""), before)


@pytest.mark.parametrize("backbone", ["unet", "convnext", "swint"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_backbone_file_tells_its_channels(backbone: str, channels: int, tmp_path: Path) -> None:
    for settings in ({}, {"stem_stride": 2}) if backbone == "unet" else ({},):
        made = config(backbone, "centroid", **settings)
        source = build(made, channels=channels)
        made.pretrained_backbone_weights = str(write(source, tmp_path / "a.ckpt"))
        assert implied_channels(made) == channels
        if backbone == "unet":
            made.pretrained_backbone_weights = str(write_keras(source, tmp_path / "a.h5"))
            assert implied_channels(made) == channels
    assert implied_channels(config(backbone, "centroid")) is None


@pytest.mark.parametrize(
    ("head", "settings"),
    [
        ("bottomup", {}),
        ("bottomup", {"up_interpolate": False}),
        ("single_instance", {"stem_stride": 2, "kernel_size": 5}),
        ("single_instance", {"stacks": 2, "convs_per_block": 1}),
        ("multi_class_bottomup", {"middle_block": False}),
        ("multi_class_topdown", {"vectors": {"num_fc_layers": 2}}),
        ("multi_class_topdown", {"vectors": {"num_fc_layers": 1, "global_pool": False}}),
        ("multi_class_topdown", {"vectors": {"num_fc_layers": 0, "global_pool": False}}),
    ],
)
@pytest.mark.parametrize("numbered", [True, False])
def test_a_sleap_file_gives_the_same_network(
    head: str, settings: dict[str, Any], numbered: bool, tmp_path: Path
) -> None:
    made = config("unet", head, **settings)
    source, model = build(made, seed=1, input_size=(32, 16)), build(made, seed=2, input_size=(32, 16))
    path = write_keras(source, tmp_path / "best_model.h5", numbered=numbered)
    made.pretrained_backbone_weights = made.pretrained_head_weights = str(path)
    reports = load_start_weights(model, made)
    assert same(part(model, ""), part(source, ""))
    assert all(report.is_complete and not report.unused for report in reports)
    enlarged, stem = settings.get("up_interpolate") is False, "stem_stride" in settings
    assert len(reports[0].notes) == enlarged + stem
    assert any("halves the image once more" in note for note in reports[0].notes) == stem
    assert not reports[1].notes


def test_layers_of_other_kinds_in_a_sleap_file_are_told(tmp_path: Path) -> None:
    source, model = build(config("unet", "single_instance"), seed=1), build(config("unet", "single_instance"))
    zeros = np.zeros((1, 1, 6, 4), np.float32)
    path = write_keras(source, tmp_path / "a.h5", OffsetRefinementHead_0=zeros, stack0_extra=zeros)
    assert load_part_from(model, path, key=BACKBONE).unused == ("stack0_extra.weight",)
    assert load_part_from(model, path, key=HEAD).unused == ("OffsetRefinementHead.weight",)


def test_a_sleap_file_only_fits_a_unet(tmp_path: Path) -> None:
    path = write_keras(build(config("unet", "centroid")), tmp_path / "a.h5")
    with pytest.raises(UserError, match="only fit a UNet"):
        load_part_from(build(config("swint", "centroid")), path, key=HEAD)


def test_other_hdf5_files_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["points"] = np.zeros(3, np.float32)
        file["videos/video0"] = np.zeros(3, np.float32)
    with pytest.raises(UserError, match="holds no model weights"):
        read_keras(tmp_path / "a.h5", setting="weights")


@pytest.mark.interop
@pytest.mark.parametrize(
    "folder",
    [
        "minimal_robot.UNet.single_instance",
        "minimal_instance.UNet.bottomup",  # with transposed convolutions
        "min_tracks_2node.UNet.topdown_multiclass",
    ],
)
def test_sleap_models_predict_what_sleap_recorded(folder: str, shared_data: Path) -> None:
    place = shared_data / "legacy_models" / folder
    trained = read_trained(place)
    with h5py.File(place / "dummy_activations.h5") as file:
        recorded = {
            name.removesuffix("_0"): torch.from_numpy(file[name][()]) for name in file if name != "metadata"
        }
        batch, *size, channels = json.loads(file["metadata"][()])["input_shape"]
    assert trained.channels == channels
    with torch.no_grad():
        outputs = trained.network(torch.zeros(batch, channels, *size))
    assert outputs.keys() <= recorded.keys()
    for name, found in outputs.items():
        expected = recorded[name].permute(0, 3, 1, 2) if found.ndim == 4 else recorded[name]
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6 * float(expected.abs().max()) + 1e-7)


@pytest.mark.interop
@pytest.mark.parametrize(
    "folder",
    ["single_instance", "bottomup", "multiclass_centered_instance"],
)
def test_models_of_sleap_nn_are_loaded_whole(folder: str, shared_data: Path) -> None:
    place = shared_data / "sleap_nn_models" / f"minimal_instance_{folder}"
    values = read_config(place / "training_config.yaml").values["model_config"]
    labels = {"train_labels_path": ["train.slp"]}
    made = build_job({"data_config": labels, "model_config": values}).model_config
    made.pretrained_backbone_weights = made.pretrained_head_weights = str(place / "best.ckpt")
    channels = made.backbone_config.unet.in_channels
    assert implied_channels(made) == channels
    model = build(made, channels=channels, n_nodes=2, n_edges=1)
    assert model.parameter_count == made.total_params
    for report in load_start_weights(model, made):
        assert report.is_complete
        assert report.unused == ()
