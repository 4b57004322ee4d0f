"""Commands that meet in one gap between two steps, and stops at awkward moments."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.messages import Command
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events, outline, values


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have commands arrive at the n-th look for them; later ones come while the engine waits."""

    def at(look: int, *commands: Command, later: tuple[Command, ...] = ()) -> None:
        looks, waiting = iter(range(10**9)), list(later)
        monkeypatch.setattr(
            EngineChannel, "pop_commands", lambda channel: list(commands) if next(looks) == look else []
        )
        monkeypatch.setattr(
            EngineChannel, "wait_command", lambda channel, timeout: waiting.pop(0) if waiting else None
        )

    return at


def run(data: Path, folder: Path, **changes: Any) -> Path:
    assert train(build_job(values(data, folder, **changes)), stream=io.StringIO()) == 0
    return folder / "run"


def kinds(folder: Path) -> list[str]:
    """What control said, in order."""
    said = {"pausing", "paused", "resumed", "stopping", "epoch_end", "finished"}
    return [kind for kind in outline(folder) if kind in said]


def test_a_pause_and_a_resume_in_one_gap(
    shared_data: Path, tmp_path: Path, commanded: Callable[..., None]
) -> None:
    commanded(2, Command("pause"), Command("resume"))
    folder = run(shared_data, tmp_path)
    assert kinds(folder) == ["pausing", "paused", "resumed", "epoch_end", "epoch_end", "finished"]


def test_a_stop_while_paused_ends_the_pause(
    shared_data: Path, tmp_path: Path, commanded: Callable[..., None]
) -> None:
    commanded(2, Command("pause"), later=(Command("pause"), Command("stop", {"after": "batch"})))
    folder = run(shared_data, tmp_path)
    assert kinds(folder) == ["pausing", "paused", "stopping", "epoch_end", "finished"]
    assert outline(folder).count("batch_end") == 2
    body = events(folder)[-1]["body"]
    assert (body["epochs"], body["steps"]) == (0, 2)
    assert (folder / "last.ckpt").exists()


def test_a_stop_after_the_epoch_lets_it_end(
    shared_data: Path, tmp_path: Path, commanded: Callable[..., None]
) -> None:
    commanded(1, Command("stop", {"after": "epoch"}))
    folder = run(shared_data, tmp_path, trainer_config__max_epochs=9)
    assert kinds(folder) == ["stopping", "epoch_end", "finished"]
    assert outline(folder).count("batch_end") == 3
    assert events(folder)[-1]["body"]["outcome"] == "stopped"


def test_a_stop_before_the_first_step_trains_nothing(
    shared_data: Path, tmp_path: Path, commanded: Callable[..., None]
) -> None:
    commanded(0, Command("stop", {"after": "epoch"}))
    folder = run(shared_data, tmp_path)
    assert kinds(folder) == ["stopping", "finished"]
    assert not list(folder.glob("*.ckpt"))
    body = events(folder)[-1]["body"]
    assert (body["outcome"], body["epochs"], body["best_epoch"]) == ("stopped", 0, None)


def test_pauses_do_not_count_as_training_time(
    shared_data: Path, tmp_path: Path, commanded: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    commanded(2, Command("pause"))

    def wait(channel: EngineChannel, timeout: float) -> Command:
        time.sleep(2)
        return Command("resume")

    monkeypatch.setattr(EngineChannel, "wait_command", wait)
    folder = run(shared_data, tmp_path, trainer_config__max_epochs=1)
    paused = next(e["body"]["paused_seconds"] for e in events(folder) if e["kind"] == "resumed")
    ended = next(e for e in events(folder) if e["kind"] == "epoch_end")
    first = next(e for e in events(folder) if e["kind"] == "phase" and e["body"]["name"] == "first_batch")
    assert paused > 1.9
    assert ended["body"]["seconds"] < ended["t"] - first["t"] - paused + 0.1
