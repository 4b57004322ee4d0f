"""Every rule finds what it is for, says it in a sentence, and its fix settles it."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.commands.validate import issues_of
from sleapnn_engine.config import tree
from sleapnn_engine.config.checks.labels import check_labels
from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.issue import Remove
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import validate

UNET = "model_config.backbone_config.unet"
SINGLE = "model_config.head_configs.single_instance.confmaps"
GEO = "data_config.augmentation_config.geometric"


def good() -> dict[str, Any]:
    """A config in which nothing is wrong or doubtful."""
    values = SPEC.defaults()
    for path, value in {
        "data_config.train_labels_path": ["a.slp"],
        "data_config.use_augmentations_train": False,
        UNET: SPEC.defaults(UNET),
        "model_config.head_configs.single_instance": SPEC.defaults(
            "model_config.head_configs.single_instance"
        ),
        "trainer_config.save_ckpt": True,
    }.items():
        tree.put(values, path, value)
    return values


def test_the_good_config_has_no_issue() -> None:
    assert validate(good()) == []


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"data_config.train_labels_path": []}, "data_config.train_labels_path", "error"),
    ({"trainer_config.max_epochs": "many"}, "trainer_config.max_epochs", "error"),
    ({"trainer_config.max_epochs": 4.0}, "trainer_config.max_epochs", "error"),
    ({"trainer_config.max_epochs": True}, "trainer_config.max_epochs", "error"),
    ({"trainer_config.optimizer.lr": 0}, "trainer_config.optimizer.lr", "error"),
    ({"trainer_config.optimizer.lr": float("nan")}, "trainer_config.optimizer.lr", "error"),
    ({"trainer_config.optimizer_name": "adam"}, "trainer_config.optimizer_name", "error"),
    ({"data_config.data_pipeline_fw": "litdata"}, "data_config.data_pipeline_fw", "error"),
    ({"data_config.validation_fraction": 1.0}, "data_config.validation_fraction", "error"),
    (
        {"data_config.validation_fraction": 0, "data_config.val_labels_path": ["b.slp"]},
        "data_config.validation_fraction",
        "info",
    ),
    (
        {"data_config.validation_fraction": "none", "data_config.val_labels_path": ["b.slp"]},
        "data_config.validation_fraction",
        "error",
    ),
    ({"trainer_config.max_epoch": 3}, "trainer_config.max_epoch", "error"),
    ({"trianer_config": {}}, "trianer_config", "error"),
    ({"my_lab": 1}, "my_lab", "warning"),
    ({"trainer_config.eval": {"enabled": True}}, "trainer_config.eval", "warning"),
    ({"trainer_config.zmq": None}, "trainer_config.zmq", "error"),
    ({"trainer_config.optimizer": 3}, "trainer_config.optimizer", "error"),
    ({UNET: None}, "model_config.backbone_config", "error"),
    ({"model_config.backbone_config.convnext": {}}, "model_config.backbone_config", "error"),
    ({"model_config.head_configs.single_instance": None}, "model_config.head_configs", "error"),
    ({SINGLE: None}, SINGLE, "error"),
    ({f"{UNET}.max_stride": 12}, f"{UNET}.max_stride", "error"),
    ({f"{UNET}.kernel_size": 4}, f"{UNET}.kernel_size", "error"),
    ({f"{SINGLE}.output_stride": 2}, f"{UNET}.output_stride", "warning"),
    ({f"{UNET}.output_stride": 2}, f"{UNET}.output_stride", "error"),
    ({f"{SINGLE}.output_stride": 32, f"{UNET}.output_stride": 32}, f"{SINGLE}.output_stride", "error"),
    ({f"{UNET}.stem_stride": 16}, f"{UNET}.stem_stride", "error"),
    (
        {"data_config.preprocessing.ensure_rgb": True, "data_config.preprocessing.ensure_grayscale": True},
        "data_config.preprocessing.ensure_grayscale",
        "error",
    ),
    ({"data_config.preprocessing.ensure_rgb": True}, f"{UNET}.in_channels", "warning"),
    ({"data_config.preprocessing.scale": 0}, "data_config.preprocessing.scale", "error"),
    ({"data_config.preprocessing.crop_size": 64}, "data_config.preprocessing.crop_size", "warning"),
    (
        {"trainer_config.train_data_loader.num_workers": 2},
        "trainer_config.train_data_loader.num_workers",
        "error",
    ),
    ({"trainer_config.lr_scheduler.step_lr": {}}, "trainer_config.lr_scheduler", "error"),
    *(
        (
            {
                "trainer_config.lr_scheduler": {
                    "step_lr": None,
                    "reduce_lr_on_plateau": None,
                    name: settings,
                },
                "trainer_config.max_epochs": 10,
            },
            f"trainer_config.lr_scheduler.{name}.{said.format(end)}",
            severity,
        )
        for name, end in (("cosine_annealing_warmup", "eta_min"), ("linear_warmup_linear_decay", "end_lr"))
        for settings, said, severity in (
            ({"warmup_epochs": 10}, "warmup_epochs", "error"),
            ({"warmup_epochs": 5, "max_epochs": 5}, "warmup_epochs", "error"),
            ({"warmup_epochs": -1}, "warmup_epochs", "error"),
            ({"warmup_start_lr": -1e-5}, "warmup_start_lr", "error"),
            ({"warmup_start_lr": 0.0}, "warmup_start_lr", "info"),
            ({"warmup_start_lr": 0.5}, "warmup_start_lr", "warning"),
            ({end: 0.5}, "{}", "warning"),
            ({"max_epochs": 8}, "max_epochs", "warning"),
        )
    ),
    *(
        ({f"trainer_config.model_ckpt.{name}": value}, f"trainer_config.model_ckpt.{name}", "error")
        for name, value in (
            ("monitor", "eval/val/mOKS"),
            ("monitor", "val/paf_loss"),
            ("monitor", 3),
            ("mode", "max"),
            ("mode", 1),
        )
    ),
    (
        {"trainer_config.lr_scheduler.reduce_lr_on_plateau.patience": 10},
        "trainer_config.early_stopping.patience",
        "warning",
    ),
    (
        {"trainer_config.lr_scheduler.reduce_lr_on_plateau.min_lr": 1e-4},
        "trainer_config.lr_scheduler.reduce_lr_on_plateau.min_lr",
        "warning",
    ),
    (
        {
            "trainer_config.lr_scheduler.step_lr": {"step_size": 10},
            "trainer_config.lr_scheduler.reduce_lr_on_plateau": None,
            "trainer_config.max_epochs": 10,
        },
        "trainer_config.lr_scheduler.step_lr.step_size",
        "warning",
    ),
    (
        {"trainer_config.lr_scheduler.reduce_lr_on_plateau.min_lr": [1e-8, 1e-9]},
        "trainer_config.lr_scheduler.reduce_lr_on_plateau.min_lr",
        "error",
    ),
    ({"trainer_config.save_ckpt": False}, "trainer_config.save_ckpt", "warning"),
    ({"trainer_config.model_ckpt.save_top_k": 0}, "trainer_config.model_ckpt.save_top_k", "warning"),
    (
        {"trainer_config.save_ckpt": False, "data_config.test_file_path": "a.slp"},
        "data_config.test_file_path",
        "warning",
    ),
    ({"trainer_config.run_name": "../../evil"}, "trainer_config.run_name", "error"),
    ({"trainer_config.trainer_device_indices": []}, "trainer_config.trainer_device_indices", "error"),
    (
        {
            "trainer_config.online_hard_keypoint_mining.online_mining": True,
            "trainer_config.online_hard_keypoint_mining.max_hard_keypoints": 1,
        },
        "trainer_config.online_hard_keypoint_mining.max_hard_keypoints",
        "warning",
    ),
    (
        {"trainer_config.zmq.publish_port": 9000, "trainer_config.zmq.controller_port": 9000},
        "trainer_config.zmq.controller_port",
        "error",
    ),
    ({"trainer_config.zmq.publish_port": "tcp://127.0.0.1:9000"}, "trainer_config.zmq.publish_port", "error"),
    ({"data_config.use_augmentations_train": True}, "data_config.use_augmentations_train", "warning"),
    (
        {"data_config.use_augmentations_train": True, GEO: {"rotation_min": 20.0, "affine_p": 1.0}},
        f"{GEO}.rotation_min",
        "error",
    ),
    (
        {"data_config.use_augmentations_train": True, GEO: {"rotation_p": 1.0, "affine_p": 1.0}},
        f"{GEO}.affine_p",
        "warning",
    ),
    ({"data_config.use_augmentations_train": True, GEO: {"rotation_p": 1.5}}, f"{GEO}.rotation_p", "error"),
    ({"data_config.use_augmentations_train": True, GEO: {"mixup_p": 0.5}}, f"{GEO}.mixup_p", "warning"),
]


@pytest.mark.parametrize(("changes", "path", "severity"), CASES, ids=lambda value: str(value)[:60])
def test_rule(changes: dict[str, Any], path: str, severity: str) -> None:
    values = good()
    for key, value in changes.items():
        tree.put(values, key, value)
    found = [issue for issue in validate(values) if issue.path == path]
    assert [issue.severity for issue in found][:1] == [severity], validate(values)
    assert found[0].message[-1] in ".?"
    if found[0].fix:
        fixed = copy_values(values)
        for key, value in found[0].fix.changes.items():
            tree.drop(fixed, key) if value is Remove else tree.put(fixed, key, value)
        assert found[0] not in validate(fixed)


def test_all_problems_are_listed_at_once() -> None:
    values = good()
    for key in ("trainer_config.max_epochs", "trainer_config.seed", "data_config.validation_fraction"):
        tree.put(values, key, "x")
    assert {issue.path for issue in validate(values)} == {
        "trainer_config.max_epochs",
        "trainer_config.seed",
        "data_config.validation_fraction",
    }


def test_labels_are_checked_against_the_head() -> None:
    values = good()
    tree.put(values, f"{SINGLE}.part_names", ["head", "wing"])
    facts = {"nodes": ["head", "tail"], "tracks": [], "instances_per_frame": [[2, 3]]}
    messages = [issue.message for issue in check_labels(values, facts)]
    assert any("'wing'" in message and "'head', 'tail'" in message for message in messages)
    assert any("2 animals" in message for message in messages)


#: configs of ../shared/data/bad/configs that a sensible program accepts, perhaps with a warning
_ACCEPTED = {
    "00_good",
    "augmentation_on_but_null",
    "batch_larger_than_set",
    "crlf",
    "crop_larger_than_image",
    "crop_not_a_stride_multiple",
    "crop_smaller_than_animal",
    "rgb_with_in_channels_1",
    "string_number_lr",
    "train_path_is_string",
    "utf8_with_bom",
    "utf16_with_bom",
}
#: those that only show once the labels are open or the devices are known
_LATER = {
    "anchor_not_in_skeleton",
    "classes_not_in_tracks",
    "edge_to_unknown_node",
    "unknown_part_name",
    "more_devices_than_there_are",
}


def test_every_bad_config_is_refused_with_sentences(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared_data / "bad" / "configs"
    monkeypatch.chdir(folder.parent)
    wrong = []
    for file in sorted(folder.glob("*.yaml")):
        # What the format allows is asked here; what this engine cannot train yet is another list.
        issues = [issue for issue in issues_of(file, with_labels=False) if " yet" not in issue.message]
        refused = any(issue.severity == "error" for issue in issues)
        if refused == (file.stem in _ACCEPTED | _LATER):
            wrong.append((file.stem, [issue.message for issue in issues if issue.severity == "error"]))
        assert all(issue.message.rstrip()[-1] in ".?" for issue in issues), issues
    assert wrong == []
