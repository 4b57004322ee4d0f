"""Optimizer, learning rate over time, and early stopping."""

import io
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
from sleapnn_engine.training.artifacts.checkpoint_file import Position, contents
from sleapnn_engine.training.schedule import EarlyStopping, Schedule, build_optimizer, go_on_with

CPU = torch.device("cpu")
POSITION = Position(epoch=0, step=6, batches=6, steps_per_epoch=6)


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


def test_the_first_step_waits_for_no_import_that_it_does_not_need() -> None:
    program = """
import sys, torch
import sleapnn_engine.training.run
from sleapnn_engine.config.schema.schedule import LRSchedulerConfig, OptimizerConfig, ReduceLROnPlateauConfig
from sleapnn_engine.training.schedule import Schedule, build_optimizer
layer = torch.nn.Conv2d(1, 1, 1)
optimizer = build_optimizer(layer.parameters(), name="Adam", settings=OptimizerConfig(), device=torch.device("cpu"))
schedule = Schedule(optimizer, LRSchedulerConfig(reduce_lr_on_plateau=ReduceLROnPlateauConfig()), max_epochs=9)
optimizer.zero_grad(set_to_none=True)
layer(torch.ones(1, 1, 1, 1)).sum().backward()
optimizer.step()
schedule.step(1.0)
optimizer.load_state_dict(optimizer.state_dict())
print([name for name in ("torch._dynamo", "scipy.optimize", "lightning", "timm") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def rates(settings: LRSchedulerConfig | None, losses: list[float]) -> list[float]:
    layer = weights()
    optimizer = build_optimizer(layer.parameters(), name="Adam", settings=OptimizerConfig(lr=1.0), device=CPU)
    schedule, seen = Schedule(optimizer, settings, max_epochs=9), []
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
    best = EarlyStopping.from_settings(settings)
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
    best = EarlyStopping.from_settings(EarlyStoppingConfig(patience=5, min_delta=0.1))
    assert [best.add(epoch, loss) for epoch, loss in enumerate([1.0, 0.95, 0.95, 0.97])] == [
        True,
        True,
        False,
        False,
    ]
    assert (best.best_epoch, best.best_val, best.waited) == (1, 0.95, 3)


def test_counts_are_taken_over_and_settings_are_not() -> None:
    def build(patience: int) -> Schedule:
        layer = weights()
        optimizer = build_optimizer(
            layer.parameters(), name="Adam", settings=OptimizerConfig(lr=1.0), device=CPU
        )
        plateau = ReduceLROnPlateauConfig(patience=patience, factor=0.5, threshold=0.0, min_lr=0.0)
        return Schedule(optimizer, LRSchedulerConfig(reduce_lr_on_plateau=plateau), max_epochs=9)

    first = build(patience=9)
    for loss in (1.0, 2.0, 2.0):
        first.step(loss)
    second = build(patience=2)
    assert second.go_on(first.state_dicts()[0])
    second.step(1.5)  # the third epoch in a row that is no better than the first
    assert second.learning_rate == 0.5
    assert not second.go_on({"last_epoch": 3, "_step_count": 4})
    assert not build(patience=2).go_on({})


@pytest.mark.parametrize("amsgrad", [(False, False), (False, True), (True, False), (True, True)])
def test_an_optimizer_goes_on_with_moments_and_rate_in_any_layout(amsgrad: tuple[bool, bool]) -> None:
    def build(*, lr: float, amsgrad: bool) -> tuple[torch.nn.Conv2d, torch.optim.Optimizer]:
        layer = weights().to(memory_format=torch.channels_last)
        settings = OptimizerConfig(lr=lr, amsgrad=amsgrad)
        return layer, build_optimizer(layer.parameters(), name="AdamW", settings=settings, device=CPU)

    first, optimizer = build(lr=0.01, amsgrad=amsgrad[0])
    trained(first, optimizer)
    stored = torch.load(io.BytesIO(stored_plainly(optimizer)), weights_only=True)
    second, other = build(lr=0.5, amsgrad=amsgrad[1])
    second.load_state_dict(first.state_dict())
    assert go_on_with(other, stored) == 0.01
    assert other.param_groups[0]["amsgrad"] == amsgrad[1]
    if amsgrad[0] == amsgrad[1]:
        assert torch.equal(trained(first, optimizer), trained(second, other))
    else:
        assert trained(second, other).isfinite().all()


def stored_plainly(optimizer: torch.optim.Optimizer) -> bytes:
    """The state as a checkpoint has it, every tensor in the order of its sizes."""
    file = io.BytesIO()
    torch.save(
        contents(torch.nn.Linear(1, 1), optimizer, [], position=POSITION, own={})["optimizer_states"][0], file
    )
    return file.getvalue()


def test_another_optimizers_state_is_refused() -> None:
    layer = weights()
    optimizer = build_optimizer(layer.parameters(), name="Adam", settings=OptimizerConfig(), device=CPU)
    descent = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    trained(layer, descent, steps=1)
    with pytest.raises(ValueError, match="another kind of optimizer"):
        go_on_with(optimizer, descent.state_dict())
    with pytest.raises(ValueError, match="moments for 1 tensors, and this network has 2"):
        go_on_with(optimizer, torch.optim.Adam([layer.weight]).state_dict())


def test_the_best_epoch_and_the_wait_are_gone_on_with() -> None:
    settings = EarlyStoppingConfig(patience=3, min_delta=0.1)
    whole, first = EarlyStopping.from_settings(settings), EarlyStopping.from_settings(settings)
    losses = [1.0, 0.95, 0.93, 0.85, 0.85, 0.8, 0.8]
    for epoch, loss in enumerate(losses):
        whole.add(epoch, loss)
    for epoch, loss in enumerate(losses[:3]):
        first.add(epoch, loss)
    second = EarlyStopping.from_settings(settings)
    second.go_on(first.state())
    assert second == first
    for epoch, loss in enumerate(losses[3:], start=3):
        second.add(epoch, loss)
    assert second == whole
    assert whole.exhausted
    fresh = EarlyStopping.from_settings(settings)
    fresh.go_on(EarlyStopping().state())
    assert fresh == EarlyStopping.from_settings(settings)
