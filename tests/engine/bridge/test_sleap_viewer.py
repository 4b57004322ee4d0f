"""The bridge to SLEAP's viewer, seen from a viewer's sockets: messages, names, rate, and the stop button."""

import json
import math
import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from sleapnn_engine.bridge.sleap_viewer import SleapViewerBridge

PATIENCE_SECONDS = 30.0


class Viewer:
    """What SLEAP's viewer opens: both ports bound, everything subscribed to, read all the time.

    A bound SUB tells a publisher what it wants only while it is being read.
    """

    def __init__(self, context: zmq.Context) -> None:
        self.progress, self.control = context.socket(zmq.SUB), context.socket(zmq.PUB)
        self.progress.subscribe(b"")
        self.publish_port = self.progress.bind_to_random_port("tcp://127.0.0.1")
        self.controller_port = self.control.bind_to_random_port("tcp://127.0.0.1")
        self._came: queue.Queue[list[bytes]] = queue.Queue()
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read_on)
        self._reader.start()

    def _read_on(self) -> None:
        while not self._closing.is_set():
            if self.progress.poll(20):
                self._came.put(self.progress.recv_multipart())

    def read_until(self, event: str) -> list[dict[str, Any]]:
        """All messages, as the viewer's JSON reader sees them, up to the first of that kind."""
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["event"] != event:
            parts = self._came.get(timeout=PATIENCE_SECONDS)
            assert len(parts) == 1
            seen.append(json.loads(parts[0]))
        return seen

    def close(self) -> None:
        """Stop reading and close both sockets."""
        self._closing.set()
        self._reader.join()
        self.progress.close(linger=0)
        self.control.close(linger=0)


@pytest.fixture
def viewer() -> Iterator[Viewer]:
    """A viewer that waits for an engine."""
    context = zmq.Context()
    made = Viewer(context)
    yield made
    made.close()
    context.term()


@pytest.fixture
def bridge(viewer: Viewer) -> Iterator[SleapViewerBridge]:
    """A bridge connected to the viewer."""
    with SleapViewerBridge(
        viewer.publish_port,
        controller_port=viewer.controller_port,
        poll_microseconds=10,
        what="single_instance",
    ) as connected:
        yield connected


def test_a_run_is_told_in_the_viewers_words(viewer: Viewer, bridge: SleapViewerBridge):
    bridge.train_begin()
    bridge.epoch_begin(0)
    bridge.batch_end(0, batch=0, loss=0.5, losses={"confmaps": 0.25})
    bridge.epoch_end(0, train=0.5, val=0.75, lr=0.001, seconds=2, extra={"val/time": 1})
    bridge.train_end()
    what = {"what": "single_instance"}
    assert viewer.read_until("train_end") == [
        {**what, "event": "train_begin", "logs": None, "wandb_url": None},
        {**what, "event": "epoch_begin", "logs": None, "epoch": 0},
        {**what, "event": "batch_end", "logs": {"confmaps": 0.25, "loss": 0.5}, "epoch": 0, "batch": 0},
        {
            **what,
            "event": "epoch_end",
            "logs": {
                "val/time": 1.0,
                "loss": 0.5,
                "train/loss": 0.5,
                "train/lr": 0.001,
                "train/time": 2.0,
                "epoch": 0.0,
                "val/loss": 0.75,
                "val_loss": 0.75,
            },
            "epoch": 0,
        },
        {**what, "event": "train_end", "logs": None},
    ]


def test_a_run_without_validation_leaves_its_loss_out(viewer: Viewer, bridge: SleapViewerBridge):
    bridge.train_begin(wandb_url="https://example.org/run")
    bridge.epoch_end(3, train=0.5, val=None, lr=0.001, seconds=2.0)
    begin, end = viewer.read_until("epoch_end")
    assert begin["wandb_url"] == "https://example.org/run"
    assert not {"val/loss", "val_loss"} & end["logs"].keys()


def test_numbers_that_are_not_finite_go_out_as_the_viewer_reads_them(
    viewer: Viewer, bridge: SleapViewerBridge
):
    bridge.train_begin()
    bridge.batch_end(0, batch=0, loss=float("nan"))
    bridge.epoch_end(0, train=float("inf"), val=0.5, lr=0.001, seconds=2.0)
    _, batch, epoch = viewer.read_until("epoch_end")
    assert math.isnan(batch["logs"]["loss"])
    assert epoch["logs"]["train/loss"] == math.inf


def test_fast_batches_are_thinned_but_the_last_of_an_epoch_is_told(viewer: Viewer, bridge: SleapViewerBridge):
    bridge.train_begin()
    sent = 3000
    began = time.monotonic()
    for batch in range(sent):
        bridge.batch_end(0, batch=batch, loss=0.5)
    took = time.monotonic() - began
    bridge.epoch_end(0, train=0.5, val=0.5, lr=0.001, seconds=2.0)
    batches = [
        message["batch"] for message in viewer.read_until("epoch_end") if message["event"] == "batch_end"
    ]
    assert batches[:10] == list(range(10))
    assert batches[-1] == sent - 1
    assert batches == sorted(set(batches))
    assert len(batches) <= 50 + took * 200 + 2
    assert len(batches) + bridge.left_out == sent


@pytest.mark.parametrize("wait", [0, 10, 2000])
def test_the_stop_button_is_heard_and_stays_heard(viewer: Viewer, wait: int):
    with SleapViewerBridge(
        None, controller_port=viewer.controller_port, poll_microseconds=wait, what="centroid"
    ) as bridge:
        assert not bridge.poll_stop()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not bridge.poll_stop():
            assert time.monotonic() < deadline, "the button was never heard"
            viewer.control.send(b'{"command": "stop"}')
        assert bridge.poll_stop()


def test_anything_else_on_the_control_port_is_ignored(viewer: Viewer, bridge: SleapViewerBridge):
    odd = [
        b"",
        b"stop",
        b"[]",
        b"7",
        b"\xff",
        b'{"command": "set_lr", "lr": 1}',
        b"[" * 60_000,
        b'{"stop": 1}',
    ]
    odd.append(b'{"py/reduce": [{"py/function": "os.getcwd"}, {"py/tuple": []}]}')
    time.sleep(0.3)
    for message in odd:
        viewer.control.send(message)
    viewer.control.send(b"x" * 2**20)
    for _ in range(20):
        time.sleep(0.005)
        assert not bridge.poll_stop()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not bridge.poll_stop():
        assert time.monotonic() < deadline, "what came before has deafened the bridge"
        viewer.control.send(b'{"command": "stop"}')
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_a_viewer_nothing_waits_and_nothing_fails():
    bridge = SleapViewerBridge(
        free_port(), controller_port=free_port(), poll_microseconds=10, what="single_instance"
    )
    bridge.train_begin()
    for batch in range(2000):
        bridge.batch_end(0, batch=batch, loss=0.5)
        assert not bridge.poll_stop()
    bridge.train_end()
    bridge.close()
    bridge.close()


def test_ports_that_are_off_are_off():
    with SleapViewerBridge(
        None, controller_port=None, poll_microseconds=10, what="single_instance"
    ) as bridge:
        bridge.train_begin()
        bridge.epoch_begin(0)
        bridge.train_end()
        assert not bridge.poll_stop()
