"""What is refused before anything is created: nothing that a config says is silently ignored."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.validate import errors, validate
from tests.engine.training.jobs import config_file, finish, start, values

STRATEGY = "trainer_config.trainer_strategy"


def found(**changes: Any) -> list[Issue]:
    return errors(validate(values(Path("/data"), Path("/runs"), **changes)))


def test_a_plain_job_is_not_refused() -> None:
    assert found() == []


@pytest.mark.setting("trainer_config.trainer_strategy")
@pytest.mark.parametrize(("strategy", "meant"), [("ddp2", "ddp"), ("fsdpp", "fsdp"), ("horovod", "auto")])
def test_a_strategy_that_nobody_knows_is_refused_and_the_fix_settles_it(strategy: str, meant: str) -> None:
    (issue,) = found(trainer_config__trainer_strategy=strategy)
    assert issue.path == STRATEGY
    assert issue.message.startswith(f"Lightning knows no strategy {strategy}")
    assert issue.fix is not None
    assert issue.fix.changes == {STRATEGY: meant}
    assert found(trainer_config__trainer_strategy=meant) == []


@pytest.mark.parametrize(
    "strategy", ["deepspeed", "deepspeed_stage_3_offload_nvme", "fsdp_cpu_offload", "xla"]
)
def test_one_that_is_never_trained_with_is_warned_of(strategy: str) -> None:
    config = values(Path("/data"), Path("/runs"), trainer_config__trainer_strategy=strategy)
    (issue,) = [issue for issue in validate(config) if issue.path == STRATEGY]
    assert issue.severity == "warning"
    assert issue.message.startswith(f"Training here refuses the strategy {strategy}: ")
    assert issue.fix is not None


@pytest.mark.parametrize("name", [path.stem for path in sorted(resource_path("presets").glob("*_*.yaml"))])
def test_every_preset_is_let_through(name: str) -> None:
    config = read_config(resource_path("presets", f"{name}.yaml")).values
    tree.put(config, "data_config.train_labels_path", ["labels.slp"])
    assert errors(validate(config)) == []


def test_devices_may_be_chosen_in_any_way() -> None:
    for key, value in (
        ("trainer_devices", 2),
        ("trainer_devices", "auto"),
        ("trainer_device_indices", [3, 0]),
        ("trainer_strategy", "ddp"),
        ("trainer_strategy", "ddp_find_unused_parameters_true"),
        ("trainer_strategy", "ddp_find_unused_parameters_false"),
    ):
        assert found(**{f"trainer_config__{key}": value}) == []


def test_the_command_says_so_and_creates_nothing(shared_data: Path, tmp_path: Path) -> None:
    config = values(shared_data, tmp_path / "models", trainer_config__trainer_strategy="ddp2")
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
            ["trainer_config.trainer_accelerator=cpu", "trainer_config.trainer_devices=999"],
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
