"""Each setting of the learning rate over time, of early stopping and of hard keypoints, from a config to what a run does."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sleapnn_engine.training.losses import total_loss
from sleapnn_engine.training.state import Training
from tests.engine.training.jobs import events
from tests.engine.training.rendered import built, job, trained, write_labels

TRAINER = "trainer_config__"
Config = Callable[..., dict[str, Any]]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Makes jobs on drawn frames, with a learning rate of 1; takes keys of `trainer_config`."""
    labels = write_labels(tmp_path)

    def make(**settings: Any) -> dict[str, Any]:
        chosen = {"optimizer__lr": 1.0, **settings}
        return job(tmp_path, labels, **{TRAINER + key: value for key, value in chosen.items()})

    return make


def rates(made: dict[str, Any], losses: list[float]) -> list[float]:
    """The learning rate after epochs with these validation losses."""

    def follow(training: Training) -> list[float]:
        training.parts.optimizer.step()  # a schedule follows an optimizer that was used
        found = []
        for loss in losses:
            training.parts.schedule.step(loss)
            found.append(round(training.parts.schedule.learning_rate, 9))
        return found

    return built(made, follow)


@pytest.mark.setting(
    "trainer_config.lr_scheduler.step_lr.step_size", "trainer_config.lr_scheduler.step_lr.gamma"
)
@pytest.mark.parametrize(
    ("every", "factor", "expected"),
    [(1, 0.1, [0.1, 0.01, 0.001, 0.0001]), (2, 0.1, [1, 0.1, 0.1, 0.01]), (2, 0.5, [1, 0.5, 0.5, 0.25])],
)
def test_the_rate_falls_by_a_factor_every_so_many_epochs(
    config: Config, every: int, factor: float, expected: list[float]
) -> None:
    steps = {"step_lr": {"step_size": every, "gamma": factor}, "reduce_lr_on_plateau": None}
    assert rates(config(lr_scheduler=steps), [1.0] * 4) == pytest.approx(expected)


def plateau(**settings: Any) -> dict[str, Any]:
    usual = {"patience": 0, "cooldown": 0, "threshold": 0.0, "factor": 0.5, "min_lr": 0.0}
    return {"lr_scheduler": {"reduce_lr_on_plateau": {**usual, **settings}}}


FLAT = [1.0] * 6
#: Setting: others, losses, and for each of two values the rates that follow.
PLATEAUS: dict[str, tuple[dict[str, Any], list[float], dict[Any, list[float]]]] = {
    "patience": ({}, FLAT[:4], {0: [1, 0.5, 0.25, 0.125], 2: [1, 1, 1, 0.5]}),
    "cooldown": ({}, FLAT, {0: [1, 0.5, 0.25, 0.125, 0.0625, 0.03125], 2: [1, 0.5, 0.5, 0.5, 0.25, 0.25]}),
    "threshold": ({}, [1.0, 0.95, 0.9], {0.0: [1, 1, 1], 0.2: [1, 0.5, 0.25]}),
    # A fall of 0.06 from 0.5 is less than 0.1, and more than a tenth of 0.5.
    "threshold_mode": ({"threshold": 0.1}, [0.5, 0.44], {"abs": [1, 0.5], "rel": [1, 1]}),
    "factor": ({}, FLAT[:3], {0.5: [1, 0.5, 0.25], 0.1: [1, 0.1, 0.01]}),
    "min_lr": ({}, FLAT[:4], {0.0: [1, 0.5, 0.25, 0.125], 0.3: [1, 0.5, 0.3, 0.3]}),
}


@pytest.mark.setting("trainer_config.lr_scheduler.reduce_lr_on_plateau.*")
@pytest.mark.parametrize("name", PLATEAUS)
def test_each_setting_of_a_plateau_changes_when_and_how_far_the_rate_falls(config: Config, name: str) -> None:
    others, losses, expected = PLATEAUS[name]
    for value, after in expected.items():
        assert rates(config(**plateau(**{**others, name: value})), losses) == pytest.approx(after)


def test_every_setting_of_a_plateau_is_among_these() -> None:
    from sleapnn_engine.config.spec import SPEC

    keys = SPEC.sections["trainer_config.lr_scheduler.reduce_lr_on_plateau"].keys
    assert {key.rpartition(".")[2] for key in keys} == set(PLATEAUS)


CURVES = {"cosine_annealing_warmup": "eta_min", "linear_warmup_linear_decay": "end_lr"}


def along(name: str, *, epochs: int, most: int, warmup: int, first: float, last: float) -> list[float]:
    """The rate of each of so many epochs, written out anew: up to 1 along a line, then down to `last`, where it stays."""
    found = []
    for epoch in range(epochs):
        share = min(max(epoch - warmup, 0) / (most - warmup), 1)
        left = 1 - share if name.startswith("linear") else math.cos(share * math.pi / 2) ** 2
        found.append(first + (1 - first) * epoch / warmup if epoch < warmup else last + (1 - last) * left)
    return found


@pytest.mark.setting(
    "trainer_config.lr_scheduler.cosine_annealing_warmup.*",
    "trainer_config.lr_scheduler.linear_warmup_linear_decay.*",
)
@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("own", [None, 6])
@pytest.mark.parametrize(
    ("warmup", "first", "last"), [(0, 0.0, 0.0), (3, 0.0, 0.2), (3, 0.1, 0.0), (1, 0.1, 0.2)]
)
def test_the_rate_rises_and_falls_along_a_curve(
    config: Config, name: str, own: int | None, warmup: int, first: float, last: float
) -> None:
    chosen = {"warmup_epochs": warmup, "max_epochs": own, "warmup_start_lr": first, CURVES[name]: last}
    schedules = {"step_lr": None, "reduce_lr_on_plateau": None, name: chosen}
    made = config(lr_scheduler=schedules, max_epochs=8)
    begin = built(made, lambda training: training.parts.schedule.learning_rate)
    expected = along(name, epochs=9, most=own or 8, warmup=warmup, first=first, last=last)
    assert [begin, *rates(made, [1.0] * 8)] == pytest.approx(expected, abs=1e-9)


def test_a_curve_is_where_its_epoch_is(config: Config) -> None:
    chosen = {"step_lr": None, "reduce_lr_on_plateau": None, "cosine_annealing_warmup": {"warmup_epochs": 2}}
    made = config(lr_scheduler=chosen, max_epochs=8)
    whole = rates(made, [1.0] * 7)

    def follow(training: Training) -> list[float]:
        schedule = training.parts.schedule
        schedule.go_to(4)
        training.parts.optimizer.step()
        found = [schedule.learning_rate]
        for _ in range(3):
            schedule.step(1.0)
            found.append(schedule.learning_rate)
        return [round(rate, 9) for rate in found]

    assert built(made, follow) == whole[3:]


def end(made: dict[str, Any], losses: list[float]) -> int | None:
    """After how many epochs with these validation losses the run would end."""

    def follow(training: Training) -> int | None:
        for epoch, loss in enumerate(losses):
            training.parts.early_stopping.add(epoch, loss)
            if training.parts.early_stopping.exhausted:
                return epoch + 1
        return None

    return built(made, follow)


@pytest.mark.setting(
    "trainer_config.early_stopping.stop_training_on_plateau",
    "trainer_config.early_stopping.patience",
    "trainer_config.early_stopping.min_delta",
)
@pytest.mark.parametrize(
    ("settings", "losses", "epochs"),
    [
        ({"patience": 2}, FLAT, 3),
        ({"patience": 4}, FLAT, 5),
        ({"patience": 2, "stop_training_on_plateau": False}, FLAT, None),
        ({"patience": 2, "min_delta": 0.0}, [1.0, 0.9, 0.8, 0.7], None),
        ({"patience": 2, "min_delta": 0.15}, [1.0, 0.9, 0.8, 0.7], None),
        ({"patience": 2, "min_delta": 0.25}, [1.0, 0.9, 0.8, 0.7], 3),
    ],
)
def test_a_run_ends_after_epochs_without_progress(
    config: Config, settings: dict[str, Any], losses: list[float], epochs: int | None
) -> None:
    made = config(**{f"early_stopping__{name}": value for name, value in settings.items()})
    assert end(made, losses) == epochs


@pytest.mark.setting("trainer_config.early_stopping.stop_training_on_plateau")
@pytest.mark.parametrize(
    ("stops", "outcome", "epochs"), [(True, "early_stopped", 3), (False, "completed", 5)]
)
def test_a_whole_run_ends_early_or_goes_on(config: Config, stops: bool, outcome: str, epochs: int) -> None:
    run = trained(
        config(
            max_epochs=5,
            train_steps_per_epoch=1,
            optimizer__lr=1e-4,
            # No loss falls by as much as this.
            early_stopping={"min_delta": 10.0, "patience": 2, "stop_training_on_plateau": stops},
        )
    )
    body = events(run)[-1]["body"]
    assert (body["outcome"], body["epochs"]) == (outcome, epochs)


#: Errors of the three parts, so that the easiest is 1 and the loss without mining their mean.
ERRORS = (1.0, 4.0, 10.0)


def loss(made: dict[str, Any]) -> float:
    """What a run makes of maps that are off by so much in each part."""

    def measure(training: Training) -> float:
        (head,) = training.parts.losses
        off = torch.tensor(ERRORS).sqrt().view(1, 3, 1, 1).expand(1, 3, 4, 4)
        return float(
            total_loss(training.parts.losses, {head.head: off}, {head.head: torch.zeros(1, 3, 4, 4)}).total
        )

    return built(made, measure)


@pytest.mark.setting("trainer_config.online_hard_keypoint_mining.*")
@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({"online_mining": False}, 0.0),
        # What counts as hard: twice the easiest, five times, at least so many, at most so many.
        ({"hard_to_easy_ratio": 2.0}, 5 * (4 + 10) / 2),
        ({"hard_to_easy_ratio": 5.0}, 5 * 10),
        ({"hard_to_easy_ratio": 50.0}, 0.0),
        ({"hard_to_easy_ratio": 50.0, "min_hard_keypoints": 1}, 5 * 10),
        ({"hard_to_easy_ratio": 50.0, "min_hard_keypoints": 3}, 5 * (1 + 4 + 10) / 3),
        ({"hard_to_easy_ratio": 1.0}, 5 * (1 + 4 + 10) / 3),
        ({"hard_to_easy_ratio": 1.0, "max_hard_keypoints": 1}, 5 * 10),
        ({"hard_to_easy_ratio": 1.0, "max_hard_keypoints": 2}, 5 * (4 + 10) / 2),
        ({"hard_to_easy_ratio": 5.0, "loss_scale": 0.5}, 0.5 * 10),
    ],
)
def test_hard_parts_have_a_larger_share_of_the_loss(
    config: Config, settings: dict[str, Any], more: float
) -> None:
    mining = {"online_mining": True, "min_hard_keypoints": 0, **settings}
    made = config(**{f"online_hard_keypoint_mining__{name}": value for name, value in mining.items()})
    assert loss(made) == pytest.approx(sum(ERRORS) / 3 + more, rel=1e-5)
