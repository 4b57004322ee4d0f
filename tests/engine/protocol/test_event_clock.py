"""Clocks that jump and computers that sleep: what is between events stays a duration, nothing is lost, nobody is dead."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sleapnn_engine.protocol import client, event_clock, events
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.event_clock import EventClock
from tests.engine.protocol.conftest import collect, seqs


class Clocks:
    """The two clocks of a computer, both changed at will."""

    def __init__(self) -> None:
        self.set, self.slept = 0.0, 0.0

    def time(self) -> float:
        return 1000.0 + self.set + self.slept

    def monotonic(self) -> float:
        return 5.0 + self.slept


class Shifted:
    """The real clocks, each so many seconds ahead."""

    def __init__(self, **ahead: float) -> None:
        self._ahead = ahead

    def time(self) -> float:
        return time.time() + self._ahead.get("time", 0.0)

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead.get("monotonic", 0.0)


def test_a_clock_that_is_set_back_is_not_followed_until_it_is_set_forward(monkeypatch: pytest.MonkeyPatch):
    clocks = Clocks()
    monkeypatch.setattr(event_clock, "time", clocks)
    clock = EventClock()
    told = []
    for jump in (0.0, -3600.0, 0.0, 600.0, 3000.0, 60.0, -0.5, 0.0):
        clocks.set += jump
        told.append(clock.now())
        clocks.slept += 2.0
    assert told == [1000.0, 1002.0, 1004.0, 1006.0, 1008.0, 1070.0, 1071.5, 1073.5]


def test_clocks_that_jump_and_a_sleep_of_the_viewer_lose_nothing(
    channel: EngineChannel, watch: Callable[..., EngineClient], monkeypatch: pytest.MonkeyPatch
):
    viewer, told = watch(), []
    for jump in (0.0, -3600.0, 7200.0, 0.0):
        monkeypatch.setattr(event_clock, "time", Shifted(time=jump))
        channel.emit(events.Pausing())
        told += collect(viewer, until=lambda seen: len(seen) == 1)
    assert seqs(told) == [1, 2, 3, 4]
    assert [one.t for one in told] == sorted(one.t for one in told)
    monkeypatch.setattr(client, "time", Shifted(monotonic=3600.0))
    channel.emit(events.Pausing())
    assert seqs(collect(viewer, until=lambda seen: len(seen) == 1)) == [5]
    assert collect(viewer, until=lambda seen: not viewer.lost) == [], (
        "it came once, and the engine is heard again"
    )


ENGINE = """
import sys, time
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import EngineChannel
with EngineChannel(sys.argv[1]) as channel:
    print("there", flush=True)
    for _ in range(60):
        channel.emit(events.Pausing())
        time.sleep(0.02)
    channel.emit(events.Failed(message="the end", path=None, hint=None, cause=""))
"""
VIEWER = """
import sys
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection
with EngineClient(Connection.read(sys.argv[1])) as client:
    while client.end is None:
        for event in client.poll(50):
            if event.seq is not None:
                print(event.seq, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a signal that halts a process")
def test_both_sides_halted_for_a_while_go_on_as_if_nothing_had_been(run_dir: Path):
    def begin(program: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", program, str(run_dir)], stdout=subprocess.PIPE, text=True
        )

    with begin(ENGINE) as engine, begin_after(engine, lambda: begin(VIEWER)) as viewer:
        assert engine.stdout is not None
        assert viewer.stdout is not None
        heard = [viewer.stdout.readline()]
        for side in (engine, viewer):
            side.send_signal(signal.SIGSTOP)
        time.sleep(client.LOST_SECONDS + 0.2)
        for side in (viewer, engine):
            side.send_signal(signal.SIGCONT)
        heard += viewer.stdout.readlines()
        assert (viewer.wait(), engine.wait()) == (0, 0)
    assert [int(line) for line in heard] == list(range(1, 62))


def begin_after(
    engine: subprocess.Popen[str], begin: Callable[[], subprocess.Popen[str]]
) -> subprocess.Popen[str]:
    """A viewer, once the engine can be found."""
    assert engine.stdout is not None
    assert engine.stdout.readline() == "there\n"
    return begin()
