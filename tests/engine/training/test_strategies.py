"""Every strategy that Lightning knows, on every kind of device: it is planned, or refused before anything is there."""

import io
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from lightning_fabric.strategies import STRATEGY_REGISTRY

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.config.strategies import STRATEGIES, is_shared
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.training.processes.cluster import Membership
from sleapnn_engine.training.processes.device import open_fabric, usable_cores
from sleapnn_engine.training.processes.fabric import DDPStrategy, Fabric
from sleapnn_engine.training.run import train
from tests.engine.training.rendered import job

SETTING = "trainer_config.trainer_strategy"
#: Where the names of the Trainer stand in its source; importing it takes six seconds of a processor.
NAMED = re.compile(r'(?:strategy_name = |\(|register\(\s*)"((?:ddp|dp|fsdp|deepspeed|xla|single)[a-z0-9_]*)"')

every_strategy = pytest.mark.parametrize("strategy", [*STRATEGIES, "DDP"])


def opened(strategy: str, accelerator: str = "cpu", devices: int = 1) -> Fabric:
    settings = TrainerConfig(
        trainer_strategy=strategy, trainer_accelerator=accelerator, trainer_devices=devices
    )
    return open_fabric(settings, backbone="unet", precision="32", member=Membership())


def test_the_names_are_those_that_lightning_knows() -> None:
    found = find_spec("pytorch_lightning")
    if found is None or found.origin is None:
        pytest.skip("the Trainer is not installed here")
    sources = sorted((Path(found.origin).parent / "strategies").glob("*.py"))
    of_the_trainer = {name for path in sources for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert {"ddp", "fsdp", "single_device", "ddp_fork_find_unused_parameters_false"} <= of_the_trainer
    assert set(STRATEGIES) == {"auto", *of_the_trainer, *STRATEGY_REGISTRY.available_strategies()}
    assert len(STRATEGIES) == len(set(STRATEGIES))


@every_strategy
@pytest.mark.parametrize("devices", [1, 2])
@pytest.mark.parametrize("accelerator", ["auto", "cpu", "gpu", "mps"])
def test_it_is_planned_or_refused_in_a_sentence(strategy: str, accelerator: str, devices: int) -> None:
    if devices > usable_cores():
        pytest.skip("this process may use one processor core only")
    answer = fabric_or_refusal(strategy, accelerator, devices)
    if isinstance(answer, Fabric):
        assert answer.world_size == devices
        assert isinstance(answer.strategy, DDPStrategy) == (devices > 1)
        return
    assert answer.usage
    assert answer.where.startswith("trainer_config.trainer_")
    for sentence in (answer.message, answer.hint):
        assert re.fullmatch(r"[A-Z][^\n`]+\.", sentence)
    # What Lightning knows, and the loop here can do, is refused for want of devices only.
    assert not is_shared(strategy) or answer.where != SETTING


def fabric_or_refusal(strategy: str, accelerator: str, devices: int) -> Fabric | UserError:
    try:
        return opened(strategy, accelerator, devices)
    except UserError as refused:
        return refused


@every_strategy
def test_a_refused_one_leaves_nothing_behind(strategy: str, tmp_path: Path) -> None:
    """The config itself is let through: what a machine can do is found out when training begins."""
    config = job(tmp_path, tmp_path / "labels.slp", trainer_config__trainer_strategy=strategy)
    assert errors(validate(config)) == []
    with pytest.raises(UserError) as refused:
        train(build_job(config), stream=io.StringIO())
    # Those that train find no labels.
    assert (refused.value.where == SETTING) == (refused.value.usage)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.setting("trainer_config.trainer_strategy")
@pytest.mark.parametrize(
    ("strategy", "devices", "reasons"),
    [
        ("fsdp", 1, ["Lightning says: You selected the FSDP strategy but FSDP is only available on GPU."]),
        ("deepspeed_stage_2", 1, ["you must have DeepSpeed installed.", "files of its own"]),
        ("xla", 1, ["torch_xla", "TPU"]),
        ("single_device", 2, ["It is for one device."]),
        ("dp", 2, ["It divides every batch"]),
    ],
)
def test_the_reason_is_lightnings_or_that_of_the_loop(
    strategy: str, devices: int, reasons: list[str]
) -> None:
    if devices > usable_cores():
        pytest.skip("this process may use one processor core only")
    with pytest.raises(UserError) as refused:
        opened(strategy, devices=devices)
    said = str(refused.value)
    assert said.startswith(f"{SETTING}: Training cannot use the strategy {strategy} here. ")
    for reason in reasons:
        assert reason in said
    assert said.endswith("Use auto.")


def test_what_the_environment_tells_lightning_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LT_STRATEGY", "fsdp")
    with pytest.raises(UserError, match="Lightning says: You selected the FSDP strategy") as refused:
        opened("auto")
    assert refused.value.hint == "Unset LT_STRATEGY in the environment."


@pytest.mark.parametrize(
    ("strategy", "devices", "reason"),
    [("fsdp", 1, ""), ("fsdp", 2, "It splits the network"), ("dp", 1, ""), ("fsdp_cpu_offload", 1, "memory")],
)
def test_graphics_cards(monkeypatch: pytest.MonkeyPatch, strategy: str, devices: int, reason: str) -> None:
    """On stand-ins for two cards, of which Lightning and the plan for a run ask these answers only."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    if not reason:
        assert str(opened(strategy, "gpu", devices).device) == "cuda:0"
        return
    with pytest.raises(UserError, match=reason) as refused:
        opened(strategy, "gpu", devices)
    assert "Lightning says" not in refused.value.message
