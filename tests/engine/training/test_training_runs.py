"""Whole trainings inside the test's own process: what they learn, how they end, what they leave."""

import io
from pathlib import Path
from typing import Any

import pytest
import sleap_io as sio
import torch

from sleapnn_engine.config.build import build_job
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events, outline, values


def two_frames(data: Path, folder: Path) -> list[str]:
    """A labels file with two frames of the flies."""
    labels = sio.load_slp((data / "fly32_single" / "train.pkg.slp").as_posix())
    part = sio.Labels([labels[3], labels[40]], videos=labels.videos, skeletons=labels.skeletons)
    path = folder / "two.slp"
    sio.save_slp(part, path.as_posix(), embed=False, restore_original_videos=False)
    return [str(path)]


def trained(config: dict[str, Any], **options: Any) -> tuple[Path, str]:
    """Train; returns the run folder and what the terminal saw."""
    stream = io.StringIO()
    assert train(build_job(config), stream=stream, **options) == 0
    return Path(config["trainer_config"]["ckpt_dir"]) / config["trainer_config"][
        "run_name"
    ], stream.getvalue()


@pytest.mark.parametrize(
    ("precision", "epochs"), [("32", 6), ("bf16", 3)]
)  # a CPU computes bf16 four times as long
def test_two_frames_are_learned_by_heart(
    shared_data: Path, tmp_path: Path, precision: str, epochs: int
) -> None:
    config = values(
        shared_data,
        tmp_path,
        data_config__train_labels_path=two_frames(shared_data, tmp_path),
        data_config__use_same_data_for_val=True,
        data_config__preprocessing__scale=0.25,
        model_config__backbone_config__unet__filters=8,
        model_config__head_configs__single_instance__confmaps__part_names=[
            "head",
            "thorax",
            "abdomen",
            "wingL",
            "wingR",
        ],
        model_config__head_configs__single_instance__confmaps__output_stride=2,
        model_config__backbone_config__unet__output_stride=2,
        trainer_config__train_steps_per_epoch=40,
        trainer_config__max_epochs=epochs,
        trainer_config__optimizer__lr=0.004,
    )
    run, _ = trained(config, precision=precision)
    losses = [event["body"]["loss"] for event in events(run) if event["kind"] == "batch_end"]
    last = [event["body"] for event in events(run) if event["kind"] == "epoch_end"][-1]
    assert last["gradient"] > 0
    assert losses[-1] < losses[0] / 10
    assert last["error"]["median_px"] < 2
    assert last["error"]["percent_of_body"] < 2
    assert list(last["error"]["by_node"]) == ["head", "thorax", "abdomen", "wingL", "wingR"]


def test_training_stops_early_and_says_so(shared_data: Path, tmp_path: Path) -> None:
    config = values(
        shared_data,
        tmp_path,
        trainer_config__max_epochs=9,
        trainer_config__train_steps_per_epoch=1,
        trainer_config__early_stopping={"min_delta": 10.0, "patience": 3, "stop_training_on_plateau": True},
        trainer_config__lr_scheduler={
            "reduce_lr_on_plateau": {"threshold": 10.0, "patience": 0, "cooldown": 0},
            "step_lr": None,
        },
    )
    run, said = trained(config)
    body = events(run)[-1]["body"]
    assert (body["outcome"], body["epochs"]) == ("early_stopped", 4)
    assert said.splitlines()[-1] == f"early stopped: {run}"
    rates = [event["body"]["lr"] for event in events(run) if event["kind"] == "epoch_end"]
    assert rates == pytest.approx([0.001, 0.001, 0.0005, 0.00025])
    assert "The learning rate falls from 0.001 to 0.0005 after epoch 2." in (run / "run.log").read_text()


def test_pictures_are_removed_but_nothing_else(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "run" / "viz").mkdir(parents=True)
    (tmp_path / "run" / "viz" / "mine.png").write_bytes(b"mine")
    config = values(shared_data, tmp_path, trainer_config__visualize_preds_during_training=True)
    run, _ = trained(config)
    assert [path.name for path in (run / "viz").iterdir()] == ["mine.png"]


@pytest.mark.parametrize("delete", [True, False])
def test_images_cached_on_disk_are_removed_where_asked(
    shared_data: Path, tmp_path: Path, delete: bool
) -> None:
    config = values(
        shared_data,
        tmp_path,
        data_config__data_pipeline_fw="torch_dataset_cache_img_disk",
        data_config__cache_img_path=str(tmp_path / "cache"),
        data_config__delete_cache_imgs_after_training=delete,
        trainer_config__max_epochs=1,
    )
    trained(config)
    left = {path.name: len(list(path.iterdir())) for path in (tmp_path / "cache").iterdir()}
    # One more: the list of what each image shows.
    assert left == ({} if delete else {"train_imgs": 65, "val_imgs": 13})


def test_frames_read_as_needed_give_the_same_numbers(shared_data: Path, tmp_path: Path) -> None:
    found = []
    for pipeline in ("torch_dataset", "torch_dataset_cache_img_memory"):
        config = values(
            shared_data,
            tmp_path,
            data_config__data_pipeline_fw=pipeline,
            data_config__use_augmentations_train=True,
            data_config__augmentation_config={
                "geometric": {"affine_p": 1.0},
                "intensity": {"contrast_p": 0.5},
            },
            trainer_config__run_name=pipeline,
        )
        run, _ = trained(config)
        found.append([event["body"]["loss"] for event in events(run) if event["kind"] == "batch_end"])
    assert found[0] == found[1]


def test_a_run_starts_from_the_weights_of_another(shared_data: Path, tmp_path: Path) -> None:
    first, _ = trained(values(shared_data, tmp_path, trainer_config__run_name="first"))
    config = values(
        shared_data,
        tmp_path,
        model_config__pretrained_backbone_weights=str(first / "best.ckpt"),
        model_config__pretrained_head_weights=str(first / "best.ckpt"),
        trainer_config__run_name="second",
        trainer_config__optimizer__lr=1e-12,
        trainer_config__seed=8,
    )
    second, _ = trained(config)
    one, two = (torch.load(run / "best.ckpt", weights_only=True)["state_dict"] for run in (first, second))
    assert all(torch.allclose(one[name], two[name], atol=1e-6) for name in one)
    assert "tensors of the backbone start from" in (second / "run.log").read_text()


def test_hard_keypoint_mining_raises_both_losses(shared_data: Path, tmp_path: Path) -> None:
    found = []
    for mining in (False, True):
        config = values(
            shared_data,
            tmp_path,
            trainer_config__online_hard_keypoint_mining__online_mining=mining,
            trainer_config__run_name=f"mining-{mining}",
            trainer_config__max_epochs=1,
            trainer_config__train_steps_per_epoch=1,
        )
        run, _ = trained(config)
        found.append(next(e["body"] for e in events(run) if e["kind"] == "epoch_end"))
    # The extra term is 5 times the mean of the hardest parts, so it is at least 5 times the plain loss.
    assert found[1]["train"] > 5 * found[0]["train"]
    assert found[1]["val"] > 4 * found[0]["val"]


def test_without_a_number_an_epoch_is_a_pass_but_not_too_short(shared_data: Path, tmp_path: Path) -> None:
    for least, expected in ((0, 8), (11, 11)):
        config = values(
            shared_data,
            tmp_path,
            trainer_config__train_steps_per_epoch=None,
            trainer_config__min_train_steps_per_epoch=least,
            trainer_config__train_data_loader__batch_size=8,
            trainer_config__max_epochs=1,
            trainer_config__run_name=f"least-{least}",
        )
        run, _ = trained(config)
        assert outline(run).count("batch_end") == expected


def test_a_smaller_skeleton_can_be_chosen(shared_data: Path, tmp_path: Path) -> None:
    config = values(
        shared_data,
        tmp_path,
        model_config__head_configs__single_instance__confmaps__part_names=["thorax", "head"],
        trainer_config__max_epochs=1,
    )
    run, _ = trained(config)
    started = next(event["body"] for event in events(run) if event["kind"] == "started")
    assert started["nodes"] == ["thorax", "head"]
    weights = torch.load(run / "best.ckpt", weights_only=True)["state_dict"]
    assert weights["model.head_layers.0.SingleInstanceConfmapsHead.0.bias"].shape == (2,)


def test_several_animals_in_a_frame_are_refused_by_name(shared_data: Path, tmp_path: Path) -> None:
    config = values(
        shared_data,
        tmp_path,
        data_config__train_labels_path=[str(shared_data / "flies13_pair" / "val.pkg.slp")],
    )
    with pytest.raises(Exception, match="can learn only one per frame") as caught:
        train(build_job(config), stream=io.StringIO())
    assert "flies13_pair" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
