"""What the protocol costs the training loop and how far a viewer falls behind, next to bare ZeroMQ in the same run.

Run it on a quiet machine: `python -m tests.benchmarks.bench_protocol [--events N]`. Ratios are what to compare
between machines; the microseconds are there to see what they are made of.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import zmq

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection

#: Seconds between two events of the paced run: a fast training step.
STEP_SECONDS = 0.002

BODY = {
    "epoch": 3,
    "step": 640,
    "batch": 40,
    "loss": 0.0123456789,
    "losses": {"confmaps": 0.0123456789},
    "seconds": 0.0123,
}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="events in each run")
    count = parser.parse_args().events
    rows = [
        ("emit, nobody watching", *_emit_cost(count, watched=False)),
        ("emit, one viewer", *_emit_cost(count, watched=True)),
        ("bare PUB send, one subscriber", *_bare_cost(count)),
    ]
    bare = rows[-1][1]
    print(f"{'cost in the training loop':34} {'median':>10} {'99 %':>10} {'x bare':>8}")
    for name, median, worst in rows:
        print(f"{name:34} {median:8.1f} us {worst:8.1f} us {median / bare:7.1f}x")
    print(f"{'pop_commands, nothing waiting':34} {_reading_cost():8.2f} us")
    print()
    ours, lag = _through(count)
    plain = _bare_through(count)
    print(
        f"{'events to a viewer, none lost':34} {ours:8.0f} /s  {ours / plain:7.2f} of bare PUB/SUB ({plain:.0f} /s)"
    )
    print(f"{'lag, one event per 2 ms':34} {lag[0]:8.2f} ms median, {lag[1]:.2f} ms worst in a hundred")


def _spread(costs: list[float]) -> tuple[float, float]:
    """Median and 99th percentile, in microseconds, of durations in seconds."""
    ordered = sorted(costs)
    return statistics.median(ordered) * 1e6, ordered[int(len(ordered) * 0.99)] * 1e6


def _timed(count: int, act: Callable[[int], object]) -> list[float]:
    """Durations of an action that is done at a pace, as between training steps."""
    costs = []
    for number in range(count):
        began = time.perf_counter()
        act(number)
        costs.append(time.perf_counter() - began)
        if number % 20 == 0:
            time.sleep(0.001)
    return costs


def _emit_cost(count: int, *, watched: bool) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, EngineChannel(folder) as channel:
        viewer, _ = _start(_watch, folder, count) if watched else (None, None)
        costs = _timed(count, lambda step: channel.emit(events.BatchEnd.read({**BODY, "step": step})))
        if viewer is not None:
            viewer.join()
        return _spread(costs)


def _bare_cost(count: int) -> tuple[float, float]:
    context = zmq.Context()
    publisher = context.socket(zmq.PUB)
    port = publisher.bind_to_random_port("tcp://127.0.0.1")
    reader, pipe = _start(_listen, port, 0)
    message = b"x" * 180
    costs = _timed(count, lambda _: publisher.send(message))
    while not pipe.poll():
        publisher.send(b"")
    reader.join()
    publisher.close(linger=0)
    context.term()
    return _spread(costs)


def _reading_cost() -> float:
    """Microseconds of one look for commands."""
    with tempfile.TemporaryDirectory() as folder, EngineChannel(folder) as channel:
        began = time.perf_counter()
        for _ in range(100_000):
            channel.pop_commands()
        return (time.perf_counter() - began) / 100_000 * 1e6


def _through(count: int) -> tuple[float, tuple[float, float]]:
    """Events per second from the first emit until a viewer has them all, and its lag at a training's pace."""
    with tempfile.TemporaryDirectory() as folder, EngineChannel(folder) as channel:
        viewer, pipe = _start(_watch, folder, count)
        began = time.time()
        for step in range(count):
            channel.emit(events.BatchEnd.read({**BODY, "step": step}))
        ended, _ = pipe.recv()
        viewer.join()
    with tempfile.TemporaryDirectory() as folder, EngineChannel(folder) as channel:
        viewer, pipe = _start(_watch, folder, 1000)
        for step in range(1000):
            channel.emit(events.BatchEnd.read({**BODY, "step": step}))
            time.sleep(STEP_SECONDS)
        _, lags = pipe.recv()
        viewer.join()
    median, worst = _spread(lags)
    return count / (ended - began), (median / 1000, worst / 1000)


def _bare_through(count: int) -> float:
    """Messages per second through PUB and SUB with queues that hold them all, JSON read at the end."""
    context = zmq.Context()
    publisher = context.socket(zmq.PUB)
    publisher.set_hwm(0)
    port = publisher.bind_to_random_port("tcp://127.0.0.1")
    reader, pipe = _start(_listen, port, count)
    message = b"x" * 180
    began = time.time()
    for _ in range(count):
        publisher.send(message)
    ended = pipe.recv()
    reader.join()
    publisher.close(linger=0)
    context.term()
    return count / (ended - began)


def _start(work: Callable[..., None], *arguments: object) -> tuple[multiprocessing.Process, Pipe]:
    """Run `work` in a process of its own; returns when it says that it is ready."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    ours.recv()
    return process, ours


def _watch(folder: str, count: int, pipe: Pipe) -> None:
    """A viewer: says when it is there, then when it has `count` events and how late each came."""
    lags: list[float] = []
    with EngineClient(Connection.read(Path(folder))) as client:
        while not client.engine:
            client.poll(10)
        pipe.send("ready")
        while len(lags) < count:
            events = client.poll(100)
            now = time.time()
            lags += [now - event.t for event in events if event.seq is not None]
        pipe.send((time.time(), lags))


def _listen(port: int, count: int, pipe: Pipe) -> None:
    """A bare subscriber: says when it is there, then when it has `count` messages (0: an empty one)."""
    context = zmq.Context()
    subscriber = context.socket(zmq.SUB)
    subscriber.set_hwm(0)
    subscriber.subscribe(b"")
    subscriber.connect(f"tcp://127.0.0.1:{port}")
    time.sleep(0.5)
    pipe.send("ready")
    seen = 0
    while subscriber.recv() and (count == 0 or (seen := seen + 1) < count):
        pass
    pipe.send(time.time())
    subscriber.close(linger=0)
    context.term()


if __name__ == "__main__":
    main()
