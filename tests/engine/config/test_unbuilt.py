"""What is refused before anything is created: nothing that a config says is silently ignored."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.unbuilt import unsupported
from tests.engine.training.jobs import config_file, finish, start, values

TRAINER = "trainer_config."

#: (key, value, path of the issue)
REFUSED = [
    (TRAINER + "trainer_strategy", "fsdp"),
    (TRAINER + "trainer_strategy", "deepspeed"),
    (TRAINER + "resume_ckpt_path", "last.ckpt"),
]

#: Trainer settings that are acted upon; together with the refused ones they must be all there are.
WORKING = {
    *(f"train_data_loader.{name}" for name in ("batch_size", "shuffle", "num_workers")),
    *(f"val_data_loader.{name}" for name in ("batch_size", "shuffle", "num_workers")),
    *(f"model_ckpt.{name}" for name in ("save_top_k", "save_last")),
    *(f"optimizer.{name}" for name in ("lr", "amsgrad")),
    *(f"lr_scheduler.step_lr.{name}" for name in ("step_size", "gamma")),
    *(
        f"lr_scheduler.reduce_lr_on_plateau.{name}"
        for name in ("threshold", "threshold_mode", "cooldown", "patience", "factor", "min_lr")
    ),
    *(f"early_stopping.{name}" for name in ("stop_training_on_plateau", "min_delta", "patience")),
    *(
        f"online_hard_keypoint_mining.{name}"
        for name in (
            "online_mining",
            "hard_to_easy_ratio",
            "min_hard_keypoints",
            "max_hard_keypoints",
            "loss_scale",
        )
    ),
    *(f"zmq.{name}" for name in ("publish_port", "controller_port", "controller_polling_timeout")),
    *(
        f"wandb.{name}"
        for name in ("entity", "project", "name", "group", "api_key", "wandb_mode", "prv_runid")
    ),
    *(f"wandb.{name}" for name in ("save_viz_imgs_wandb", "delete_local_logs")),
    "use_wandb",
    "profiler",
    "trainer_accelerator",
    "trainer_devices",
    "trainer_device_indices",
    "trainer_strategy",
    "enable_progress_bar",
    "min_train_steps_per_epoch",
    "train_steps_per_epoch",
    "visualize_preds_during_training",
    "keep_viz",
    "max_epochs",
    "seed",
    "save_ckpt",
    "ckpt_dir",
    "run_name",
    "optimizer_name",
}


def base() -> dict[str, Any]:
    return values(Path("/data"), Path("/runs"))


def test_a_plain_job_is_not_refused() -> None:
    assert unsupported(build_job(base())) == []


@pytest.mark.setting("trainer_config.trainer_strategy")
@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_what_is_not_built_is_refused_by_its_key(key: str, value: Any) -> None:
    config = base()
    tree.put(config, key, value)
    issues = unsupported(build_job(config))
    assert [issue.path for issue in issues] == [key]
    assert issues[0].severity == "error"
    assert issues[0].message.endswith(".")


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_the_offered_fix_settles_it(key: str, value: Any) -> None:
    config = base()
    tree.put(config, key, value)
    fix = unsupported(build_job(config))[0].fix
    assert fix is not None
    for path, better in fix.changes.items():
        tree.put(config, path, better)
    assert unsupported(build_job(config)) == []


@pytest.mark.parametrize("name", [path.stem for path in sorted(resource_path("presets").glob("*_*.yaml"))])
def test_every_preset_is_let_through(name: str) -> None:
    config = read_config(resource_path("presets", f"{name}.yaml")).values
    tree.put(config, "data_config.train_labels_path", ["labels.slp"])
    assert unsupported(build_job(config)) == []


def test_all_findings_come_at_once() -> None:
    config = base()
    for key, value in REFUSED:
        tree.put(config, key, value)
    assert {issue.path for issue in unsupported(build_job(config))} == {key for key, _ in REFUSED}


def test_devices_may_be_chosen_in_any_way() -> None:
    for key, value in (
        ("trainer_devices", 2),
        ("trainer_devices", "auto"),
        ("trainer_device_indices", [3, 0]),
        ("trainer_strategy", "ddp"),
        ("trainer_strategy", "ddp_find_unused_parameters_true"),
        ("trainer_strategy", "ddp_find_unused_parameters_false"),
    ):
        config = base()
        tree.put(config, TRAINER + key, value)
        assert unsupported(build_job(config)) == []


def test_every_trainer_setting_works_or_is_refused() -> None:
    refused = {key.removeprefix(TRAINER) for key, _ in REFUSED if key.startswith(TRAINER)}
    known = {path.removeprefix(TRAINER) for path in SPEC.edited if path.startswith(TRAINER)}
    assert known == WORKING | refused


def test_the_command_says_so_and_creates_nothing(shared_data: Path, tmp_path: Path) -> None:
    config = values(shared_data, tmp_path / "models", trainer_config__trainer_strategy="fsdp")
    code, out, err = finish(start(config_file(config, tmp_path)))
    assert code == 2
    assert out == ""
    assert "trainer_config.trainer_strategy: error:" in err
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trainer_config.max_epochs=none"], "trainer_config.max_epochs: error:"),
        (["trainer_config.max_epoch=3"], "trainer_config.max_epoch"),
        (["epochs"], "key=value"),
        (["data_config.train_labels_path=[gone.slp]"], "gone.slp does not exist"),
        (["trainer_config.trainer_accelerator=gpu"], "trainer_config.trainer_accelerator"),
        (["trainer_config.trainer_accelerator=cpu", "trainer_config.trainer_device_indices=[1]"], "Device 1"),
        (["trainer_config.trainer_accelerator=cpu", "trainer_config.trainer_device_indices=[0, 0]"], "twice"),
        (
            ["trainer_config.trainer_accelerator=cpu", "trainer_config.trainer_devices=9999"],
            "this machine has",
        ),
    ],
)
def test_wrong_words_exit_with_2_and_create_nothing(
    shared_data: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    file = config_file(values(shared_data, tmp_path / "models"), tmp_path)
    environment_has_gpu = words[0].endswith("gpu") and _has_gpu()
    if environment_has_gpu:
        pytest.skip("this machine has a GPU, so asking for one is no mistake")
    code, out, err = finish(start(file, *words))
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
