"""A training that stops by itself: for which reasons, who says so, and how rules are changed while it runs."""

import io
import time
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.event_text import event_line
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.messages import Command
from sleapnn_engine.protocol.stop_rules import StopWatch, parse_rule
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events, values


def run(data: Path, folder: Path, *texts: str, **changes: Any) -> Path:
    rules = [parse_rule(text, now=time.time()) for text in texts]
    job = build_job(values(data, folder, trainer_config__max_epochs=4, **changes))
    assert train(job, stop_rules=rules, stream=io.StringIO()) == 0
    return folder / "run"


def bodies(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [event["body"] for event in events(folder) if event["kind"] == kind]


def test_an_error_that_is_small_enough_ends_it_after_the_epoch(shared_data: Path, tmp_path: Path) -> None:
    folder = run(shared_data, tmp_path, "error below 9000 px", "by 23:59")
    assert bodies(folder, "stop_rules") == [{"rules": ["error below 9000 px", "by 23:59"]}]
    (stopping,) = bodies(folder, "stopping")
    assert stopping["reason"].endswith("it was to stop at error below 9000 px.")
    assert [body["epoch"] for body in bodies(folder, "epoch_end")] == [0]
    assert bodies(folder, "finished")[0]["outcome"] == "stopped"
    told = next(event for event in JournalReader(folder).read_all() if event.kind == "stopping")
    assert "stopping after this batch: The median error is" in event_line(told)


def test_a_time_budget_ends_it_after_the_batch(shared_data: Path, tmp_path: Path) -> None:
    folder = run(shared_data, tmp_path, "after 0.001 s")
    assert len(bodies(folder, "batch_end")) == 1
    assert (folder / "best.ckpt").is_file(), "the model is kept as after any stop"


def test_rules_come_and_go_while_it_runs(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = iter(
        [
            [],
            [Command("stop_when", {"rules": ["error of nobody below 9 px"]})],
            [Command("stop_when", {"rules": []})],
            [Command("stop_when", {"rules": ["after 0.001 s"]})],
        ]
    )
    monkeypatch.setattr(EngineChannel, "pop_commands", lambda channel: next(asked, []))
    folder = run(shared_data, tmp_path, "error below 0.001 px")
    told = [body["rules"] for body in bodies(folder, "stop_rules")]
    first = ["error below 0.001 px"]
    assert told == [first, first, [], ["after 0.001 s"]], "rules for parts that are not there change nothing"
    assert "There is no part nobody to stop by" in " ".join(body["text"] for body in bodies(folder, "log"))
    assert len(bodies(folder, "batch_end")) == 4
    assert len(bodies(folder, "stopping")) == 1


def test_a_time_that_comes_in_a_pause_ends_that(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, waits = iter([[], [Command("pause")]]), list[float]()
    monkeypatch.setattr(EngineChannel, "pop_commands", lambda channel: next(asked, []))
    monkeypatch.setattr(EngineChannel, "wait_command", lambda channel, timeout: waits.append(timeout))
    monkeypatch.setattr(StopWatch, "by_clock", lambda watch, trained: "It is time." if waits else "")
    folder = run(shared_data, tmp_path, "by 18:00")
    assert bodies(folder, "stopping")[0]["reason"] == "It is time."
    assert len(bodies(folder, "batch_end")) == 1
    assert bodies(folder, "resumed") == []


def test_a_part_that_is_not_there_ends_it_before_the_first_step(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no part nobody to stop by"):
        run(shared_data, tmp_path, "error of nobody below 3 px")
