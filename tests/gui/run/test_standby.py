"""An engine that has everything loaded before it is needed, and becomes the process of a training."""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sleapnn_engine.config.files import dump_config
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Exit
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.run.standby import Order, Standby
from tests.engine.training.rendered import job, write_labels

#: Stands for the engine: waits for its order and writes down what it is.
ECHO = "import sys; from sleapnn_engine.cli import main; from sleapnn_engine.commands import standby; standby.LOADED = (); sys.exit(main(['standby']))"


@pytest.fixture
def standby() -> Iterator[Standby]:
    standby = Standby()
    yield standby
    standby.close()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def idle(process: psutil.Process) -> bool:
    """Whether it has loaded everything and takes no time any more."""
    before = process.cpu_times()
    time.sleep(0.5)
    after = process.cpu_times()
    return after.user > 1 and after[:2] == before[:2]


@pytest.mark.timeout(180)
def test_a_training_becomes_the_process_that_waits(
    app: object, standby: Standby, tmp_path: Path, wait_until: object
) -> None:
    labels = write_labels(tmp_path)
    standby.prepare()
    waiting = standby.pid
    assert waiting is not None
    standby.prepare()
    assert standby.pid == waiting, "one is enough"
    wait_until(lambda: idle(psutil.Process(waiting)), 120)
    session = RunSession(standby=standby)
    config = job(tmp_path, labels, trainer_config__save_ckpt=True)
    session.start(
        dump_config(config), tmp_path / "run", folder=tmp_path, environment={"WANDB_MODE": "offline"}
    )
    assert session.pid == waiting
    assert standby.pid is None
    wait_until(lambda: session.is_over, 60)
    assert session.state is State.COMPLETED
    assert (tmp_path / "run" / "best.ckpt").exists()
    told = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert next(event["body"]["pid"] for event in told if event["kind"] == "started") == waiting
    session.leave()


def test_it_goes_with_the_window(standby: Standby, wait_until: object) -> None:
    standby.prepare()
    pid = standby.pid
    assert pid is not None
    standby.close()
    assert standby.pid is None
    wait_until(lambda: gone(pid), 10)


def test_its_output_folder_and_environment_are_those_of_the_order(tmp_path: Path, wait_until: object) -> None:
    standby = Standby((sys.executable, "-c", ECHO))
    standby.prepare()
    order = Order(("explain", "trainer_config.seed"), tmp_path / "out", tmp_path, {"COLUMNS": "77"})
    engine = standby.submit(order)
    assert engine is not None
    wait_until(lambda: engine.poll() is not None, 30)
    assert engine.poll() == Exit(code=0)
    assert "seed" in (tmp_path / "out").read_text(encoding="utf-8")


def test_one_that_cannot_load_is_not_missed(tmp_path: Path, wait_until: object) -> None:
    standby = Standby((sys.executable, "-c", "raise ImportError('no torch')"))
    standby.prepare()
    wait_until(lambda: standby.pid is None, 30)
    assert standby.submit(Order(("train",), tmp_path / "out", tmp_path, {})) is None
    absent = Standby((str(tmp_path / "nothing"),))
    absent.prepare()
    assert absent.pid is None
    assert os.listdir(tmp_path) == []
