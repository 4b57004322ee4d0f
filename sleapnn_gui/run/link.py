"""The window's line to the engine: a thread that finds it, listens, asks, and reads the journal to its end."""

import atexit
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
import zmq

from sleapnn_engine.config.disk import open_ordinary
from sleapnn_engine.protocol.batch_lines import BatchLines
from sleapnn_engine.protocol.client import EngineClient, EngineRefusedError
from sleapnn_engine.protocol.codec import DecodeError, decode_event
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.journal import JournalReader, journal_mark
from sleapnn_engine.protocol.messages import Event, Reply
from sleapnn_gui.run.queue import EventQueue
from sleapnn_gui.widgets.language import tr

_LOOK_SECONDS = 0.05
_LISTEN_MS = 40
_WATCH_SECONDS = 0.5
_LAST_WORDS_SECONDS = 0.3
_BLOCK_BYTES = 2**20
EVENTS_AT_ONCE = 250
_READ_AT_ONCE = 4000
"""From a file, where nothing is waited for, in longer stretches: each is followed by a breath."""
_BREATH_SECONDS = 0.001


class LinkEventKind(StrEnum):
    """Something the link noticed that is not an event of the engine."""

    FOUND = "found"
    CONNECTED = "connected"
    REFUSED = "refused"
    NOTICE = "notice"


@attrs.frozen
class LinkEvent:
    """A sign with its text."""

    sign: LinkEventKind
    text: str = ""


class NoAnswerError(Exception):
    """No answer can come any more; the text says why in a sentence."""


@attrs.define
class _Question:
    verb: str
    args: dict[str, Any]
    answer: "Future[Reply]" = attrs.field(factory=Future)


class RunLink:
    """One run's line. Everything it learns lies in `queue`, `pop_events` and a few plain attributes.

    `previous_token` is the token of a connection file that was there before this run was launched and is to be
    passed over; `older` is the `journal_mark` of a journal that was there, which is not taken for this run's;
    `watch` is called twice a second from the link's thread.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        queue: EventQueue,
        previous_token: str = "",
        older: tuple[int, int] | None = None,
        watch: Callable[[], None] | None = None,
    ) -> None:
        self.run_dir = run_dir
        self.queue = queue
        self.last_seq = 0
        self.last_heard = time.monotonic()
        """When the engine was last heard, on the monotonic clock."""
        self.lost = False
        self.connected = False
        self.hello: dict[str, Any] = {}
        """What the engine said of itself, once it did."""
        self._previous_token = previous_token
        self._older = older
        self._watch = watch
        self._next_watch = 0.0
        self._events: deque[LinkEvent] = deque()
        self._questions: deque[_Question] = deque()
        self._asked: dict[int, _Question] = {}
        self._closing = threading.Event()
        self._finishing = threading.Event()
        self._drained = threading.Event()
        self._thread = threading.Thread(target=self._run, name="run-link", daemon=True)

    @property
    def drained(self) -> bool:
        """Whether everything there is to know of an ended run lies in the queue."""
        return self._drained.is_set()

    def start(self) -> None:
        """Begin to look for the engine, or to read the journal when `finish` was called first."""
        self._thread.start()

    def finish(self) -> None:
        """The engine is gone: read what it still said and come to an end."""
        self._finishing.set()

    def close(self) -> None:
        """Let go at once; the engine does not mind. The thread ends soon, which only the program's own end waits for."""
        self._closing.set()
        self.queue.close()
        if self._thread.is_alive():
            atexit.register(self._thread.join, 2.0)

    def ask(self, verb: str, **args: Any) -> "Future[Reply]":
        """Send a request; the future holds the reply, however late, or NoAnswerError once none can come any more."""
        question = _Question(verb, args)
        self._questions.append(question)
        return question.answer

    def pop_events(self) -> list[LinkEvent]:
        """What was noticed since the last call, oldest first."""
        signs = []
        while self._events:
            signs.append(self._events.popleft())
        return signs

    def _run(self) -> None:
        try:
            while not self._over() and not self._converse():
                self._closing.wait(_LOOK_SECONDS)
            if self._finishing.is_set() and not self._closing.is_set():
                self._read_the_rest()
        finally:
            self._drained.set()
            self._refuse_open_questions(tr("The engine is not running any more."))

    def _over(self) -> bool:
        return self._closing.is_set() or self._finishing.is_set()

    def _converse(self) -> bool:
        """Listen to the engine until it is over; False when there is no connection file yet."""
        connection = self._connection()
        self._poll_engine(time.monotonic())
        if connection is None:
            return False
        self._events.append(LinkEvent(LinkEventKind.FOUND))
        try:
            with EngineClient(connection, from_seq=self.last_seq + 1) as client:
                while not self._over():
                    self._turn(client, _LISTEN_MS)
                self._read_last_events(client)
        except (EngineRefusedError, zmq.ZMQError) as error:
            self._events.append(LinkEvent(LinkEventKind.REFUSED, str(error)))
            self.lost = True
            self._refuse_open_questions(str(error))
            while not self._over():
                self._poll_engine(time.monotonic())
                self._closing.wait(_LOOK_SECONDS)
        return True

    def _connection(self) -> Connection | None:
        try:
            connection = Connection.read(self.run_dir)
        except ConnectionFileError:
            return None
        return None if connection.token == self._previous_token else connection

    def _turn(self, client: EngineClient, timeout_ms: int) -> int:
        """One round of listening and asking; how many events it brought."""
        self._send_questions(client)
        events = client.poll(timeout_ms, limit=EVENTS_AT_ONCE)
        if client.engine and not self.connected:
            self.hello, self.connected = client.engine, True
            self._events.append(LinkEvent(LinkEventKind.CONNECTED))
        now = time.monotonic()
        if events:
            self.last_heard = now
        for event in events:
            self._pass_on(event)
        self.lost = client.lost
        self._match_replies(client, now)
        self._events.extend(LinkEvent(LinkEventKind.NOTICE, text) for text in client.pop_notices())
        self._poll_engine(now)
        if len(events) == EVENTS_AT_ONCE:
            self._closing.wait(_BREATH_SECONDS)
        return len(events)

    def _pass_on(self, event: Event | BatchLines) -> None:
        # A put that waits for room holds this thread back; the journal keeps what the sockets then drop.
        seq = event.seqs[-1] if isinstance(event, BatchLines) else event.seq
        if self.queue.put(event) and seq is not None:
            self.last_seq = seq

    def _poll_engine(self, now: float) -> None:
        if self._watch is not None and now >= self._next_watch:
            self._watch()
            self._next_watch = now + _WATCH_SECONDS

    def _send_questions(self, client: EngineClient) -> None:
        while self._questions:
            question = self._questions.popleft()
            self._asked[client.ask(question.verb, **question.args)] = question

    def _match_replies(self, client: EngineClient, now: float) -> None:
        for reply in client.pop_replies():
            self.last_heard = now
            question = self._asked.pop(reply.id, None) if reply.id is not None else None
            if question is not None:
                question.answer.set_result(reply)

    def _refuse_open_questions(self, why: str) -> None:
        for question in [*self._asked.values(), *self._questions]:
            question.answer.set_exception(NoAnswerError(why))
        self._asked.clear()
        self._questions.clear()

    def _read_last_events(self, client: EngineClient) -> None:
        """Take what still lies in the sockets of an engine that is gone: the frames are nowhere else."""
        end = time.monotonic() + _LAST_WORDS_SECONDS
        while time.monotonic() < end and not self._closing.is_set():
            if not self._turn(client, 20) and client.caught_up:
                return

    def _read_the_rest(self) -> None:
        """Bring the journal to its end, from the last event that came through."""
        if self.last_seq:
            for event in events_after(self.run_dir, self.last_seq):
                self._pass_on(event)
            return
        if self._older is not None and journal_mark(self.run_dir) == self._older:
            return
        reader = JournalReader(self.run_dir)
        while (events := reader.poll_packed(limit=_READ_AT_ONCE)) and not self._closing.wait(_BREATH_SECONDS):
            for one in events:
                self._pass_on(one)
        self._events.extend(LinkEvent(LinkEventKind.NOTICE, text) for text in reader.pop_notices())


def events_after(run_dir: Path, last_seq: int) -> list[Event]:
    """The journal's events numbered above `last_seq`, found from the end of the file backwards."""
    tail = b""
    try:
        with open_ordinary(run_dir / JOURNAL_NAME) as stream:
            start = stream.seek(0, os.SEEK_END)
            while start > 0:
                size = min(_BLOCK_BYTES, start)
                start -= size
                stream.seek(start)
                tail = stream.read(size) + tail
                first = _first_whole_event(tail, at_start=start == 0)
                if first is not None and (first.seq or 0) <= last_seq:
                    break
    except OSError:
        return []
    lines = tail.split(b"\n")[:-1]
    return [event for event in map(_event, lines) if event is not None and (event.seq or 0) > last_seq]


def _first_whole_event(text: bytes, *, at_start: bool) -> Event | None:
    lines = text.split(b"\n", 3)
    whole = lines[:-1] if at_start else lines[1:-1]
    return next((event for event in map(_event, whole) if event is not None), None)


def _event(line: bytes) -> Event | None:
    """Read a journal line; the half line of a killed engine and the tail of a cut block count as nothing."""
    with contextlib.suppress(DecodeError):
        return decode_event(line)
    return None
