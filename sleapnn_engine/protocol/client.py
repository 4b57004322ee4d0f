"""The viewer's side of the conversation: every event once, in order, however late or slow the viewer is."""

import itertools
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs
import zmq

from sleapnn_engine.protocol.codec import (
    MAX_ARRAY_BYTES,
    DecodeError,
    decode_event,
    decode_reply,
    encode_request,
)
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.encryption import connect
from sleapnn_engine.protocol.events import LAST_KINDS, Heartbeat
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.messages import (
    EVENT_STREAM,
    FRAME_STREAM,
    PROTOCOL_VERSION,
    Event,
    Reply,
    Request,
)
from sleapnn_engine.protocol.ordering import EventOrder
from sleapnn_engine.protocol.replay_pages import decode_page
from sleapnn_engine.protocol.verbs import VERBS

#: Silence after which an engine counts as lost; it says something at least once a second.
LOST_SECONDS = 2.5

#: How long a page may take before it is asked for again, and after how many times the file is read instead.
_PAGE_SECONDS = 1.5
_PAGE_TRIES = 2

#: Events made ready ahead of `poll`; a viewer that reads slower leaves the rest to the journal.
_READY_AHEAD = 4_000

#: Longest wait on the sockets in one go, so that a page that does not come is noticed.
_SLICE_MS = 100

#: How often a greeting looks for its answer.
_GREETING_MS = 10

_EVENTS_AHEAD = 1_000
_MAX_NOTICES = 1_000


class EngineRefusedError(Exception):
    """The engine does not let this viewer in; the text is its reason."""


class EngineSilentError(TimeoutError):
    """The engine did not answer a request in time."""


@attrs.frozen
class _Fetch:
    """A page that was asked for."""

    request: int
    deadline: float


class EngineClient:
    """One viewer of one engine. Use it from one thread.

    `from_seq` is the first event wanted: 0 for the whole run, None for what happens from now on. With
    `frames=False` image events are neither received nor fetched.

    Nothing is sent or received except inside `poll`, `ask` and `request`; call `poll` often.
    """

    def __init__(self, connection: Connection, *, from_seq: int | None = 0, frames: bool = True) -> None:
        self.connection = connection
        #: What the engine said of itself (`hello`), empty until it answered.
        self.engine: dict[str, Any] = {}
        #: The newest heartbeat, if any.
        self.heartbeat: Event | None = None
        #: The event that ended the run, once it was handed out.
        self.end: Event | None = None
        self._frames = frames
        self._order = EventOrder(None if from_seq is None else max(from_seq, 1))
        self._numbers = itertools.count(1)
        self._asked: set[int] = set()
        self._replies: deque[Reply] = deque()
        self._notices: deque[str] = deque(maxlen=_MAX_NOTICES)
        self._fetch: _Fetch | None = None
        self._tries = 0
        self._file: JournalReader | None = None
        self._file_read = False
        self._heard = time.monotonic()
        self._silent = False
        self._closed = False
        self._context = zmq.Context()
        self._events, self._requests = self._connect()
        self._first_question(from_seq)

    @property
    def lost(self) -> bool:
        """Whether the engine fell silent before it said that the run was over; False again when it speaks."""
        return self._silent and self.end is None

    @property
    def quiet_seconds(self) -> float:
        """How long nothing has been heard of the engine."""
        return time.monotonic() - self._heard

    @property
    def caught_up(self) -> bool:
        """Whether every event known to exist was handed out; of a silent engine, all its journal holds."""
        nothing_left = self._order.ready == 0 and self._order.missing() is None
        return nothing_left and (self._file_read if self._silent else bool(self.engine))

    def poll(self, timeout_ms: int = 0, *, limit: int = 2000) -> list[Event]:
        """Return the next events in order, at most `limit`, waiting up to `timeout_ms` for the first.

        Heartbeats are among them. Raises EngineRefusedError when the engine does not let this viewer in.
        """
        deadline = time.monotonic() + timeout_ms / 1000
        self._pump(0)
        while not self._order.ready and (left := deadline - time.monotonic()) > 0:
            self._pump(min(_SLICE_MS, round(left * 1000) or 1))
        events = self._order.pop(limit)
        for event in events:
            if event.kind in LAST_KINDS:
                self.end = event
        return events

    def ask(self, verb: str, **args: Any) -> int:
        """Send a request and return its number; the answer comes by `pop_replies`. Never waits."""
        number = self._send(verb, args)
        self._asked.add(number)
        return number

    def pop_replies(self) -> list[Reply]:
        """Return, once, the answers that `poll` met since the last call."""
        taken = list(self._replies)
        self._replies.clear()
        return taken

    def request(self, verb: str, *, timeout_ms: int = 2000, **args: Any) -> Reply:
        """Send a request and wait for its answer. Raises EngineSilentError when none comes in time."""
        number = self.ask(verb, **args)
        reply = self.reply_to(number, timeout_ms=timeout_ms)
        if reply is not None:
            return reply
        self._asked.discard(number)
        raise EngineSilentError(
            f"The engine (process {self.connection.pid}) gave no answer to '{verb}' in {timeout_ms} ms."
        )

    def reply_to(self, number: int, *, timeout_ms: int) -> Reply | None:
        """Wait for the answer to a question; None when none came in time. Events wait where they are meanwhile."""
        deadline = time.monotonic() + timeout_ms / 1000
        while (left := deadline - time.monotonic()) > 0:
            self._pump(min(_SLICE_MS, round(left * 1000) or 1), events=False)
            for reply in self._replies:
                if reply.id == number:
                    self._replies.remove(reply)
                    return reply
        return None

    def pop_notices(self) -> list[str]:
        """Return, once, sentences about messages that could not be read."""
        taken = list(self._notices)
        self._notices.clear()
        return taken

    def close(self) -> None:
        """Leave; the engine does not mind. May be called twice."""
        if not self._closed:
            self._closed = True
            self._events.close(linger=0)
            self._requests.close(linger=0)
            self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
        events, requests = self._context.socket(zmq.SUB), self._context.socket(zmq.DEALER)
        token = self.connection.token.encode()
        events.setsockopt(zmq.RCVHWM, _EVENTS_AHEAD)
        for socket in (events, requests):
            socket.linger = 0
            socket.setsockopt(zmq.MAXMSGSIZE, MAX_ARRAY_BYTES)
            socket.setsockopt(zmq.RECONNECT_IVL, 100)
        events.subscribe(token + EVENT_STREAM)
        if self._frames:
            events.subscribe(token + FRAME_STREAM)
        connect(self.connection, events=events, requests=requests)
        return events, requests

    def _send(self, verb: str, args: dict[str, Any]) -> int:
        if verb not in VERBS:
            raise ValueError(f"'{verb}' is no request; there are {', '.join(VERBS)}.")
        number = next(self._numbers)
        message = encode_request(Request(number, self.connection.token, verb, args))
        try:
            self._requests.send(message, zmq.NOBLOCK)
        except zmq.Again:
            # An engine that has long been silent: the request counts as sent and stays unanswered.
            self._notices.append(f"'{verb}' could not be sent; the engine has not read for a long time.")
        return number

    def _first_question(self, from_seq: int | None) -> None:
        if from_seq is None:
            self._expect_page("hello", {})
        else:
            self._expect_page("snapshot", {"from_seq": max(from_seq, 1), "frames": self._frames})

    def _expect_page(self, verb: str, args: dict[str, Any]) -> None:
        self._fetch = _Fetch(self._send(verb, args), time.monotonic() + _PAGE_SECONDS)

    def _pump(self, timeout_ms: int, *, events: bool = True) -> None:
        """Move what arrived into order and ask for what is missing."""
        events = events and self._order.ready < _READY_AHEAD
        watched = [self._events, self._requests] if events else [self._requests]
        zmq.select(watched, [], [], timeout_ms / 1000)
        heard = self._read_replies()
        if events:
            heard = self._read_events() or heard
        now = time.monotonic()
        if heard:
            self._heard, self._silent, self._file_read = now, False, False
        elif events and now - self._heard > LOST_SECONDS:
            self._silent = True
        self._seek(now)

    def _read_events(self) -> bool:
        heard = False
        while self._order.ready < _READY_AHEAD and self._events.poll(0):
            _, *parts = self._events.recv_multipart()
            heard = True
            event = self._decode(parts)
            if event is None:
                continue
            self._order.live(event)
            if event.kind == "heartbeat":
                self.heartbeat = event
                self._order.known_to(event.typed_as(Heartbeat).last_seq)
        return heard

    def _decode(self, parts: list[bytes]) -> Event | None:
        try:
            return decode_event(parts[0] if parts else b"", parts[1:])
        except DecodeError as error:
            self._notices.append(f"An event could not be read ({error}); it was left out.")
            return None

    def _read_replies(self) -> bool:
        heard = False
        while self._requests.poll(0):
            parts = self._requests.recv_multipart()
            heard = True
            try:
                reply = decode_reply(parts[0])
            except DecodeError as error:
                self._notices.append(f"An answer of the engine could not be read ({error}).")
                continue
            if self._fetch is not None and reply.id == self._fetch.request:
                self._fetch, self._tries = None, 0
                self._add_page(reply, parts[1:])
            elif reply.id in self._asked:
                self._asked.discard(reply.id)
                self._replies.append(reply)
        return heard

    def _add_page(self, reply: Reply, parts: list[bytes]) -> None:
        if not reply.ok:
            raise EngineRefusedError(reply.error or "The engine gave no reason.")
        if not self.engine:
            self._meet(reply.body)
        if not parts:
            return
        try:
            written, next_seq = decode_page(reply.body, parts)
        except DecodeError as error:
            self._notices.append(f"A page of events could not be read ({error}).")
            self._tries += 1
            return
        events = [self._decode(one) for one in written]
        self._order.page((event for event in events if event is not None), next_seq=next_seq)

    def _meet(self, body: dict[str, Any]) -> None:
        protocol, last_seq = body.get("protocol"), body.get("last_seq")
        if protocol != PROTOCOL_VERSION or type(last_seq) is not int:
            raise EngineRefusedError(
                f"The engine speaks version {protocol!r:.20} of the protocol, this program version "
                f"{PROTOCOL_VERSION}; use the program that came with the engine."
            )
        self.engine = {key: value for key, value in body.items() if key not in ("from", "next", "frames")}
        self._order.known_to(last_seq)
        self._order.begin(last_seq + 1)

    def _seek(self, now: float) -> None:
        """Ask for the first gap; fall back on the journal file when the engine gives no answer."""
        if self._order.ready >= _READY_AHEAD:
            return
        if self._fetch is not None:
            if now < self._fetch.deadline:
                return
            self._fetch, self._tries = None, self._tries + 1
        unanswered = self._silent or self._tries >= _PAGE_TRIES
        if unanswered:
            if self._order.next is not None and self._journal_at_hand():
                self._read_file(self._order.next)
                return
            self._file_read = True
        gap = self._order.missing()
        if not self.engine:
            self._first_question(self._order.next)
        elif gap is not None:
            self._expect_page("replay", {"from": gap[0], "to": gap[1], "frames": self._frames})

    def _journal_at_hand(self) -> bool:
        """Whether this computer holds the journal of this very engine, not of one that came after it."""
        run_dir = Path(self.connection.run_dir)
        if not self.connection.is_here or not (run_dir / JOURNAL_NAME).exists():
            return False
        try:
            return Connection.read(run_dir).token == self.connection.token
        except ConnectionFileError:
            return True  # the engine removed it when it ended

    def _read_file(self, first: int) -> None:
        """Go on from the journal on disk, which holds whatever the engine managed to say."""
        if self._file is None:
            self._file = JournalReader(self.connection.run_dir)
        events = self._file.poll()
        while events and (events[-1].seq or 0) < first:
            events = self._file.poll()
        self._notices.extend(self._file.pop_notices())
        if events:
            self._order.page(events, next_seq=(events[-1].seq or 0) + 1)
            return
        # The file holds no more, so what is still missing was never kept.
        self._file_read = True
        gap = self._order.missing()
        if gap is not None:
            self._order.page((), next_seq=gap[1] + 1)
        self._file, self._tries = (self._file if self._silent else None), 0


def greet(connection: Connection, *, seconds: float) -> dict[str, Any] | None:
    """Ask an engine who it is; its answer, or None when none came in time or it was not that engine's.

    The answer of whoever listens on a port proves little; that of a process which has the number of the file and
    takes its token is the engine's.
    """
    end = time.monotonic() + seconds
    try:
        with EngineClient(connection, from_seq=None, frames=False) as client:
            while not client.engine and time.monotonic() < end:
                client.poll(_GREETING_MS)
    except (EngineRefusedError, zmq.ZMQError):
        return None
    return client.engine if client.engine.get("pid") == connection.pid else None
