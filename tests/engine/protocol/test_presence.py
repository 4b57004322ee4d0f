"""Who a connection file's process is: the engine, nobody, or a stranger that was given the same number."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import greet
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.presence import AT_WORK, Presence, engine_status, judge
from sleapnn_engine.protocol.processes import NoProcessError, same_start, start_mark, start_time


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen]:
    """A process that has nothing to do with any run."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_the_engine_itself_is_present_and_answers(channel: EngineChannel):
    connection = Connection.read(channel.run_dir)
    assert connection.process_started
    assert judge(connection) is Presence.PRESENT
    assert engine_status(channel.run_dir).connection == connection
    hello = greet(connection, seconds=5)
    assert hello is not None
    assert hello["pid"] == os.getpid()


def test_another_process_of_the_same_number_is_foreign(channel: EngineChannel, stranger: subprocess.Popen):
    taken = attrs.evolve(channel.connection, pid=stranger.pid)
    assert judge(taken) is Presence.FOREIGN
    # What answers on the port is not the process that the file names.
    assert greet(taken, seconds=5) is None


def test_a_file_that_does_not_tell_when_it_began_is_judged_by_time_and_port(
    channel: EngineChannel, stranger: subprocess.Popen
):
    older = attrs.evolve(channel.connection, process_started="")
    assert judge(older) is Presence.PRESENT
    assert judge(attrs.evolve(older, started=time.time() - 7 * 86400)) is Presence.FOREIGN
    shut = attrs.evolve(older, requests="tcp://127.0.0.1:1", pid=stranger.pid)
    assert judge(shut) is Presence.GONE


def test_a_process_that_ended_is_gone_even_before_it_is_collected(channel: EngineChannel):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    connection = attrs.evolve(channel.connection, pid=process.pid, process_started=start_mark(process.pid))
    assert judge(connection) is Presence.PRESENT
    assert process.stdin is not None
    process.stdin.close()
    while judge(connection) is Presence.PRESENT:
        pass
    assert judge(connection) is Presence.GONE
    process.wait()
    assert judge(connection) is Presence.GONE


def test_the_start_of_a_process_stays_and_differs_from_the_next(stranger: subprocess.Popen):
    assert same_start(start_mark(stranger.pid), start_mark(stranger.pid))
    assert not same_start(start_mark(os.getpid()), start_mark(stranger.pid))
    began = start_time(stranger.pid)
    assert began is not None
    assert abs(began - time.time()) < 60
    assert same_start("1760000000.200", "1760000001.100")
    assert not same_start("1760000000.200", "1760000009.100")
    stranger.kill()
    stranger.wait()
    for tell in (start_mark, start_time):
        with pytest.raises(NoProcessError):
            tell(stranger.pid)


@pytest.mark.parametrize(
    ("changes", "presence"),
    [
        ({}, Presence.PRESENT),
        ({"host": "some-other-node"}, Presence.ELSEWHERE),
        ({"protocol": 9}, Presence.OTHER_PROTOCOL),
        ({"protocol": 9, "host": "some-other-node"}, Presence.ELSEWHERE),
        ({"protocol": 9, "process_started": "1.0"}, Presence.FOREIGN),
        ({"token": 3}, Presence.DAMAGED),
    ],
)
def test_what_a_folder_says(channel: EngineChannel, tmp_path: Path, changes: dict, presence: Presence):
    values = {**attrs.asdict(channel.connection), **changes}
    (tmp_path / "engine.json").write_text(json.dumps(values))
    sight = engine_status(tmp_path)
    assert sight.presence is presence
    assert sight.text.endswith(".")
    assert (sight.presence in AT_WORK) == (presence not in (Presence.FOREIGN, Presence.DAMAGED))


def test_a_folder_without_a_file(tmp_path: Path):
    assert engine_status(tmp_path).presence is Presence.NONE


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_another_person(channel: EngineChannel):
    (channel.run_dir / "engine.json").chmod(0)
    assert engine_status(channel.run_dir).presence is Presence.UNREADABLE
