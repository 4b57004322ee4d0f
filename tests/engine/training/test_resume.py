"""A training that is taken up again: what it computes is what one that was never stopped computes."""

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.messages import Command
from sleapnn_engine.training.inputs.batches import Batches
from tests.engine.training.jobs import config_file, events, finish, start, wait_for
from tests.engine.training.resuming import (
    AUGMENTATION,
    STEPS,
    config,
    draw_labels,
    epochs,
    exactly,
    fingerprints,
    nodes,
    resumed,
    run,
    since,
    steps,
    texts,
)


def check(folder: Path, whole: Path, *, epoch: int, batch: int = 0) -> None:
    """The run began there, computed what the whole one did, and ended as it did."""
    assert min(steps(folder)) == (epoch, epoch * STEPS + batch, batch)
    assert steps(folder) == exactly(since(steps(whole), epoch, batch))
    assert epochs(folder) == exactly(since(epochs(whole), epoch))
    assert nodes(folder) == exactly(since(nodes(whole), epoch))
    ended = [events(path)[-1]["body"] for path in (folder, whole)]
    for name in ("outcome", "epochs", "best_epoch"):
        assert ended[0][name] == ended[1][name]
    one, two = (torch.load(path / "last.ckpt", weights_only=True)["state_dict"] for path in (folder, whole))
    assert all(torch.allclose(one[name], two[name], rtol=1e-6, atol=1e-7) for name in two)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_labels(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was never stopped."""
    folder = run(config(data, tmp_path_factory.mktemp("whole")))
    assert (len(steps(folder)), events(folder)[-1]["body"]["outcome"]) == (4 * STEPS, "early_stopped")
    rates = [event["body"]["lr"] for event in events(folder) if event["kind"] == "epoch_end"]
    assert rates == pytest.approx([0.001, 0.001, 0.001, 0.0005])
    return folder


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have a command arrive at the n-th look for one; the first look is before the first step."""

    def at(look: int, command: Command) -> None:
        looks = iter(range(10**9))
        monkeypatch.setattr(
            EngineChannel, "pop_commands", lambda channel: [command] if next(looks) == look else []
        )

    return at


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_finished_training_goes_on_with_more_epochs(
    data: Path, tmp_path: Path, whole: Path, done: int
) -> None:
    first = run(config(data, tmp_path, trainer_config__max_epochs=done))
    assert events(first)[-1]["body"]["outcome"] == "completed"
    second = resumed(data, first)
    check(second, whole, epoch=done)
    assert second == tmp_path / "run-1"
    assert texts(second, "warning") == []


def test_with_adamw_and_falling_steps(data: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "trainer_config__optimizer_name": "AdamW",
        "trainer_config__optimizer__amsgrad": True,
        "trainer_config__lr_scheduler": {
            "step_lr": {"step_size": 2, "gamma": 0.5},
            "reduce_lr_on_plateau": None,
        },
        "trainer_config__max_epochs": 4,
        "data_config__data_pipeline_fw": "torch_dataset",
    }
    unbroken = run(config(data, tmp_path, **changes, trainer_config__run_name="whole"))
    first = run(config(data, tmp_path, **{**changes, "trainer_config__max_epochs": 1}))
    check(resumed(data, first, **changes), unbroken, epoch=1)


def test_with_another_loss_that_says_which_model_is_the_best(data: Path, tmp_path: Path) -> None:
    """The best one goes on to be the best where the same loss decides, and is told to begin anew where another does."""
    by_training = {"save_last": True, "save_top_k": 1, "monitor": "train/loss"}
    changes: dict[str, Any] = {
        "trainer_config__model_ckpt": by_training,
        "trainer_config__max_epochs": 3,
        "trainer_config__early_stopping": {"stop_training_on_plateau": False},
    }
    unbroken = run(config(data, tmp_path, **changes, trainer_config__run_name="whole"))
    first = run(config(data, tmp_path, **{**changes, "trainer_config__max_epochs": 2}))
    check(resumed(data, first, **changes), unbroken, epoch=2)
    other = resumed(
        data, first, **{**changes, "trainer_config__model_ckpt": {**by_training, "monitor": None}}
    )
    (said,) = texts(other, "warning")
    assert "chose its best model by train/loss and this one does by val/loss" in said
    (best,) = [
        event["body"] for event in events(other) if event["kind"] == "checkpoint" and event["body"]["best"]
    ]
    assert best["epoch"] == 2


@pytest.mark.parametrize("name", ["cosine_annealing_warmup", "linear_warmup_linear_decay"])
def test_with_a_rate_that_rises_and_falls(data: Path, tmp_path: Path, name: str) -> None:
    """Images only move, so that batches are made ahead of their step, beyond the one that training stops after."""
    curve = {"warmup_epochs": 2, "warmup_start_lr": 1e-5, "max_epochs": 5}
    changes: dict[str, Any] = {
        "data_config__augmentation_config": {"geometric": AUGMENTATION["geometric"]},
        "trainer_config__lr_scheduler": {"step_lr": None, "reduce_lr_on_plateau": None, name: curve},
        "trainer_config__max_epochs": 4,
    }
    unbroken = run(config(data, tmp_path, **changes, trainer_config__run_name="whole"))
    first = run(config(data, tmp_path, **{**changes, "trainer_config__max_epochs": 3}))
    second = resumed(data, first, **changes)
    check(second, unbroken, epoch=3)
    assert texts(second, "warning") == []


@pytest.mark.parametrize(
    ("look", "place", "validated", "save_last"),
    [(1, (0, 1), 1, True), (7, (1, 2), 2, False), (13, (2, 3), 3, True), (14, (3, 0), 3, False)],
)
def test_a_training_stopped_within_an_epoch_finishes_it(
    data: Path,
    tmp_path: Path,
    whole: Path,
    commanded: Callable[..., None],
    look: int,
    place: tuple[int, int],
    validated: int,
    save_last: bool,
) -> None:
    commanded(look, Command("stop", {"after": "batch"}))
    keeping = {"save_last": save_last, "save_top_k": 1}
    first = run(config(data, tmp_path, trainer_config__model_ckpt=keeping))
    # It was validated where it stopped, which a training that is not stopped is not.
    assert len([event for event in events(first) if event["kind"] == "epoch_end"]) == validated
    commanded(-1, Command("stop"))
    check(resumed(data, first), whole, epoch=place[0], batch=place[1])


def test_a_training_stopped_twice(
    data: Path, tmp_path: Path, whole: Path, commanded: Callable[..., None]
) -> None:
    commanded(2, Command("stop", {"after": "batch"}))
    first = run(config(data, tmp_path))
    commanded(2, Command("stop", {"after": "batch"}))
    second = resumed(data, first)
    assert list(steps(second)) == [(0, 2, 2), (0, 3, 3)]
    commanded(3, Command("stop", {"after": "epoch"}))
    third = resumed(data, second)
    assert set(steps(third)) == {(1, STEPS + batch, batch) for batch in range(STEPS)}
    commanded(-1, Command("stop"))
    check(resumed(data, third), whole, epoch=2)


def test_a_stop_before_the_first_step_changes_nothing(
    data: Path, tmp_path: Path, whole: Path, commanded: Callable[..., None]
) -> None:
    commanded(2, Command("stop", {"after": "batch"}))
    first = run(config(data, tmp_path))
    commanded(0, Command("stop", {"after": "batch"}))
    second = resumed(data, first)
    assert steps(second) == {}
    check(resumed(data, second), whole, epoch=0, batch=2)


def test_a_checkpoint_on_request_is_a_place_to_go_on_from(
    data: Path, tmp_path: Path, whole: Path, commanded: Callable[..., None]
) -> None:
    commanded(8, Command("checkpoint"))
    job = config(data, tmp_path, trainer_config__model_ckpt={"save_last": False, "save_top_k": 1})
    check(resumed(data, run(job)), whole, epoch=1, batch=3)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_process(data: Path, tmp_path: Path, whole: Path, number: signal.Signals) -> None:
    """Ctrl-C keeps the step in progress; after a kill there is what was saved before, here the last epoch's end."""
    job = config(
        data, tmp_path, trainer_config__early_stopping={"stop_training_on_plateau": False},
        trainer_config__max_epochs=10**6,
    )  # fmt: skip
    process = start(config_file(job, tmp_path), "--precision", "32")
    wait_for(tmp_path / "run" / "last.ckpt", process=process)
    process.send_signal(number)
    assert finish(process)[0] in (130, -signal.SIGKILL)
    done = len(steps(tmp_path / "run"))
    content = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)
    if number == signal.SIGINT:
        assert content["global_step"] == done
    # Both go on for two epochs more, one of them from a checkpoint and one from the beginning.
    ends = {
        "trainer_config__max_epochs": content["sleapnn_engine"]["next_epoch"] + 2,
        "trainer_config__early_stopping": {"stop_training_on_plateau": False},
    }
    unbroken = run(config(data, tmp_path, trainer_config__run_name="whole", **ends))
    epoch, batch = divmod(content["global_step"], STEPS)
    check(resumed(data, tmp_path / "run", **ends), unbroken, epoch=epoch, batch=batch)


def test_an_interrupted_validation_is_repeated(
    data: Path, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validations = iter(range(10**9))
    given = Batches.validation

    def interrupted(batches: Batches) -> Any:
        if next(validations) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return given(batches)

    with monkeypatch.context() as patched:
        patched.setattr(Batches, "validation", interrupted)
        first = run(config(data, tmp_path), code=130)
    second = resumed(data, first)
    assert min(steps(second)) == (2, 2 * STEPS, 0)
    assert epochs(second) == exactly(since(epochs(whole), 1))
    assert nodes(second) == exactly(since(nodes(whole), 1))
    assert steps(second) == exactly(since(steps(whole), 2))


def test_the_earlier_folder_stays_as_it_is(data: Path, tmp_path: Path) -> None:
    first = run(config(data, tmp_path, trainer_config__max_epochs=1))
    before = fingerprints(first)
    second = resumed(data, first, trainer_config__max_epochs=2)
    assert fingerprints(first) == before
    with (second / "training_log.csv").open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]
