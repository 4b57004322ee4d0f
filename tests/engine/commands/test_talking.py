"""`watch`, `pause`, `resume` and `stop` as a person runs them: real engine process, real command line."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.journal import JournalReader
from tests.engine.commands import in_process
from tests.engine.protocol.conftest import collect, wait_for
from tests.engine.protocol.examples import event_of

ROOT = Path(__file__).parents[3]

Engine = Callable[..., subprocess.Popen]

#: Talks as the command line does, without what other commands need.
COMMAND = "import sys; from sleapnn_engine.cli import main; sys.exit(main())"


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run folder whose name is not plain ASCII."""
    folder = tmp_path / "läufe" / "run 1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def engine(run_dir: Path) -> Iterator[Engine]:
    """Starts the scripted engine in the run folder and ends it if it is still there."""
    started: list[subprocess.Popen] = []

    def start(*, batches: int, pause_seconds: float = 0.01) -> subprocess.Popen:
        words = [
            "-m",
            "tests.engine.protocol.scripted_engine",
            str(run_dir),
            str(batches),
            str(pause_seconds),
        ]
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def begin(*words: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )


def call(*words: str) -> tuple[int, list[str], str]:
    """Run a command to its end: exit code, lines it printed, what it said on stderr."""
    process = begin(*words)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.splitlines(), err


def test_pause_resume_stop_say_asked_accepted_done(engine: Engine, run_dir: Path):
    process = engine(batches=100_000)
    for words, asked, done in (
        (["pause", str(run_dir)], "asked: pause", "paused in epoch 1"),
        (["checkpoint", str(run_dir)], "asked: checkpoint", "checkpoint of epoch 1"),
        (["release-memory", str(run_dir)], "asked: release_memory", "no unused GPU memory"),
        (["resume", str(run_dir)], "asked: resume", "resumed in epoch 1"),
        (["stop-when", str(run_dir), "by 18:00"], "asked: stop_when (rules: ['by 18:00'])", "by 18:00"),
        (["stop-when", str(run_dir)], "asked: stop_when (rules: [])", "by no rule"),
        (["stop", str(run_dir), "--after", "batch"], "asked: stop (after: batch)", "stopped after"),
    ):
        code, lines, err = call(*words)
        assert (code, err) == (0, "")
        assert lines[:2] == [asked, "accepted"]
        assert lines[2].startswith("done: ")
        assert done in lines[2]
        assert len(lines) == 3
    assert process.wait() == 0


def test_what_makes_no_sense_fails_with_the_engines_reason(engine: Engine, run_dir: Path):
    engine(batches=100_000)
    code, lines, err = call("resume", str(run_dir))
    assert (code, lines) == (1, ["asked: resume"])
    assert "The run is not paused." in err


@pytest.mark.parametrize("verb", ["pause", "resume", "checkpoint", "release-memory", "stop"])
def test_a_folder_without_an_engine_is_told_apart_from_no_folder(run_dir: Path, verb: str):
    said = in_process.engine(verb, run_dir)
    assert (said.code, said.out) == (1, "")
    assert "no engine is at work" in said.err
    said = in_process.engine(verb, run_dir / "nowhere")
    assert (said.code, said.out) == (2, "")
    assert "no such folder" in said.err


def test_stopping_a_killed_engine_says_that_it_is_gone(engine: Engine, run_dir: Path):
    process = engine(batches=100_000)
    process.kill()
    process.wait()
    code, _, err = call("stop", str(run_dir))
    assert code == 1
    assert f"process {process.pid}) is gone" in err


def test_a_run_on_another_computer_is_watched_by_its_journal(run_dir: Path):
    with EngineChannel(run_dir) as channel:
        channel.emit(event_of("started"))
        found = Connection.read(run_dir)
        attrs.evolve(found, host="another-computer").write(run_dir)
        watching = begin("watch", str(run_dir))
        assert watching.stdout is not None
        assert "run " in watching.stdout.readline()
        assert "is on the computer “another-computer”" in call("pause", str(run_dir))[2]
        channel.emit(event_of("epoch_end"))
        assert "train" in watching.stdout.readline()
        channel.emit(event_of("finished"))
        out, err = watching.communicate(timeout=60)
        assert "another-computer" in err
        assert watching.returncode == 0
        assert len(out.splitlines()) == 1


def test_a_run_that_ends_another_way_is_no_pause(run_dir: Path):
    with EngineChannel(run_dir) as channel:
        asking = begin("pause", str(run_dir))
        wait_for(lambda: bool(channel.pop_commands()))
        channel.emit(event_of("finished"))
    out, err = asking.communicate(timeout=60)
    assert asking.returncode == 1
    assert out.splitlines() == ["asked: pause", "accepted"]
    assert "the run ended before that could be done" in err


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of other systems")
def test_a_terminal_is_asked_after_what_to_stop_and_nobody_else_is(run_dir: Path):
    import pty

    ours, theirs = pty.openpty()
    with EngineChannel(run_dir) as channel:
        asked = []
        for streams in ({"stdin": theirs, "stdout": theirs}, {"stdin": theirs, "stdout": subprocess.PIPE}):
            process = subprocess.Popen(
                [sys.executable, "-c", COMMAND, "stop", str(run_dir)], cwd=ROOT, **streams
            )
            if streams["stdout"] == theirs:
                os.write(ours, b"what?\ne\n")
            wait_for(lambda: bool(asked.extend(channel.pop_commands()) or asked))
            process.kill()
            process.communicate()
            assert asked.pop().args == {"after": "epoch" if streams["stdout"] == theirs else "batch"}
    os.close(ours)
    os.close(theirs)


def test_a_stop_that_ends_in_a_failure_is_a_failure(run_dir: Path):
    with EngineChannel(run_dir) as channel:
        asking = begin("stop", str(run_dir))
        wait_for(lambda: bool(channel.pop_commands()))
        channel.emit(event_of("failed"))
    out, _ = asking.communicate(timeout=60)
    assert asking.returncode == 1
    assert "The labels hold no frames." in out


def test_watch_prints_a_running_run_from_its_beginning_to_its_end(engine: Engine, run_dir: Path):
    engine(batches=200, pause_seconds=0.005)
    code, lines, err = call("watch", str(run_dir))
    assert (code, err) == (0, "")
    assert len(lines) == 202
    assert "single_instance" in lines[0]
    assert "step 8 of epoch 1: loss 0.25" in lines[8]
    assert "completed after 40 epochs" in lines[-1]


def test_watch_shows_a_run_that_is_over_and_its_json_is_the_journal(engine: Engine, run_dir: Path):
    engine(batches=20, pause_seconds=0.0).wait()
    code, lines, _ = call("watch", str(run_dir))
    assert (code, len(lines)) == (0, 22)
    code, lines, _ = call("watch", str(run_dir), "--json")
    assert code == 0
    assert "\n".join(lines) + "\n" == (run_dir / "events.jsonl").read_text(encoding="utf-8")
    assert json.loads(lines[0])["kind"] == "started"


def test_watch_of_a_failed_run_fails(run_dir: Path):
    with EngineChannel(run_dir) as channel:
        channel.emit(event_of("failed"))
    code, lines, _ = call("watch", str(run_dir))
    assert code == 1
    assert lines[0].endswith("failed: /data/a.slp: The labels hold no frames. Label some frames.")


def test_watch_notices_that_the_engine_is_killed(engine: Engine, run_dir: Path):
    process = engine(batches=1_000_000)
    watching = begin("watch", str(run_dir))
    assert watching.stdout is not None
    assert "single_instance" in watching.stdout.readline()
    process.kill()
    process.wait()
    # `communicate` would pass over what `readline` has already taken from the pipe.
    out = watching.stdout.read()
    _, err = watching.communicate(timeout=60)
    assert watching.returncode == 1
    assert "gone without a last word" in err
    assert len(out.splitlines()) + 1 == len(JournalReader(run_dir).read_all())
    code, lines, err = call("watch", str(run_dir))
    assert code == 1
    assert len(lines) == len(out.splitlines()) + 1
    assert "is gone; it did not end cleanly" in err


def test_watch_ends_when_it_is_interrupted_and_the_run_goes_on(engine: Engine, run_dir: Path):
    engine(batches=100_000)
    watching = begin("watch", str(run_dir))
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=60)
    assert watching.returncode == 130
    with EngineClient(Connection.read(run_dir)) as client:
        assert client.request("stop", after="batch").accepted
        collect(client, until=lambda seen: client.end is not None)


def test_watch_ends_quietly_when_nobody_reads_on(engine: Engine, run_dir: Path):
    engine(batches=100_000)
    watching = begin("watch", str(run_dir))
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.stdout.close()
    watching.stdout = None
    _, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (0, "")


def test_watch_of_what_is_no_run_folder_is_a_wrong_command_line(run_dir: Path):
    code, lines, err = call("watch", str(run_dir))
    assert (code, lines) == (2, [])
    assert "no run folder" in err
