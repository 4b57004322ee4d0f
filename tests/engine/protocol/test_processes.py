"""Engines and viewers in processes of their own: killed, stopped, paused, and what is left of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import HEARTBEAT_SECONDS, ChannelError, EngineChannel
from sleapnn_engine.protocol.client import LOST_SECONDS, EngineClient
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.presence import Presence, judge
from tests.engine.protocol.conftest import collect, seqs, wait_for
from tests.engine.protocol.examples import event_of

ROOT = Path(__file__).parents[3]

Launch = Callable[..., subprocess.Popen]

VIEWER = """
import sys
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection
with EngineClient(Connection.read(sys.argv[1])) as client:
    said = False
    while True:
        if client.poll(100) and not said:
            print("watching", flush=True)
            said = True
"""


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Starts Python processes and ends those that are still there at the end."""
    started: list[subprocess.Popen] = []

    def start(*arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() in ("ready", "watching")
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def engine(launch: Launch, run_dir: Path, *, batches: int, pause_seconds: float = 0.01) -> subprocess.Popen:
    """Start the scripted engine and wait until it speaks."""
    return launch(
        "-m", "tests.engine.protocol.scripted_engine", str(run_dir), str(batches), str(pause_seconds)
    )


def test_a_whole_run_is_seen_from_another_process(launch: Launch, run_dir: Path):
    process = engine(launch, run_dir, batches=300, pause_seconds=0.001)
    with EngineClient(Connection.read(run_dir)) as client:
        seen = collect(client, until=lambda seen: client.end is not None)
    assert seqs(seen) == list(range(1, 303))
    assert [seen[0].kind, seen[-1].kind] == ["started", "finished"]
    assert process.wait() == 0
    assert not (run_dir / "engine.json").exists()
    assert JournalReader(run_dir).read_all() == seen


def test_pause_resume_and_stop_are_accepted_and_then_done(launch: Launch, run_dir: Path):
    process = engine(launch, run_dir, batches=100_000)
    with EngineClient(Connection.read(run_dir)) as client:
        for verb, done in (("pause", "paused"), ("resume", "resumed"), ("stop", "finished")):
            reply = client.request(verb, **({"after": "batch"} if verb == "stop" else {}))
            assert (reply.ok, reply.accepted) == (True, True)
            seen = collect(client, until=lambda seen, done=done: any(event.kind == done for event in seen))
        assert [event.kind for event in seen[-2:]] == ["stopping", "finished"]
        assert seen[-1].body["outcome"] == "stopped"
    assert process.wait() == 0


def test_a_paused_run_keeps_its_heart_beating_and_can_be_stopped(launch: Launch, run_dir: Path):
    engine(launch, run_dir, batches=100_000)
    with EngineClient(Connection.read(run_dir)) as client:
        assert client.request("pause").accepted
        collect(client, until=lambda seen: any(event.kind == "paused" for event in seen))
        first = client.heartbeat
        wait_for(lambda: client.poll(100) is not None and client.heartbeat not in (None, first))
        assert not client.lost
        assert client.request("stop", after="batch").accepted
        collect(client, until=lambda seen: client.end is not None)


def test_a_killed_engine_is_noticed_and_its_journal_reads_back(launch: Launch, run_dir: Path):
    process = engine(launch, run_dir, batches=1_000_000, pause_seconds=0.0)
    with EngineClient(Connection.read(run_dir)) as client:
        seen = collect(client, until=lambda seen: len(seen) > 2000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert judge(client.connection) is Presence.GONE
        seen += collect(client, until=lambda seen: client.lost and client.caught_up)
        assert client.end is None
    journal = JournalReader(run_dir).read_all()
    assert seqs(seen) == seqs(journal) == list(range(1, len(journal) + 1))
    assert (run_dir / "engine.json").exists()


def test_silence_is_noticed_within_three_seconds_but_not_between_two_heartbeats():
    assert 2 * HEARTBEAT_SECONDS < LOST_SECONDS < 3.0


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a signal that halts a process")
def test_an_engine_that_comes_round_is_found_again(launch: Launch, run_dir: Path):
    process = engine(launch, run_dir, batches=1_000_000)
    with EngineClient(Connection.read(run_dir)) as client:
        collect(client, until=lambda seen: len(seen) > 5)
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: client.poll(100) is not None and client.lost)
        assert judge(client.connection) is Presence.PRESENT
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: client.poll(100) is not None and not client.lost)
        assert client.request("stop", timeout_ms=20_000).accepted
        collect(client, until=lambda seen: client.end is not None)


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSTOP"])
def test_a_viewer_that_dies_or_hangs_changes_nothing(launch: Launch, run_dir: Path, how: str):
    with EngineChannel(run_dir, linger_seconds=0.1) as channel:
        channel.emit(events.Pausing())
        viewer = launch("-c", VIEWER, str(run_dir))
        wait_for(lambda: channel.viewers == 2)
        viewer.send_signal(getattr(signal, how))
        with EngineClient(channel.connection) as other:
            for step in range(20_000):
                channel.emit(event_of("batch_end", step=step))
            channel.emit(event_of("finished"))
            seen = collect(other, until=lambda seen: other.end is not None)
    assert seqs(seen) == list(range(1, 20_003))


def test_a_second_engine_in_the_same_folder_is_refused(launch: Launch, run_dir: Path):
    process = engine(launch, run_dir, batches=100_000)
    with pytest.raises(ChannelError, match=f"process {process.pid}"):
        EngineChannel(run_dir).start()
    with EngineClient(Connection.read(run_dir)) as client:
        assert client.request("stop", after="batch").accepted
        collect(client, until=lambda seen: client.end is not None)
    assert process.wait() == 0


def test_a_new_engine_takes_over_from_a_killed_one(launch: Launch, run_dir: Path):
    process = engine(launch, run_dir, batches=100_000)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    old = Connection.read(run_dir)
    with EngineChannel(run_dir) as channel:
        assert Connection.read(run_dir).token != old.token
        channel.emit(events.Pausing())
    assert seqs(JournalReader(run_dir).read_all()) == [1]
    assert (run_dir / "events-1.jsonl").stat().st_size > 0
