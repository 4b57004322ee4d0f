"""Lets SLEAP's own training monitor watch and stop a run: writes its messages, hears its stop button.

Apart from this engine's own protocol, and never in its way: nothing here waits for a viewer or fails for want
of one. The viewer binds both ports; the engine connects. Messages are one part of plain JSON text.
"""

import json
import select
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import zmq

from sleapnn_engine.config.plain_json import from_json

#: The viewer takes in about 500 messages a second; batches beyond this rate are left out.
MESSAGES_PER_SECOND = 200.0
#: So many batches may come at once after a quiet time.
_BURST = 50

#: A connection on this computer stands within this time; messages before that are lost.
_JOIN_SECONDS = 0.2

#: How long the end of a run may take to go out.
_LINGER_MS = 1000

_MAX_COMMAND_BYTES = 64 * 2**10
_MAX_COMMANDS_PER_POLL = 16


class SleapViewerBridge:
    """Speaks to one SLEAP viewer. Use it from one thread.

    Either port may be None, which switches that direction off. `poll_microseconds` is the most that one
    `poll_stop` waits for a command. `what` is the head's name (`single_instance`, `centroid`, ...): the
    viewer drops messages of any other name, and begins its clock on the first message of this one.
    """

    def __init__(
        self, publish_port: int | None, *, controller_port: int | None, poll_microseconds: int, what: str
    ) -> None:
        self._what = what
        self._wait_seconds = max(poll_microseconds, 0) / 1e6
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._publisher = self._connect(zmq.PUB, publish_port)
        self._controller = self._connect(zmq.SUB, controller_port)
        self._connected_at = time.monotonic()
        self._stop_wanted = False
        self._held: dict[str, Any] | None = None
        self._allowance = float(_BURST)
        self._counted_at = self._connected_at
        #: Batches left out so far because they came faster than the viewer reads.
        self.left_out = 0

    def train_begin(self, *, wandb_url: str | None = None) -> None:
        """Say that training begins. Waits up to 0.2 s once, if the connection is younger than that."""
        if self._publisher is not None:
            time.sleep(max(0.0, self._connected_at + _JOIN_SECONDS - time.monotonic()))
        self._send("train_begin", logs=None, wandb_url=wandb_url)

    def epoch_begin(self, epoch: int) -> None:
        """Say that an epoch (from 0) begins."""
        self._send("epoch_begin", logs=None, epoch=epoch)

    def batch_end(
        self, epoch: int, *, batch: int, loss: float, losses: Mapping[str, float] | None = None
    ) -> None:
        """Say that a batch (from 0 in its epoch) is done; left out when batches come too fast."""
        message = {"logs": _numbers({**(losses or {}), "loss": loss}), "epoch": epoch, "batch": batch}
        if not self._allowed():
            self.left_out += self._held is not None
            self._held = message
            return
        self.left_out += self._held is not None
        self._held = None
        self._send("batch_end", **message)

    def epoch_end(
        self,
        epoch: int,
        *,
        train: float,
        val: float | None,
        lr: float,
        seconds: float,
        extra: Mapping[str, float] | None = None,
    ) -> None:
        """Say that an epoch is done, with its own values; `seconds` is how long training it took.

        The last batch of the epoch is sent first if it was left out: the viewer learns from it how long an
        epoch is.
        """
        if self._held is not None:
            self._send("batch_end", **self._held)
            self._held = None
        logs = {
            **(extra or {}),
            "loss": train,
            "train/loss": train,
            "train/lr": lr,
            "train/time": seconds,
            "epoch": float(epoch),
        }
        if val is not None:
            logs |= {"val/loss": val, "val_loss": val}
        self._send("epoch_end", logs=_numbers(logs), epoch=epoch)

    def train_end(self) -> None:
        """Say that training is over."""
        self._send("train_end", logs=None)

    def poll_stop(self) -> bool:
        """Whether the viewer asked to stop, now or before. Waits no longer than was allowed."""
        if self._controller is not None and not self._stop_wanted:
            self._stop_wanted = self._stop_received()
            if not self._stop_wanted and self._wait_seconds > 0:
                # Sockets of ZeroMQ wait in milliseconds; their file descriptor can be waited on for less.
                descriptor = int(self._controller.getsockopt(zmq.FD))
                select.select([descriptor], [], [], self._wait_seconds)
                self._stop_wanted = self._stop_received()
        return self._stop_wanted

    def close(self) -> None:
        """Send what is on its way, for up to a second, and leave. May be called twice."""
        if self._publisher is not None:
            self._publisher.close(linger=_LINGER_MS)
        if self._controller is not None:
            self._controller.close(linger=0)
        self._publisher = self._controller = None
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self, kind: int, port: int | None) -> zmq.Socket[bytes] | None:
        if port is None:
            return None
        connected = self._context.socket(kind)
        connected.linger = 0
        if kind == zmq.SUB:
            # No limit on the size of a message here: one that breaks it would end the connection for good,
            # and the stop button with it. Long ones are dropped unread instead.
            connected.subscribe(b"")
        connected.connect(f"tcp://127.0.0.1:{port}")
        return connected

    def _send(self, event: str, **fields: Any) -> None:
        if self._publisher is None:
            return
        # NaN and Infinity go out bare: the viewer reads them, and shows them as gaps.
        text = json.dumps({"what": self._what, "event": event, **fields})
        self._publisher.send(text.encode(), zmq.NOBLOCK)

    def _allowed(self) -> bool:
        """Whether one more batch fits into the rate the viewer can take."""
        now = time.monotonic()
        earned = (now - self._counted_at) * MESSAGES_PER_SECOND
        self._allowance = min(self._allowance + earned, float(_BURST))
        self._counted_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _stop_received(self) -> bool:
        assert self._controller is not None
        for _ in range(_MAX_COMMANDS_PER_POLL):
            try:
                parts = self._controller.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return False
            if any(_is_stop(part) for part in parts):
                return True
        return False


def _is_stop(data: bytes) -> bool:
    """Whether a message of the viewer is its stop button; anything else is not ours to understand."""
    if len(data) > _MAX_COMMAND_BYTES:
        return False
    try:
        message = from_json(data)
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("command") == "stop"


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Plain floats under the given names; the viewer knows no other kind of number."""
    return {name: float(value) for name, value in values.items()}
