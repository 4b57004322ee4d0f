"""Optimizer, learning rate over time, and early stopping."""

import subprocess
import sys

import pytest
import torch

from sleapnn_engine.config.schema.schedule import (
    EarlyStoppingConfig,
    LRSchedulerConfig,
    OptimizerConfig,
    ReduceLROnPlateauConfig,
    StepLRConfig,
)
from sleapnn_engine.training.schedule import Best, Schedule, build_optimizer

CPU = torch.device("cpu")


def weights() -> torch.nn.Conv2d:
    torch.manual_seed(0)
    return torch.nn.Conv2d(2, 3, 3)


def trained(layer: torch.nn.Conv2d, optimizer: torch.optim.Optimizer, steps: int = 6) -> torch.Tensor:
    torch.manual_seed(1)
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        layer(torch.rand(2, 2, 5, 5)).square().mean().backward()
        optimizer.step()
    return layer.weight.detach().clone()


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_steps_are_those_of_pytorch(name: str, amsgrad: bool) -> None:
    ours, theirs = weights(), weights()
    settings = OptimizerConfig(lr=0.01, amsgrad=amsgrad)
    own = trained(ours, build_optimizer(ours.parameters(), name=name, settings=settings, device=CPU))
    cls = getattr(torch.optim, name)
    other = trained(theirs, cls(theirs.parameters(), lr=0.01, amsgrad=amsgrad, fused=True))
    assert torch.equal(own, other)


def test_only_trainable_weights_are_given_to_the_optimizer() -> None:
    layer = weights()
    layer.bias.requires_grad_(False)
    optimizer = build_optimizer(layer.parameters(), name="Adam", settings=OptimizerConfig(), device=CPU)
    assert [len(group["params"]) for group in optimizer.param_groups] == [1]


def test_an_unknown_optimizer_is_refused() -> None:
    with pytest.raises(ValueError, match="SGD"):
        build_optimizer(weights().parameters(), name="SGD", settings=OptimizerConfig(), device=CPU)


def test_a_step_does_not_import_the_compiler() -> None:
    program = """
import sys, torch
from sleapnn_engine.config.schema.schedule import LRSchedulerConfig, OptimizerConfig, ReduceLROnPlateauConfig
from sleapnn_engine.training.schedule import Schedule, build_optimizer
layer = torch.nn.Conv2d(1, 1, 1)
optimizer = build_optimizer(layer.parameters(), name="Adam", settings=OptimizerConfig(), device=torch.device("cpu"))
schedule = Schedule(optimizer, LRSchedulerConfig(reduce_lr_on_plateau=ReduceLROnPlateauConfig()))
optimizer.zero_grad(set_to_none=True)
layer(torch.ones(1, 1, 1, 1)).sum().backward()
optimizer.step()
schedule.step(1.0)
optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def rates(settings: LRSchedulerConfig | None, losses: list[float]) -> list[float]:
    layer = weights()
    optimizer = build_optimizer(layer.parameters(), name="Adam", settings=OptimizerConfig(lr=1.0), device=CPU)
    schedule, seen = Schedule(optimizer, settings), []
    trained(layer, optimizer, steps=1)
    for loss in losses:
        schedule.step(loss)
        seen.append(round(schedule.learning_rate, 9))
    return seen


def test_without_a_schedule_the_rate_stays() -> None:
    assert rates(None, [1.0] * 4) == [1.0] * 4
    assert rates(LRSchedulerConfig(), [1.0] * 4) == [1.0] * 4


def test_the_rate_falls_in_steps() -> None:
    steps = LRSchedulerConfig(step_lr=StepLRConfig(step_size=2, gamma=0.1))
    assert rates(steps, [1.0] * 5) == [1.0, 0.1, 0.1, 0.01, 0.01]


@pytest.mark.parametrize("lowest", [0.3, [0.3]])
def test_the_rate_falls_on_plateaus_rests_and_has_a_floor(lowest: object) -> None:
    plateau = ReduceLROnPlateauConfig(patience=1, cooldown=2, factor=0.5, threshold=0.1, min_lr=lowest)
    # 1.0 is best; two epochs without 0.1 of progress halve the rate; two epochs of rest follow.
    falls = rates(LRSchedulerConfig(reduce_lr_on_plateau=plateau), [1.0, 0.95, 0.95, 1, 1, 1, 1, 1, 1])
    assert falls == [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3]


def test_the_threshold_can_be_a_share() -> None:
    def last(mode: str) -> float:
        plateau = ReduceLROnPlateauConfig(
            patience=0, threshold=0.1, threshold_mode=mode, min_lr=0.0, cooldown=0
        )
        return rates(LRSchedulerConfig(reduce_lr_on_plateau=plateau), [0.5, 0.43])[-1]

    assert last("rel") == 1.0
    assert last("abs") == 0.5


def stops(settings: EarlyStoppingConfig, losses: list[float]) -> int | None:
    best = Best.from_settings(settings)
    for epoch, loss in enumerate(losses):
        best.add(epoch, loss)
        if best.exhausted:
            return epoch
    return None


def test_training_stops_after_patience_epochs_without_progress() -> None:
    settings = EarlyStoppingConfig(patience=2, min_delta=0.1)
    assert stops(settings, [1.0, 0.95, 0.9, 0.5]) == 2
    assert stops(settings, [1.0, 0.95, 0.85, 0.85, 0.7]) is None
    assert stops(EarlyStoppingConfig(patience=0), [1.0, 0.9, 0.9]) == 2
    assert stops(EarlyStoppingConfig(patience=2, stop_training_on_plateau=False), [1.0] * 9) is None


def test_the_best_epoch_counts_every_improvement() -> None:
    best = Best.from_settings(EarlyStoppingConfig(patience=5, min_delta=0.1))
    assert [best.add(epoch, loss) for epoch, loss in enumerate([1.0, 0.95, 0.95, 0.97])] == [
        True,
        True,
        False,
        False,
    ]
    assert (best.best_epoch, best.best_val, best.waited) == (1, 0.95, 3)
