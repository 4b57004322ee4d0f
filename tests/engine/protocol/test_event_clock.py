"""Clocks that jump and computers that sleep: what is between events stays a duration, nothing is lost, nobody is dead."""

import time
from collections.abc import Callable

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
