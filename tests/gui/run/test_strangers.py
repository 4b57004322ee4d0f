"""A run is told from its engine alone: a process that only has its number is never touched, a silent one not forced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.processes import start_mark
from sleapnn_engine.protocol.run_state import read_run
from sleapnn_gui.monitor.run_summary import summarise
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.process import FoundEngine
from tests.gui.run.following import Followed

ROOT = Path(__file__).resolve().parents[3]
LONG = {"epochs": 400, "steps": 50, "batch_seconds": 0.01, "frames": False}


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen]:
    """A process that has nothing to do with any run."""
    process = subprocess.Popen(["sleep", "120"])
    time.sleep(
        0.05
    )  # two processes of one number never begin in the same hundredth of a second, as these might
    yield process
    assert process.poll() is None, "a process that is none of the run's business was ended"
    process.kill()
    process.wait()


@pytest.fixture
def follow(app) -> Iterator:
    made: list[Followed] = []

    def begin(**options) -> Followed:
        made.append(Followed(**options))
        return made[-1]

    yield begin
    for run in made:
        pid = run.session.pid
        run.session.leave()
        if pid is not None and not run.session.is_over:
            os.kill(pid, signal.SIGKILL)


def killed_run(run_dir: Path, follow, wait_until) -> Connection:
    """A run whose engine was killed in the middle of training; what its connection file said."""
    run = follow()
    run.start(run_dir, **LONG)
    wait_until(lambda: len(run.steps) > 5, 20)
    found = Connection.read(run_dir)
    os.kill(found.pid, signal.SIGKILL)
    wait_until(lambda: run.outcome is not None, 20)
    return found


def command(*words: str) -> tuple[int, str]:
    code = "import sys; from sleapnn_engine.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("tells_start", [True, False])
def test_a_process_that_was_given_the_number_later_is_never_touched(
    follow, wait_until, tmp_path, stranger, tells_start
):
    folder = tmp_path / "run"
    found = killed_run(folder, follow, wait_until)
    began = found.process_started if tells_start else ""
    taken = attrs.evolve(found, pid=stranger.pid, process_started=began, started=found.started - 3600)
    taken.write(folder)
    # Every surface tells the same: the list, the page, the command line.
    assert summarise(folder).state == "crashed"
    assert read_run(folder).state == "crashed"
    late = follow(grace=0.1)
    late.session.attach(folder)
    wait_until(lambda: late.outcome is not None, 20)
    assert late.outcome.state is State.CRASHED
    assert "belongs to another program" in late.outcome.sentence
    assert not late.session.can("cancel")
    late.session.cancel()
    code, said = command("stop", str(folder))
    assert code != 0
    assert "belongs to another program" in said
    assert command("runs", "list", str(folder), "--json")[1].count('"state": "crashed"') == 1


def test_a_process_that_never_answered_with_the_token_gets_no_signal(follow, wait_until, tmp_path, stranger):
    folder = tmp_path / "run"
    found = killed_run(folder, follow, wait_until)
    # As bad as it can be: even the start is the stranger's own.
    attrs.evolve(found, pid=stranger.pid, process_started=start_mark(stranger.pid)).write(folder)
    late = follow(grace=0.1)
    late.session.attach(folder)
    wait_until(lambda: late.session.lost_contact, 20)
    assert late.session.can("cancel")
    late.session.cancel()
    wait_until(lambda: "refused" in late.stages("cancel"), 20)
    assert "may be another program" in late.commands[-1][2]
    engine = FoundEngine(Connection.read(folder))
    engine.meet({"pid": stranger.pid + 1})
    assert not engine.terminate()
    assert not engine.kill()
    late.session.leave()


def test_stop_never_becomes_force_however_long_the_engine_is_silent(follow, wait_until, tmp_path):
    run = follow(grace=0.1)
    run.start(tmp_path / "run", silent_at=20, **LONG)
    wait_until(lambda: run.session.lost_contact, 20)
    pid = run.session.pid
    run.session.stop()
    until = time.monotonic() + 1.5  # fifteen times the grace that a cancel gives
    wait_until(lambda: time.monotonic() > until, 5)
    assert run.outcome is None
    assert run.stages("stop") == ["asked"]
    assert run.session.quiet_seconds > 2
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: run.outcome is not None, 20)
    assert run.stages("stop") == ["asked", "accepted", "done"]
    assert run.outcome.state is State.STOPPED


def test_a_run_on_another_computer_is_read_and_not_commanded(follow, wait_until, tmp_path):
    folder = tmp_path / "run"
    found = killed_run(folder, follow, wait_until)
    attrs.evolve(found, host="another-computer").write(folder)
    assert summarise(folder).state.startswith("elsewhere")
    late = follow()
    late.session.attach(folder)
    wait_until(lambda: len(late.steps) > 5, 20)
    assert late.session.state is State.TRAINING
    assert any("another-computer" in notice for notice in late.notices)
    assert not any(late.session.can(verb) for verb in ("pause", "stop", "cancel", "checkpoint"))
    (folder / "engine.json").unlink()
    wait_until(lambda: late.outcome is not None, 20)
