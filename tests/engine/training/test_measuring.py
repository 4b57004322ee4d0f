"""Ten measured steps are those of the training: its memory, its failures; nothing of them is kept."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values, dump_config
from sleapnn_engine.config.measured import measured_text, span_text
from sleapnn_engine.inspect.measured_steps import measure_values
from sleapnn_engine.inspect.wanted import NotWanted, never
from tests.engine.training.rendered import job, write_labels


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("measured")
    labels = write_labels(folder, frames=8, size=(64, 64))
    return job(folder, labels, model_type="single_instance", trainer_config__max_epochs=7)


def measured(values: dict[str, Any], folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    file = folder / "config.yaml"
    file.write_text(dump_config(values))
    words = [sys.executable, "-m", "sleapnn_engine", "measure", str(file), *more]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False)


def test_it_tells_memory_and_time_and_leaves_nothing(config: dict[str, Any], tmp_path: Path) -> None:
    done = measured(config, tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["steps"] == 10
    assert found["epochs"] == 7
    assert found["memory"] > 50e6
    assert found["free"] > 0
    steps = found["epochs"] * found["steps_per_epoch"] * found["step_seconds"]
    assert found["seconds"] >= steps > 0
    assert 0 <= found["data_share"] <= 1
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
    assert "10 steps were measured" in measured_text(found)


def test_a_failure_of_the_steps_is_a_sentence_with_a_fix(config: dict[str, Any], tmp_path: Path) -> None:
    """A loss that runs away in the very first steps, as the window would hear of it."""
    rate = "trainer_config.optimizer.lr"
    wild = copy_values(config)
    tree.put(wild, rate, 1e6)
    failed = measure_values(wild, never)["failed"]
    assert "learning rate" in failed["hint"]
    assert failed["where"] == rate
    assert failed["fix"]["set"] == {rate: 0.001}
    missing = {**config, "data_config": {**config["data_config"], "train_labels_path": ["nowhere.slp"]}}
    with pytest.raises(UserError, match=r"nowhere\.slp"):
        measure_values(missing, never)


def test_who_waits_no_longer_leaves_no_process(config: dict[str, Any]) -> None:
    asked = iter([False, False, True])
    with pytest.raises(NotWanted):
        measure_values(config, lambda: next(asked))
    children = psutil.Process().children(recursive=True)
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    assert not [child for child in alive if "measure" in child.cmdline()]


def test_stretches_of_time_are_said_as_people_say_them() -> None:
    assert [span_text(seconds) for seconds in (40, 2280, 18_720, 300_000)] == [
        "40 s",
        "38 min",
        "5.2 h",
        "3 days",
    ]
