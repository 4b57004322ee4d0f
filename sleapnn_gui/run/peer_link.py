"""The window's line to a training of sleap-nn: it listens where SLEAP's own window would, and can ask it to stop."""

import time
from pathlib import Path

import zmq
from zmq.utils.monitor import recv_monitor_message

from sleapnn_engine.protocol.messages import Event, Reply
from sleapnn_engine.protocol.peer_messages import MAX_MESSAGE_BYTES, STOP, read_message
from sleapnn_engine.protocol.peer_story import PeerStory
from sleapnn_gui.run.apart import ApartEngine
from sleapnn_gui.run.link import EVENTS_AT_ONCE, LinkEvent, LinkEventKind, RunLink
from sleapnn_gui.run.queue import EventQueue
from sleapnn_gui.widgets.language import tr

_LISTEN_MS = 40
_GONE_SECONDS = 1.0
"""A connection that comes back within this time was not given up."""

_MOST_WAITING = 100_000
_SUBSCRIBED = b"\x01"


class PortTakenError(Exception):
    """A port cannot be listened on; the text says why and what to do."""


class PeerPorts:
    """Both ports on the loopback interface: `progress` is listened on, on `control` a stop is sent."""

    def __init__(self, progress: int, control: int) -> None:
        """Raises PortTakenError. Whoever opens them closes them."""
        self.numbers = progress, control
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.progress = self._context.socket(zmq.SUB)
        self.control = self._context.socket(zmq.XPUB)
        self.progress.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self.control.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self.progress.setsockopt(zmq.RCVHWM, _MOST_WAITING)
        self.progress.subscribe(b"")
        try:
            for socket, number in ((self.progress, progress), (self.control, control)):
                _bind(socket, number)
        except PortTakenError:
            self.close()
            raise
        self.monitor = self.progress.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)

    def close(self) -> None:
        """Give both ports back."""
        self._context.destroy(linger=200)


def _bind(socket: "zmq.Socket[bytes]", number: int) -> None:
    try:
        socket.bind(f"tcp://127.0.0.1:{number}")
    except zmq.ZMQError as error:
        raise PortTakenError(
            tr(
                "Port {number} cannot be listened on: {reason}. Perhaps SLEAP's own window listens there; "
                "close it, or choose other ports here and in the config of the training.",
                number=number,
                reason=error.strerror or error,
            )
        ) from error


class PeerLink(RunLink):
    """Listens on `ports`, which are closed with it. It has no folder: what it hears is all there is."""

    def __init__(self, ports: PeerPorts, *, queue: EventQueue, engine: ApartEngine) -> None:
        super().__init__(Path(), queue=queue)
        self._ports, self._engine = ports, engine
        self._story = PeerStory()
        self._there: set[int] = set()
        self._alone_since = 0.0
        self._listeners = 0
        self._passed_over = 0

    def _converse(self) -> bool:
        self._events.append(LinkEvent(LinkEventKind.FOUND))
        try:
            while not self._over() and not self._story.is_over:
                self._ports.progress.poll(_LISTEN_MS)
                self._read_messages()
                self._note_connections()
                self._note_listeners()
                self._answer_questions()
            self._engine.is_gone = True
            while not self._over():
                self._closing.wait(_LISTEN_MS / 1000)
        finally:
            self._ports.close()
        return True

    def _read_the_rest(self) -> None:
        """There is no journal."""

    def _read_messages(self) -> None:
        for _ in range(EVENTS_AT_ONCE):
            try:
                data = self._ports.progress.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            message = read_message(data)
            if message is None:
                self._note_stranger()
                continue
            self.last_heard = time.monotonic()
            self._hand_on(self._story.read(message, t=time.time()))

    def _hand_on(self, events: list[Event]) -> None:
        for event in events:
            self._pass_on(event)

    def _note_stranger(self) -> None:
        self._passed_over += 1
        if self._passed_over == 1:
            text = tr("Something was sent to this port that is no message of sleap-nn; it was passed over.")
            self._events.append(LinkEvent(LinkEventKind.NOTICE, text))

    def _note_connections(self) -> None:
        """The end of its connection is the only news of a training that failed."""
        while self._ports.monitor.poll(0):
            seen = recv_monitor_message(self._ports.monitor)
            if seen["event"] == zmq.EVENT_ACCEPTED:
                self._there.add(seen["value"])
                if not self.connected:
                    self.connected = True
                    self._events.append(LinkEvent(LinkEventKind.CONNECTED))
            else:
                self._there.discard(seen["value"])
                self._alone_since = time.monotonic()
        alone = self._story.has_begun and not self._there
        if alone and time.monotonic() - self._alone_since > _GONE_SECONDS:
            self._hand_on(self._story.end(t=time.time()))

    def _note_listeners(self) -> None:
        while self._ports.control.poll(0):
            data = self._ports.control.recv()
            self._listeners += 1 if data[:1] == _SUBSCRIBED else -1

    def _answer_questions(self) -> None:
        while self._questions:
            question = self._questions.popleft()
            refusal = ""
            if question.verb != "stop":
                refusal = tr("sleap-nn can only be asked to stop.")
            elif self._listeners < 1:
                refusal = tr(
                    "No training listens on port {numbers}, so it cannot be stopped from here; its "
                    "config has another controller_port, or none.",
                    numbers=self._ports.numbers[1],
                )
            else:
                self._ports.control.send(STOP)
                self._hand_on(self._story.stopping(t=time.time()))
            question.answer.set_result(Reply(None, ok=True, accepted=not refusal, error=refusal or None))
