"""Where there are several graphics cards, each trains one of the queue: which, in what order, and what waits for all."""

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sleapnn_engine.commands.queue_training import cards_here
from sleapnn_engine.protocol.training_queue import TrainingQueue
from tests.engine.commands.in_process import engine

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the engine of these tests is a script of the shell"
)

#: An engine that trains nothing: it says which cards it has, from when to when, and ends as its config is called.
ENGINE = """
import json, os, pathlib, sys, time
config = pathlib.Path(sys.argv[2])
began = time.monotonic()
time.sleep(0.5)
said = {"cards": os.environ.get("CUDA_VISIBLE_DEVICES"), "began": began, "ended": time.monotonic()}
config.with_suffix(".said").write_text(json.dumps(said))
sys.exit(1 if "fail" in config.name else 0)
"""

Add = Callable[..., None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Puts a training of this name into a queue of two cards."""
    (tmp_path / "engine.py").write_text(ENGINE)
    program = tmp_path / "engine"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path / "engine.py"} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("SLEAPNN_ENGINE", str(program))
    monkeypatch.setenv("SLEAPNN_QUEUE", str(tmp_path / "queue.json"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")

    def put(name: str, **trainer: object) -> None:
        config = tmp_path / f"{name}.yaml"
        config.write_text(json.dumps({"trainer_config": trainer}))
        TrainingQueue(tmp_path / "queue.json").add(config=config, folder=tmp_path)

    return put


def said(folder: Path, name: str) -> dict[str, float]:
    found = json.loads((folder / f"{name}.said").read_text())
    assert isinstance(found, dict)
    return found


def together(folder: Path, *names: str) -> bool:
    """Whether these were trained at the same time."""
    spans = [said(folder, name) for name in names]
    return max(one["began"] for one in spans) < min(one["ended"] for one in spans)


def states(folder: Path) -> list[str]:
    return [one.state.value for one in TrainingQueue(folder / "queue.json").read()]


def test_each_card_trains_one_and_takes_the_next_when_it_is_done(add: Add, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        add(name)
    done = engine("queue", "run")
    assert done.code == 0
    assert states(tmp_path) == ["done"] * 3
    assert {said(tmp_path, name)["cards"] for name in ("a", "b")} == {"4", "7"}
    assert together(tmp_path, "a", "b")
    assert not together(tmp_path, "a", "b", "c")
    assert "on card 4, 2 after it" in done.out


def test_one_that_takes_several_devices_has_them_to_itself(add: Add, tmp_path: Path) -> None:
    add("a")
    add("both", trainer_devices=2)
    add("b")
    assert engine("queue", "run").code == 0
    assert said(tmp_path, "both")["cards"] == "4,7"
    assert not together(tmp_path, "a", "both")
    assert not together(tmp_path, "both", "b")
    assert said(tmp_path, "both")["began"] < said(tmp_path, "b")["began"], "none goes before it"


def test_after_a_failure_what_is_at_work_is_trained_to_its_end_and_no_more(add: Add, tmp_path: Path) -> None:
    for name in ("fail", "a", "b"):
        add(name)
    assert engine("queue", "run").code == 1
    assert states(tmp_path) == ["failed", "done", "waiting"]
    assert engine("queue", "run", "--go-on").code == 0


def test_one_at_a_time_where_that_is_asked_for(add: Add, tmp_path: Path) -> None:
    add("a")
    add("b")
    assert engine("queue", "run", "--one-at-a-time").code == 0
    assert not together(tmp_path, "a", "b")
    assert said(tmp_path, "a")["cards"] == "4,7"


def test_cards_are_asked_of_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cards_here() == []
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    program.chmod(0o755)
    assert cards_here() == ["0", "1"]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert cards_here() == [], "a driver that does not answer"
