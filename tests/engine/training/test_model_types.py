"""Every model type with every backbone is trained, saved and read again."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from sleapnn_engine.config.model_types import HEADS, MODEL_TYPES
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.kept_frames import kept_epochs, read_frames
from tests.engine.training.jobs import events
from tests.engine.training.rendered import NODES, job, trained, write_labels
from tests.engine.training.test_presets_train import few_frames

BACKBONES = ("unet", "convnext", "swint", "timm")
#: Ends of names of what a file holds besides weights.
UNTRAINED = ("relative_position_index", "enc.mean", "enc.spread", "_mean", "_var", "num_batches_tracked")


def labels_for(model_type: str, folder: Path, *, frames: int = 8) -> Path:
    """One animal where a model takes one, else two of different length, with tracks."""
    if model_type == "single_instance":
        return write_labels(folder, frames=frames)
    return write_labels(folder, frames=frames, animals=2, size=(64, 96), tracks=("short", "long"))


def ends(run: Path) -> list[dict[str, Any]]:
    return [event["body"] for event in events(run) if event["kind"] == "epoch_end"]


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_type_trains_with_every_backbone(tmp_path: Path, model_type: str, backbone: str) -> None:
    config = job(
        tmp_path,
        labels_for(model_type, tmp_path),
        model_type=model_type,
        backbone=backbone,
        trainer_config__save_ckpt=True,
        trainer_config__visualize_preds_during_training=True,
        trainer_config__keep_viz=True,
    )
    run = trained(config)
    end = ends(run)[0]
    assert math.isfinite(end["train"])
    assert math.isfinite(end["val"])
    weights = torch.load(run / "best.ckpt", weights_only=True)["state_dict"]
    heads = list(MODEL_TYPES[model_type].heads.values())
    for place, head in enumerate(heads):
        assert any(name.startswith(f"model.head_layers.{place}.{head}") for name in weights)
    written = yaml.safe_load((run / "training_config.yaml").read_text())["model_config"]
    assert written["backbone_config"][backbone]["in_channels"] == 1
    assert written["total_params"] == sum(
        value.numel() for name, value in weights.items() if not name.endswith(UNTRAINED)
    )
    assert (run / "viz" / "validation.0000.png").stat().st_size > 1000
    drawn = {key for key in MODEL_TYPES[model_type].heads if HEADS[key].maps}
    for event in read_frames(kept_epochs(run)[0]).events:
        assert set(event.arrays) == {"image", *drawn}
        assert set(event.typed_as(Frame).strides or {}) == drawn - {"confmaps"}


#: Each type with two backbones, each backbone with three types; any type with any backbone is trained above.
PAIRED = [
    (model_type, BACKBONES[(number + step) % len(BACKBONES)])
    for number, model_type in enumerate(MODEL_TYPES)
    for step in (0, 1 + number // len(BACKBONES))
]


@pytest.mark.parametrize(("model_type", "backbone"), PAIRED)
def test_every_type_and_every_backbone_learns_from_real_animals(
    shared_data: Path, tmp_path: Path, model_type: str, backbone: str
) -> None:
    source = "fly32_single" if model_type == "single_instance" else "flies24_pair"
    config = job(
        tmp_path,
        Path(few_frames(shared_data / source / "train.pkg.slp", tmp_path, count=6)),
        model_type=model_type,
        backbone=backbone,
        data_config__preprocessing__scale=0.25,
        data_config__use_augmentations_train=True,
        trainer_config__train_steps_per_epoch=6,
        trainer_config__max_epochs=3,
        trainer_config__optimizer__lr=0.003,
    )
    found = ends(trained(config))
    assert found[-1]["train"] < found[0]["train"]


@pytest.mark.parametrize(
    ("model_type", "weights"),
    [
        ("single_instance", [None]),
        ("centroid", [None]),
        ("centered_instance", [None]),
        ("bottomup", [1.0, 1.0]),
        ("multi_class_topdown", [1.0, 1.0]),
    ],
)
def test_weights_of_losses_are_written_as_other_programs_take_them(
    tmp_path: Path, model_type: str, weights: list[float | None]
) -> None:
    run = trained(job(tmp_path, labels_for(model_type, tmp_path), model_type=model_type))
    written = yaml.safe_load((run / "training_config.yaml").read_text())["model_config"]
    parts = written["head_configs"][model_type].values()
    # A single loss has no weight there, and a null is refused where there are two.
    assert [part.get("loss_weight") for part in parts] == weights
    assert ["loss_weight" in part for part in parts] == [weight is not None for weight in weights]


def test_names_found_in_the_labels_are_written_back(tmp_path: Path) -> None:
    for model_type, section, key, expected in (
        ("bottomup", "pafs", "edges", [["nose", "neck"], ["neck", "tail"]]),
        ("multi_class_bottomup", "class_maps", "classes", ["short", "long"]),
        ("multi_class_topdown", "class_vectors", "classes", ["short", "long"]),
        ("centered_instance", "confmaps", "part_names", list(NODES)),
    ):
        folder = tmp_path / model_type
        run = trained(job(folder, labels_for(model_type, folder), model_type=model_type))
        written = yaml.safe_load((run / "training_config.yaml").read_text())
        head = written["model_config"]["head_configs"][model_type]
        assert head[section][key] == expected
        crop = written["data_config"]["preprocessing"]["crop_size"]
        assert (crop is None) == (model_type in ("bottomup", "multi_class_bottomup"))


def test_heads_are_weighed_and_told_apart_in_the_log(tmp_path: Path) -> None:
    labels, totals = labels_for("bottomup", tmp_path), []
    for name, weight in (("one", None), ("ten", 10.0)):
        config = job(
            tmp_path,
            labels,
            model_type="bottomup",
            model_config__head_configs__bottomup__pafs__loss_weight=weight,
            trainer_config__train_steps_per_epoch=1,
            trainer_config__run_name=name,
        )
        with (trained(config) / "training_log.csv").open() as file:
            row = next(csv.DictReader(file))
        confmaps, pafs = float(row["train/confmaps_loss"]), float(row["train/paf_loss"])
        factor = 1.0 if weight is None else weight
        assert float(row["train/loss"]) == pytest.approx(confmaps + factor * pafs, rel=1e-5)
        totals.append(float(row["train/loss"]))
    assert totals[1] > totals[0]
