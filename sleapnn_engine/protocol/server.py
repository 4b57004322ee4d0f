"""The thread that owns the engine's sockets: publishes, answers requests, and waits for nobody."""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import zmq

from sleapnn_engine.protocol.codec import MAX_REQUEST_BYTES
from sleapnn_engine.protocol.connection import Encrypted
from sleapnn_engine.protocol.encryption import can_encrypt, guard
from sleapnn_engine.protocol.request_handler import RequestHandler

_LOG = logging.getLogger(__name__)

#: Events waiting for the thread; more are left to the journal, from where viewers fetch what they missed.
MAX_WAITING = 10_000

#: Bytes of frames that slow viewers may keep from being freed; then frames stay in the ring only.
MAX_UNSENT_BYTES = 256 * 2**20

#: Longer requests than this close the connection; up to it they are answered with a reason.
_HARD_REQUEST_BYTES = 16 * MAX_REQUEST_BYTES

#: Events and replies queued for one viewer that does not read.
_EVENTS_AHEAD = 5_000
_REPLIES_AHEAD = 100

#: How many requests and events are handled before the thread looks at its other sockets again.
_TURN = 64


@attrs.frozen
class Outgoing:
    """One event on its way out: stream, JSON text, raw arrays."""

    stream: bytes
    line: bytes
    arrays: tuple[bytes, ...] = ()


class Server:
    """Binds an XPUB and a ROUTER socket on free loopback ports and serves them from one thread.

    Each is bound twice: plainly, for viewers that have no more than the token, and behind CURVE with a key made for
    this run, where ZeroMQ can. `post` is called by one thread at a time (the channel's lock sees to that); everything
    else that touches a socket happens in the server's own thread. A subscription counts only if it begins with the
    token.
    """

    def __init__(self, *, token: str, desk: RequestHandler, linger_seconds: float) -> None:
        self._token = token.encode()
        self._desk = desk
        self._linger_ms = round(linger_seconds * 1000)
        self._waiting: deque[Outgoing] = deque()
        self._woken = False
        self._closing = False
        self._unsent: deque[tuple[zmq.MessageTracker, int]] = deque()
        self._unsent_bytes = 0
        self._context = zmq.Context()
        self._events, self._requests = self._make(zmq.XPUB), self._make(zmq.ROUTER)
        self.events_endpoint, self.requests_endpoint = (
            self._bind(socket) for socket in (self._events, self._requests)
        )
        #: The encrypted ways in; None without the library that encrypts.
        self.encrypted = self._bind_encrypted() if can_encrypt() else None
        self._bell, self._ear = self._context.socket(zmq.PAIR), self._context.socket(zmq.PAIR)
        self._ear.bind("inproc://bell")
        self._bell.connect("inproc://bell")
        self._thread = threading.Thread(target=self._serve, name="engine-sockets", daemon=True)
        #: Subscriptions that hold now.
        self.viewers = 0
        #: Events that were left to the journal or the ring because the sockets could not keep up.
        self.left_out = 0

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def post(self, message: Outgoing) -> None:
        """Hand an event to the thread; takes microseconds and never waits."""
        if len(self._waiting) >= MAX_WAITING:
            self.left_out += 1
            return
        self._waiting.append(message)
        self._ring()

    def close(self) -> None:
        """Send out what is waiting, for as long as the linger time allows, and end the thread."""
        self._closing = True
        self._woken = False
        self._ring()
        if self._thread.ident is None:  # never started
            self._close_sockets()
        else:
            self._thread.join()
        self._bell.close(linger=0)
        self._context.term()

    def _ring(self) -> None:
        # The thread clears the flag before it looks at the queue, so nothing that was queued goes unseen.
        if not self._woken:
            self._woken = True
            # Nobody hears it when the thread is at its end already; whoever rings must not wait for that.
            with contextlib.suppress(zmq.Again):
                self._bell.send(b"", zmq.NOBLOCK)

    def _make(self, kind: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.linger = 0
        if kind == zmq.XPUB:
            socket.setsockopt(zmq.XPUB_MANUAL, 1)
            socket.setsockopt(zmq.SNDHWM, _EVENTS_AHEAD)
            socket.setsockopt(zmq.MAXMSGSIZE, MAX_REQUEST_BYTES)
        else:
            socket.setsockopt(zmq.SNDHWM, _REPLIES_AHEAD)
            socket.setsockopt(zmq.RCVHWM, _REPLIES_AHEAD)
            socket.setsockopt(zmq.MAXMSGSIZE, _HARD_REQUEST_BYTES)
        return socket

    def _bind_encrypted(self) -> Encrypted:
        key = guard(self._events, self._requests)
        return Encrypted(key=key, events=self._bind(self._events), requests=self._bind(self._requests))

    @staticmethod
    def _bind(socket: zmq.Socket[bytes]) -> str:
        """Bind to a free port; where that is."""
        socket.bind("tcp://127.0.0.1:*")
        return socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()  # type: ignore[union-attr]

    def _serve(self) -> None:
        poller = zmq.Poller()
        turns: dict[zmq.Socket[Any], Callable[[], None]] = {
            self._ear: self._publish_waiting,
            self._events: self._read_subscriptions,
            self._requests: self._answer_requests,
        }
        for socket in turns:
            poller.register(socket, zmq.POLLIN)
        try:
            while not self._closing:
                for socket, _ in poller.poll():
                    turns[socket]()
            self._publish_waiting()
        finally:
            self._close_sockets()

    def _close_sockets(self) -> None:
        self._ear.close(linger=0)
        self._events.close(linger=self._linger_ms)
        self._requests.close(linger=self._linger_ms)

    def _publish_waiting(self) -> None:
        while self._ear.poll(0):
            self._ear.recv()
        self._woken = False
        while self._waiting:
            self._publish(self._waiting.popleft())

    def _publish(self, message: Outgoing) -> None:
        topic = self._token + message.stream
        if not message.arrays:
            self._events.send_multipart([topic, message.line], zmq.NOBLOCK)
            return
        while self._unsent and self._unsent[0][0].done:
            self._unsent_bytes -= self._unsent.popleft()[1]
        if self._unsent_bytes > MAX_UNSENT_BYTES:
            self.left_out += 1
            return
        self._events.send_multipart([topic, message.line], zmq.NOBLOCK | zmq.SNDMORE)
        self._send_arrays(message.arrays)

    def _send_arrays(self, arrays: Sequence[bytes]) -> None:
        """Send without copying, and keep account of what the sockets still hold on to."""
        for at, part in enumerate(arrays, start=1):
            more = zmq.SNDMORE if at < len(arrays) else 0
            tracker = self._events.send(part, zmq.NOBLOCK | more, copy=False, track=True)
            self._unsent.append((tracker, len(part)))
            self._unsent_bytes += len(part)

    def _read_subscriptions(self) -> None:
        while self._events.poll(0):
            heard = self._events.recv()
            stream = heard[1 + len(self._token) :]
            if not heard or not self._desk.is_token(heard[1 : 1 + len(self._token)]):
                continue
            begins = heard[0] == 1
            self._events.setsockopt(zmq.SUBSCRIBE if begins else zmq.UNSUBSCRIBE, self._token + stream)
            self.viewers = max(0, self.viewers + (1 if begins else -1))

    def _answer_requests(self) -> None:
        for _ in range(_TURN):
            if not self._requests.poll(0):
                return
            sender, *parts = self._requests.recv_multipart()
            try:
                answer = self._desk.answer(parts)
            except (
                Exception
            ):  # guards the run's other viewers, and its stop button, from what one request brings up
                # A journal that cannot be read just now, or a mistake of ours. The viewer asks again.
                _LOG.exception("A request of a viewer could not be answered.")
                continue
            self._requests.send_multipart([sender, *answer], zmq.NOBLOCK, copy=False)
