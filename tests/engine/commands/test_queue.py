"""The queue of trainings, by its command: what is added, trained, skipped, left out, and what a broken file does."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.protocol.processes import start_mark
from sleapnn_engine.protocol.queue_records import QueueState
from sleapnn_engine.protocol.training_queue import TrainingQueue
from tests.engine.commands.in_process import engine
from tests.engine.config.obstacles import full_disk
from tests.engine.training.rendered import job, write_labels


@pytest.fixture
def queue_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLEAPNN_QUEUE", str(tmp_path / "own" / "queue.json"))
    (tmp_path / "own").mkdir()
    return tmp_path / "own" / "queue.json"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    values = job(tmp_path, write_labels(tmp_path))
    path = tmp_path / "job.yaml"
    path.write_text(dump_config(values), encoding="utf-8")
    return path


def states(path: Path) -> list[str]:
    return [one.state.value for one in TrainingQueue(path).read()]


def test_what_waits_is_trained_in_its_order_and_a_failure_holds_it_unless_asked(
    queue_file: Path, config: Path, tmp_path: Path
) -> None:
    good = tmp_path / "first"
    doomed = tmp_path / "doomed.yaml"
    doomed.write_text(config.read_text(encoding="utf-8"), encoding="utf-8")
    assert engine("queue", "add", doomed).code == 0
    said = engine("queue", "add", config, "trainer_config.seed=3", "--run-dir", good)
    assert (said.code, "1 before it" in said.out) == (0, True)
    assert engine("queue", "add", config, "--run-dir", good).code == 0
    doomed.unlink()  # a config is read when its turn comes

    assert engine("queue", "run").code == 1
    assert states(queue_file) == ["failed", "waiting", "waiting"]
    assert engine("queue", "run").code == 0
    assert states(queue_file) == ["failed", "done", "skipped"]
    assert (good / "events.jsonl").exists()
    shown = engine("queue", "list")
    assert f"{good} holds a finished run" in shown.out
    assert [one["code"] for one in json.loads(engine("queue", "list", "--json").out)] == [2, 0, None]
    assert "3 taken out" in engine("queue", "clear").out
    assert states(queue_file) == []


def test_a_wrong_config_is_not_added(queue_file: Path, config: Path) -> None:
    said = engine("queue", "add", config, "trainer_config.max_epochs=-3")
    assert said.code == 2
    assert "max_epochs" in said.err
    assert not queue_file.exists()


def test_what_waits_can_be_taken_out_and_what_is_at_work_cannot(queue_file: Path, config: Path) -> None:
    queue = TrainingQueue(queue_file)
    for _ in range(3):
        queue.add(config=config, folder=config.parent)
    assert queue.start_next() is not None
    said = engine("queue", "remove", "1", "2", "9")
    assert said.code == 1
    assert "1 is at work" in said.err
    assert "9 is not in the queue" in said.err
    assert states(queue_file) == ["running", "waiting"]
    with queue.working():  # nobody was at it, so what is called running was left by a program that is gone
        assert states(queue_file) == ["interrupted", "waiting"]
        assert "is training what is in this queue" in engine("queue", "run").err
        assert engine("queue", "clear", "--all").code == 0
    assert states(queue_file) == []
    assert "is empty" in engine("queue", "list").err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 7, "trainings": []}',
        '{"version": 1, "trainings": [{"number": 1}]}',
        "null",
    ],
)
def test_what_is_no_queue_is_told_and_left_as_it_is(queue_file: Path, config: Path, text: str) -> None:
    queue_file.write_text(text, encoding="utf-8")
    for words in (("list",), ("run",), ("clear",), ("add", str(config))):
        said = engine("queue", *words)
        assert said.code in (1, 2)
        assert str(queue_file) in said.err
    assert queue_file.read_text(encoding="utf-8") == text


def test_where_nothing_can_be_written_it_is_told(config: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in ("file", "nowhere"):
        said = engine("queue", "add", config, "--queue", tmp_path / folder / "queue.json")
        assert said.code == 1
        assert "The queue cannot be written" in said.err
    assert not (tmp_path / "nowhere").exists()


def test_on_a_full_disk_the_queue_stays_as_it_was(queue_file: Path, config: Path) -> None:
    engine("queue", "add", config)
    text = queue_file.read_text(encoding="utf-8")
    with full_disk():
        said = engine("queue", "add", config)
    assert said.code == 1
    assert "The queue cannot be written" in said.err
    assert queue_file.read_text(encoding="utf-8") == text


def test_what_is_to_be_first_is_behind_what_is_at_work_and_before_what_waits(
    queue_file: Path, config: Path
) -> None:
    queue = TrainingQueue(queue_file)
    fields = {"config": config, "folder": config.parent}
    for _ in range(2):
        queue.add(**fields)
    queue.start_next()
    ahead = [one.number for one in queue.add_group([fields, fields], name="pair", first=True)]
    assert [one.number for one in queue.read()] == [1, *ahead, 2]


def test_trainings_are_moved_and_those_of_a_group_stay_together(queue_file: Path, config: Path) -> None:
    queue = TrainingQueue(queue_file)
    fields = {"config": config, "folder": config.parent}
    for _ in range(2):
        queue.add(**fields)
    assert [one.group for one in queue.add_group([fields, fields], name="pair")] == ["pair"] * 2
    assert [one.group for one in queue.add_group([fields, fields], name="pair")] == ["pair (2)"] * 2
    assert [one.is_of("pair") for one in queue.read()] == [False, False, True, True, True, True]
    assert not any(one.is_of("pai") or one.is_of("pair (3)") for one in queue.read())

    def order() -> list[int]:
        return [one.number for one in TrainingQueue(queue_file).read()]

    assert engine("queue", "move", "4", "2").code == 0, "with what it belongs to"
    assert order() == [1, 3, 4, 2, 5, 6]
    assert engine("queue", "move", "1").code == 0
    assert order() == [3, 4, 2, 5, 6, 1]
    assert queue.move(2, before=6), "nothing comes between those of a group"
    assert order() == [3, 4, 2, 5, 6, 1]
    assert queue.start_next() is not None
    assert queue.start_next() is not None
    for words in (["3"], ["9"], ["2", "9"], ["2", "2"]):
        said = engine("queue", "move", *words)
        assert (said.code, "was not moved" in said.err) == (2, True), words
    assert order() == [3, 4, 2, 5, 6, 1]


def test_a_paused_queue_begins_nothing_until_it_is_run(queue_file: Path, config: Path) -> None:
    queue = TrainingQueue(queue_file)
    added = queue.add(config=config, folder=config.parent / "gone")
    with queue.working():
        assert queue.standing().is_at_work
        assert "is trained to its end" in engine("queue", "pause").out
        assert queue.start_next() is None
    assert not queue.standing().is_at_work
    assert "is paused" in engine("queue", "list").err
    queue.set_go_on(True)
    queue.add(config=config, folder=config.parent / "gone")
    assert engine("queue", "run").code == 1
    assert states(queue_file) == ["failed", "failed"], "the queue itself says that a failure does not hold it"
    assert not queue.standing().paused
    assert added.group == ""


def test_a_worker_that_is_gone_is_not_at_work(queue_file: Path, config: Path) -> None:
    queue = TrainingQueue(queue_file)
    queue.add(config=config, folder=config.parent)
    told = json.loads(queue_file.read_text(encoding="utf-8"))
    for worker, there in (
        ({"pid": 2**30, "host": "", "began": "1"}, False),
        ({"pid": os.getpid(), "host": "", "began": "of another process/1"}, False),
        ({"pid": os.getpid(), "host": "", "began": start_mark(os.getpid())}, True),
        ({"pid": 1, "host": "another computer", "began": ""}, True),
        (None, False),
    ):
        queue_file.write_text(json.dumps({**told, "worker": worker}), encoding="utf-8")
        assert queue.standing().is_at_work is there


def test_the_two_models_of_a_pair_are_added_together(queue_file: Path, config: Path, tmp_path: Path) -> None:
    labels = read_config(config).values["data_config"]["train_labels_path"]
    other = tmp_path / "others.slp"
    other.touch()
    paths = {}
    for name, kind, said in (
        ("centre", "centroid", labels),
        ("parts", "centered_instance", labels),
        ("else", "centered_instance", [str(other)]),
    ):
        values = job(tmp_path, tmp_path / "labels.slp", model_type=kind)
        tree.put(values, "data_config.train_labels_path", said)
        paths[name] = tmp_path / f"{name}.yaml"
        paths[name].write_text(dump_config(values), encoding="utf-8")
    rules = ("--stop-when", "after 2 h", "--stop-when", "error of a below 3 px")
    assert engine("queue", "add", paths["centre"], "--pair", paths["parts"], *rules).code == 0
    assert [one.group for one in TrainingQueue(queue_file).read()] == ["pair centre"] * 2
    told = [one.stop_rules for one in TrainingQueue(queue_file).read()]
    assert told == [("after 2 h",), ("after 2 h", "error of a below 3 px")], "a centre has no parts"
    for pair, told in (
        ((config, paths["centre"]), "are no pair"),
        ((paths["centre"], paths["else"]), "differ in Training labels"),
    ):
        said = engine("queue", "add", pair[0], "--pair", pair[1])
        assert (said.code, told in said.err) == (2, True)
    assert len(states(queue_file)) == 2


def _add_some(path: Path, config: Path) -> None:
    for _ in range(10):
        TrainingQueue(path).add(config=config, folder=config.parent)


def test_programs_that_add_at_the_same_time_lose_nothing(queue_file: Path, config: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    helpers = [spawn.Process(target=_add_some, args=(queue_file, config)) for _ in range(3)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    found = TrainingQueue(queue_file).read()
    assert sorted(one.number for one in found) == list(range(1, 31))
    assert all(one.state is QueueState.WAITING for one in found)
