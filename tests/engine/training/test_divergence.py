"""Trainings whose numbers are no longer finite: what was saved before stays, and training can go on from it."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training import run as engine
from sleapnn_engine.training.artifacts.checkpoint_file import first_broken
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.callbacks.checkpoint import Checkpoints
from sleapnn_engine.training.loop import smaller_rate
from sleapnn_engine.training.run import INTERRUPTED
from sleapnn_engine.training.state import Training
from tests.engine.training.jobs import events
from tests.engine.training.resuming import config, draw_labels, epochs, fingerprints, resumed, run, texts
from tests.engine.training.test_checkpoint_policy import Trained, trained  # noqa: F401  (a fixture)

GOOD = {"last.ckpt", "best.ckpt"}
Spoil = Callable[[Training], None]


class Spoiler(Callback):
    """Does something to a training when its third epoch begins, and remembers the checkpoints of that moment."""

    def __init__(self, folder: Path, spoil: Spoil) -> None:
        self.folder, self.spoil = folder, spoil
        self.saved: dict[str, str] = {}

    def epoch_begun(self, training: Training) -> None:
        if training.progress.epoch == 2:
            self.saved = checkpoints(training.parts.folder)
            self.spoil(training)


def checkpoints(folder: Path) -> dict[str, str]:
    return {name: digest for name, digest in fingerprints(folder).items() if name.endswith(".ckpt")}


def learn_at(rate: float) -> Spoil:
    def spoil(training: Training) -> None:
        for group in training.parts.optimizer.param_groups:
            group["lr"] = rate

    return spoil


def overflow(training: Training) -> None:
    """As one gradient above 1e19 does: losses stay finite, and that weight is never moved again."""
    moments = next(iter(training.parts.optimizer.state.values()))
    moments["exp_avg_sq"].fill_(math.inf)


def interrupt_broken(training: Training) -> None:
    """A signal after a step that broke the weights, before any loss has told of it."""
    with torch.no_grad():
        next(training.parts.model.parameters()).fill_(math.nan)
    training.progress.interrupted = "SIGINT"
    raise engine.Interrupted("SIGINT")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_labels(tmp_path_factory.mktemp("labels"))


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Spoil], Spoiler]:
    """Has the next training be spoiled as its third epoch begins."""

    def prepare(spoil: Spoil) -> Spoiler:
        spoiler, usual = Spoiler(tmp_path, spoil), engine._callbacks
        monkeypatch.setattr(engine, "_callbacks", lambda run: [*usual(run), spoiler])
        return spoiler

    return prepare


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (learn_at(1e30), "loss became"),
        (learn_at(math.nan), "loss became nan"),
        (overflow, "no longer numbers, first in the state of the optimizer"),
    ],
    ids=["huge rate", "no rate", "moments"],
)
def test_checkpoints_of_a_training_that_diverges_are_those_before(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoiled: Callable[[Spoil], Spoiler],
    spoil: Spoil,
    said: str,
) -> None:
    spoiler = spoiled(spoil)
    with pytest.raises(UserError, match=said) as caught:
        run(config(data, tmp_path, trainer_config__max_epochs=4))
    folder = tmp_path / "run"
    assert set(spoiler.saved) == GOOD
    assert checkpoints(folder) == spoiler.saved
    assert caught.value.where == "trainer_config.optimizer.lr"
    assert "can go on from last.ckpt (epoch 2) or best.ckpt (epoch " in caught.value.hint
    assert events(folder)[-1]["body"]["hint"] == caught.value.hint
    monkeypatch.undo()
    further = resumed(data, folder, trainer_config__max_epochs=4)
    assert {key[0] for key in epochs(further)} == {2, 3}


def test_a_signal_saves_no_broken_weights(
    data: Path, tmp_path: Path, spoiled: Callable[[Spoil], Spoiler]
) -> None:
    spoiler = spoiled(interrupt_broken)
    folder = run(config(data, tmp_path, trainer_config__max_epochs=4), code=INTERRUPTED)
    assert checkpoints(folder) == spoiler.saved
    (said,) = [text for text in texts(folder, "warning") if "not saved" in text]
    assert "last.ckpt (epoch 2)" in said


def test_one_that_goes_on_and_diverges_keeps_the_best_of_before(data: Path, tmp_path: Path) -> None:
    first = run(config(data, tmp_path, trainer_config__max_epochs=2))
    before = fingerprints(first)
    absurd = {"trainer_config__optimizer__lr": 1e6, "trainer_config__max_epochs": 6}
    with pytest.raises(UserError, match="loss became") as caught:
        resumed(data, first, **absurd)
    assert fingerprints(first) == before
    (second,) = [folder for folder in tmp_path.iterdir() if folder != first]
    assert checkpoints(second) == {"best.ckpt": before["best.ckpt"]}
    assert "from best.ckpt (epoch " in caught.value.hint
    third = resumed(data, second, file="best.ckpt", trainer_config__max_epochs=3)
    assert (2, "val") in epochs(third)


def test_one_that_diverges_at_once_says_that_nothing_is_there(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="loss became") as caught:
        run(config(data, tmp_path, trainer_config__optimizer__lr=1e6))
    assert checkpoints(tmp_path / "run") == {}
    assert "nothing to go on from" in caught.value.hint
    # The window has no command line; the step is counted as people do, and is the one that the journal lacks.
    assert caught.value.hint.startswith("A learning rate of 1,000,000 is very large; try 0.001.")
    done = [event for event in events(tmp_path / "run") if event["kind"] == "batch_end"]
    assert f" at step {len(done) + 1} of epoch 1, " in caught.value.message


@pytest.mark.parametrize(
    ("rate", "hint"),
    [
        (0.005, "Try a smaller learning rate, for example 0.0005 instead of 0.005."),
        (1e-4, "Try a smaller learning rate, for example 1e-5 instead of 0.0001."),
        (0.3, "A learning rate of 0.3 is very large; try 0.001."),
        (2e30, "A learning rate of 2e30 is very large; try 0.001."),
    ],
)
def test_the_rate_to_try_is_smaller_and_written_as_people_do(rate: float, hint: str) -> None:
    assert smaller_rate(rate) == hint


def test_broken_checkpoints_are_refused_with_those_beside_them(data: Path, tmp_path: Path) -> None:
    """Such as an older version of this program left behind."""
    folder = run(config(data, tmp_path, trainer_config__max_epochs=2))
    content = torch.load(folder / "last.ckpt", weights_only=True)
    content["optimizer_states"][0]["state"][3]["exp_avg_sq"].fill_(math.inf)
    torch.save(content, folder / "last.ckpt")
    with pytest.raises(UserError, match="no numbers, first in the state of the optimizer") as caught:
        resumed(data, folder)
    assert caught.value.usage
    assert "choose best.ckpt (epoch " in caught.value.hint


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("top_k", [1, 2, -1])
def test_no_file_is_touched_by_weights_that_are_no_numbers(
    trained: Trained,  # noqa: F811
    tmp_path: Path,
    broken: float,
    top_k: int,
) -> None:
    files = Checkpoints(tmp_path, top_k=top_k, save_last=True)
    for loss in (0.5, 0.4):
        trained.end_epoch(files, val=loss)
    before, kept = checkpoints(tmp_path), list(files.kept)
    trained.epoch = broken  # type: ignore[assignment]  # the weight is the number of the epoch
    with pytest.raises(UserError, match=r"no longer numbers, first in model\.weight"):
        trained.end_epoch(files, val=0.3)
    with pytest.raises(UserError, match="no longer numbers"):
        files.write_last(trained)  # type: ignore[arg-type]
    assert (checkpoints(tmp_path), files.kept) == (before, kept)


def test_whole_checkpoints_are_whole(data: Path, tmp_path: Path) -> None:
    folder = run(config(data, tmp_path, trainer_config__max_epochs=1))
    assert first_broken(torch.load(folder / "last.ckpt", weights_only=True)) is None
