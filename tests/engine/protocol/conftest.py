"""Run folders, open channels and viewers for the protocol's tests, all with real files and sockets."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.messages import Event

#: Far longer than anything here takes; only a test that fails waits so long.
PATIENCE_SECONDS = 30.0


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run folder whose name is not plain ASCII."""
    folder = tmp_path / "läufe" / "マウス 1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def channel(run_dir: Path) -> Iterator[EngineChannel]:
    """An open channel, closed at the end."""
    with EngineChannel(run_dir) as opened:
        yield opened


@pytest.fixture
def watch(channel: EngineChannel) -> Iterator[Callable[..., EngineClient]]:
    """Makes viewers of the open channel and closes them at the end."""
    viewers: list[EngineClient] = []

    def make(**options: object) -> EngineClient:
        viewers.append(EngineClient(channel.connection, **options))  # type: ignore[arg-type]
        return viewers[-1]

    yield make
    for viewer in viewers:
        viewer.close()


def collect(client: EngineClient, *, until: Callable[[list[Event]], bool]) -> list[Event]:
    """Poll until the counted events seen so far satisfy `until`; fails the test when that never happens."""
    seen: list[Event] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until(seen):
        assert time.monotonic() < deadline, f"only {len(seen)} events came; {client.pop_notices()}"
        seen += [event for event in client.poll(100) if event.seq is not None]
    return seen


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something becomes true; fails the test when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "this never became true"
        time.sleep(0.01)


def seqs(events: list[Event]) -> list[int | None]:
    """The numbers of events, in the order they came."""
    return [event.seq for event in events]
