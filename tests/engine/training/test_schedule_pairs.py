"""Settings of schedules, early stopping and kept models together, each against the words of their help written out anew."""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from sleapnn_engine.config import tree
from sleapnn_engine.config.schema.schedule import (
    EarlyStoppingConfig,
    LRSchedulerConfig,
    OptimizerConfig,
    ReduceLROnPlateauConfig,
    StepLRConfig,
)
from sleapnn_engine.config.validate import validate
from sleapnn_engine.training.schedule import EarlyStopping, Schedule, build_optimizer
from tests.engine.training.test_checkpoint_policy import Trained, run, trained

__all__ = ["trained"]  # a fixture

CHANCE = np.random.default_rng(11)
#: Falling, flat, rising, tiny steps down, and noise.
SERIES: list[list[float]] = [
    [1 / (epoch + 1) for epoch in range(14)],
    [1.0] * 14,
    [0.5 + epoch / 10 for epoch in range(14)],
    [1.0 - 0.04 * epoch for epoch in range(14)],
    *([round(float(loss), 3) for loss in CHANCE.uniform(0.2, 1.0, 14)] for _ in range(3)),
]


def ended(epochs: Sequence[float], *, patience: int, min_delta: float) -> int | None:
    """After how many epochs training ends: `patience` of them in a row, at least one, fell by `min_delta` or less."""
    best, waited = math.inf, 0
    for epoch, loss in enumerate(epochs, start=1):
        waited = 0 if best - loss > min_delta else waited + 1
        best = min(best, loss) if waited == 0 else best
        if waited >= max(patience, 1):
            return epoch
    return None


def falling(losses: Sequence[float], settings: ReduceLROnPlateauConfig, *, lr: float) -> list[float]:
    """The rate after each epoch: it falls when more than `patience` epochs without progress came in a row, then rests."""
    best, bad, resting, rates = math.inf, 0, 0, []
    for loss in losses:
        share = settings.threshold_mode == "rel"
        needed = best * (1 - settings.threshold) if share else best - settings.threshold
        bad = 0 if loss < needed else bad + 1
        best = loss if loss < needed else best
        if resting:
            resting, bad = resting - 1, 0
        if bad > settings.patience:
            lr = min(max(lr * settings.factor, settings.min_lr), lr)
            resting, bad = settings.cooldown, 0
        rates.append(lr)
    return rates


def followed(schedule: LRSchedulerConfig, stopping: EarlyStoppingConfig, losses: Sequence[float], *, lr: float) -> tuple[list[float], int | None]:  # fmt: skip
    """Rates after each epoch and after how many epochs the run ends, as the training loop asks for them."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = build_optimizer(
        [weight], name="Adam", settings=OptimizerConfig(lr=lr), device=torch.device("cpu")
    )
    own = Schedule(optimizer, schedule, max_epochs=len(losses))
    best, rates, end = EarlyStopping.from_settings(stopping), [], None
    weight.grad = torch.zeros(1)
    optimizer.step()  # a schedule follows an optimizer that was used
    for epoch, loss in enumerate(losses):
        own.step(loss)
        best.add(epoch, loss)
        rates.append(own.learning_rate)
        if end is None and best.exhausted:
            end = epoch + 1
    return rates, end


@pytest.mark.setting(
    "trainer_config.lr_scheduler.reduce_lr_on_plateau.*",
    "trainer_config.optimizer.lr",
    "trainer_config.early_stopping.patience",
    "trainer_config.early_stopping.min_delta",
)
@pytest.mark.parametrize("mode", ["abs", "rel"])
@pytest.mark.parametrize("losses", SERIES)
def test_plateaus_and_early_stopping_together_do_what_each_says(losses: list[float], mode: str) -> None:
    table = itertools.product((0, 1, 3), (0, 2), (0.0, 0.05, 0.5), (0.3, 0.97), (0.0, 1e-9, 0.4), (1.0, 1e-7))
    for patience, cooldown, threshold, factor, least, lr in table:
        settings = ReduceLROnPlateauConfig(
            patience=patience, cooldown=cooldown, threshold=threshold, threshold_mode=mode,
            factor=factor, min_lr=least,
        )  # fmt: skip
        stopping = EarlyStoppingConfig(patience=patience + 1, min_delta=threshold)
        schedule = LRSchedulerConfig(reduce_lr_on_plateau=settings)
        rates, end = followed(schedule, stopping, losses, lr=lr)
        case = f"{settings} lr {lr}"
        assert rates == pytest.approx(falling(losses, settings, lr=lr), rel=1e-9, abs=0), case
        assert end == ended(losses, patience=patience + 1, min_delta=threshold), case


@pytest.mark.setting(
    "trainer_config.lr_scheduler.step_lr.*",
    "trainer_config.optimizer.lr",
    "trainer_config.early_stopping.*",
)
@pytest.mark.parametrize("losses", SERIES)
def test_steps_and_early_stopping_together_do_what_each_says(losses: list[float]) -> None:
    table = itertools.product((1, 3, 14), (0.1, 0.9, 1.0), (1.0, 1e-9), (0, 1, 4), (0.0, 0.1), (True, False))
    for every, gamma, lr, patience, least, stops in table:
        steps = StepLRConfig(step_size=every, gamma=gamma)
        stopping = EarlyStoppingConfig(patience=patience, min_delta=least, stop_training_on_plateau=stops)
        rates, end = followed(LRSchedulerConfig(step_lr=steps), stopping, losses, lr=lr)
        expected = [lr * gamma ** (epoch // every) for epoch in range(1, len(losses) + 1)]
        assert rates == pytest.approx(expected, rel=1e-9, abs=0), f"{steps} lr {lr}"
        assert end == (ended(losses, patience=patience, min_delta=least) if stops else None), f"{stopping}"


def warnings_of(**settings: object) -> set[str]:
    """The settings of `trainer_config` that a check of a config finds something about, by their last name."""
    values: dict[str, object] = {}
    for name, value in settings.items():
        tree.put(values, f"trainer_config.{name.replace('__', '.')}", value)
    said = (issue.path for issue in validate(values))
    return {path.rpartition(".")[2] for path in said if "lr_scheduler" in path or "early_stopping" in path}


def is_used(schedule: LRSchedulerConfig, stopping: EarlyStoppingConfig, *, epochs: int, lr: float) -> bool:
    """Whether a run whose loss never improves has an epoch with a lower rate than its first."""
    rates, end = followed(schedule, stopping, [1.0] * epochs, lr=lr)
    return any(rate < lr for rate in rates[: (end or epochs) - 1])


def test_a_plateau_that_early_stopping_leaves_no_epoch_for_is_told() -> None:
    plateau, stop = "lr_scheduler__reduce_lr_on_plateau", "early_stopping"
    for falls, stops in itertools.product(range(5), range(7)):
        settings = ReduceLROnPlateauConfig(patience=falls)
        used = is_used(
            LRSchedulerConfig(reduce_lr_on_plateau=settings),
            EarlyStoppingConfig(patience=stops), epochs=30, lr=1e-4,
        )  # fmt: skip
        said = warnings_of(**{f"{plateau}__patience": falls, f"{stop}__patience": stops})
        assert said == (set() if used else {"patience"}), (falls, stops)
        alone = {
            f"{plateau}__patience": falls,
            f"{stop}__patience": stops,
            f"{stop}__stop_training_on_plateau": False,
        }
        assert warnings_of(**alone) == set()


def test_a_rate_that_cannot_fall_is_told() -> None:
    never = EarlyStoppingConfig(stop_training_on_plateau=False)
    off = {"early_stopping__stop_training_on_plateau": False, "max_epochs": 12}
    for lr, least in itertools.product((1e-4, 2e-8, 1e-8, 1e-9), (0.0, 1e-8, 1e-4)):
        settings = LRSchedulerConfig(reduce_lr_on_plateau=ReduceLROnPlateauConfig(min_lr=least))
        said = warnings_of(**off, optimizer__lr=lr, lr_scheduler__reduce_lr_on_plateau__min_lr=least)
        assert said == (set() if is_used(settings, never, epochs=12, lr=lr) else {"min_lr"}), (lr, least)
    for every, epochs in itertools.product((1, 2, 5), (1, 2, 3, 5, 6)):
        settings = LRSchedulerConfig(step_lr=StepLRConfig(step_size=every))
        steps = {"step_lr": {"step_size": every}, "reduce_lr_on_plateau": None}
        said = warnings_of(**{**off, "max_epochs": epochs}, lr_scheduler=steps)
        used = is_used(settings, never, epochs=epochs, lr=1e-4)
        assert said == (set() if used else {"step_size"}), (every, epochs)


@pytest.mark.setting("trainer_config.model_ckpt.save_top_k", "trainer_config.model_ckpt.save_last")
@pytest.mark.parametrize("save_last", [False, True])
@pytest.mark.parametrize("top_k", [-1, 0, 1, 2, 3])
def test_the_best_of_any_number_and_the_last_are_kept_together(
    trained: Trained, tmp_path: Path, top_k: int, save_last: bool
) -> None:
    for number, losses in enumerate(
        [(0.2, 0.9, 0.5), (0.9, 0.5, 0.2), (0.5, 0.5, 0.3, 0.5), (0.4, 0.2, 0.2, 0.6)]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        trained.epoch = 0
        files = run(trained, folder, list(losses), top_k=top_k, save_last=save_last)
        assert files.pop("last.ckpt", None) == (len(losses) - 1 if save_last else None)
        count = len(losses) if top_k < 0 else min(top_k, len(losses))
        assert sorted(losses[epoch] for epoch in files.values()) == sorted(losses)[:count]
        assert files.get("best.ckpt") == (losses.index(min(losses)) if count else None)
