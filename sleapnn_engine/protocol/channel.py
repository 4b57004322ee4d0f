"""The engine's side of the conversation: say what happens, hear what is wanted, never wait for a viewer."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs
import numpy as np
import psutil
import zmq

from sleapnn_engine.protocol.codec import encode_arrays, encode_body, join_event
from sleapnn_engine.protocol.command_queue import CommandQueue
from sleapnn_engine.protocol.connection import FILE_NAME, Connection, ConnectionFileError
from sleapnn_engine.protocol.event_clock import EventClock
from sleapnn_engine.protocol.events import EventBody, Heartbeat, Log
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.journal import JournalWriter
from sleapnn_engine.protocol.messages import EVENT_STREAM, FRAME_STREAM, PROTOCOL_VERSION, Command
from sleapnn_engine.protocol.presence import Presence, judge
from sleapnn_engine.protocol.processes import start_mark
from sleapnn_engine.protocol.replay import Frame, FrameRing, Stretch, recall
from sleapnn_engine.protocol.request_handler import RequestHandler
from sleapnn_engine.protocol.server import Outgoing, Server

#: Seconds between two heartbeats.
HEARTBEAT_SECONDS = 1.0

#: Arrays of an event: a table name -> array, or pairs of the same.
Arrays = Mapping[str, np.ndarray] | Iterable[tuple[str, np.ndarray]]


class ChannelError(Exception):
    """The channel cannot be opened; the text says why and what to do."""


@attrs.define
class _Pulse:
    """What heartbeats tell besides memory."""

    state: str = "preparing"
    epoch: int | None = None
    step: int | None = None


class EngineChannel:
    """Journal, sockets and heartbeat of one run.

    `token` is made up when not given. `gpu_bytes` is called once a second, from the heartbeat's thread, and
    returns the GPU memory in use. `linger_seconds` bounds how long `close` waits for viewers to be served.
    """

    def __init__(
        self,
        run_dir: str | os.PathLike[str],
        *,
        token: str | None = None,
        gpu_bytes: Callable[[], int | None] | None = None,
        linger_seconds: float = 2.0,
    ) -> None:
        self.run_dir = Path(run_dir).absolute()
        self.token = token or secrets.token_urlsafe(24)
        self._gpu_bytes = gpu_bytes
        self._linger_seconds = linger_seconds
        self._lock = threading.Lock()
        self._clock = EventClock()
        self._last_seq = 0
        self._missing_from: int | None = None
        self._trouble: str | None = None
        self._ring = FrameRing()
        self._commands = CommandQueue()
        self._pulse = _Pulse()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="engine-heartbeat", daemon=True)
        self._journal: JournalWriter | None = None
        self._server: Server | None = None
        self._connection: Connection | None = None

    @property
    def last_seq(self) -> int:
        """Number of the newest event, 0 before the first."""
        return self._last_seq

    @property
    def viewers(self) -> int:
        """How many streams are being listened to; 0: nobody is watching."""
        return self._server.viewers if self._server else 0

    @property
    def connection(self) -> Connection:
        """How viewers reach this engine. Raises RuntimeError before `start`."""
        if self._connection is None:
            raise RuntimeError("The channel has not been started, so it has no connection yet.")
        return self._connection

    def start(self) -> Self:
        """Open journal and sockets, write the connection file and begin to beat.

        Raises ChannelError when the run folder is missing or unwritable, another engine works in it, or no
        loopback port can be had.
        """
        self._refuse_second_engine()
        desk = RequestHandler(
            token=self.token, commands=self._commands, recall=self._recall, describe=self._describe
        )
        try:
            self._journal = JournalWriter(self.run_dir)
        except OSError as error:
            raise ChannelError(f"No journal can be written in {self.run_dir}: {error.strerror}.") from error
        try:
            self._server = Server(token=self.token, desk=desk, linger_seconds=self._linger_seconds)
            self._connection = Connection(
                pid=os.getpid(),
                token=self.token,
                events=self._server.events_endpoint,
                requests=self._server.requests_endpoint,
                started=time.time(),
                run_dir=str(self.run_dir),
                host=socket.gethostname(),
                process_started=start_mark(os.getpid()),
                encrypted=self._server.encrypted,
            )
            self._connection.write(self.run_dir)
        except (zmq.ZMQError, OSError) as error:
            self.close()
            raise ChannelError(
                f"The engine cannot open its sockets for viewers of {self.run_dir}: {error}. "
                "It needs four free ports on 127.0.0.1."
            ) from error
        self._server.start()
        self._heart.start()
        return self

    def emit(self, said: EventBody, arrays: Arrays = ()) -> int:
        """Say what happened; returns the event's number. May be called from any thread.

        The event is in the journal when this returns; viewers get it as they can. `arrays` belong to image
        kinds only and are copied; their description (`arrays` of the body) is added here. Raises ValueError for
        a body whose values are no such, RuntimeError when the channel is not open.
        """
        if not said.counted:
            raise ValueError(f"'{said.kind}' is said by the channel itself.")
        body = said.body
        parts: list[bytes] = []
        if said.carries_arrays:
            body["arrays"], parts = encode_arrays(dict(arrays))
        elif arrays:
            raise ValueError(f"'{said.kind}' carries no arrays.")
        wrong = complaint(said.fields(), body, mode="emit")
        if wrong is not None:
            raise ValueError(f"{said.kind}: {wrong}.")
        text, holes = encode_body(body)
        with self._lock:
            seq = self._emit(said, text, holes=holes, arrays=tuple(parts))
            trouble, self._trouble = self._trouble, None
        self._commands.note(said.kind)
        if trouble is not None:
            self.emit(Log(level="error", text=trouble))
        return seq

    def _emit(
        self, said: EventBody, text: bytes, *, holes: tuple[str, ...], arrays: tuple[bytes, ...]
    ) -> int:
        """Number, keep and publish an event; the lock is held."""
        if self._server is None or self._journal is None or self._ended.is_set():
            raise RuntimeError(
                "The channel is not open: start() it before the first event, close() it after the last."
            )
        seq = self._last_seq + 1
        line = join_event(seq, self._clock.now(), said.kind, body=text, holes=holes)
        if said.journaled:
            self._write(seq, line)
        else:
            self._ring.append(Frame(seq, line, arrays))
        # Only now may a viewer ask for it.
        self._last_seq = seq
        self._server.post(Outgoing(FRAME_STREAM if said.carries_arrays else EVENT_STREAM, line, arrays))
        return seq

    def _write(self, seq: int, line: bytes) -> None:
        """Append to the journal. A disk that takes no more must not end a training that goes well."""
        assert self._journal is not None
        try:
            self._journal.append(seq, line)
        except OSError as error:
            if self._missing_from is None:
                self._missing_from = seq
                self._trouble = (
                    f"{self._journal.path} cannot be written ({error.strerror}); events from number {seq} on "
                    "reach only who is watching now. Free some space on that disk."
                )
        else:
            if self._missing_from is not None:
                self._trouble = (
                    f"The journal is written again; events {self._missing_from} to {seq - 1} are not in it."
                )
                self._missing_from = None

    def pop_commands(self) -> list[Command]:
        """Return what viewers want since the last call; costs next to nothing when that is nothing."""
        return self._commands.pop()

    def wait_command(self, timeout: float | None = None) -> Command | None:
        """Wait up to `timeout` seconds for the next command (None: for ever); None when there was none."""
        return self._commands.wait(timeout)

    def set_heartbeat(
        self, *, state: str | None = None, epoch: int | None = None, step: int | None = None
    ) -> None:
        """Change what heartbeats tell; what is not given stays."""
        pulse = self._pulse
        self._pulse = _Pulse(
            state=pulse.state if state is None else state,
            epoch=pulse.epoch if epoch is None else epoch,
            step=pulse.step if step is None else step,
        )

    def close(self) -> None:
        """Send out what is waiting, close everything and remove the connection file. May be called twice.

        Viewers that read get every event said before; one that does not read is waited for `linger_seconds`.
        """
        with self._lock:
            if self._ended.is_set():
                return
            self._ended.set()
        if self._heart.is_alive():
            self._heart.join()
        if self._connection is not None:
            self._connection.remove(self.run_dir)
        if self._server is not None:
            self._server.close()
        if self._journal is not None:
            self._journal.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_second_engine(self) -> None:
        if not self.run_dir.is_dir():
            raise ChannelError(
                f"The run folder {self.run_dir} does not exist; create it before opening the channel."
            )
        try:
            other = Connection.read(self.run_dir)
        except ConnectionFileError:
            return  # none, or the remains of something else: it is replaced
        if other.pid != os.getpid() and judge(other) is Presence.PRESENT:
            raise ChannelError(
                f"Another engine (process {other.pid}) is at work in {self.run_dir}. "
                f"Stop it first, choose another run name, or remove {FILE_NAME} if you know better."
            )

    def _recall(self, first: int, last: int, frames: bool) -> Stretch:
        assert self._journal is not None
        return recall(self._journal, self._ring, first=first, last=last, frames=frames)

    def _describe(self) -> dict[str, Any]:
        connection = self.connection
        return {
            "protocol": PROTOCOL_VERSION,
            "pid": connection.pid,
            "host": connection.host,
            "run_dir": connection.run_dir,
            "started": connection.started,
            "last_seq": self._last_seq,
            "state": self._pulse.state,
            "epoch": self._pulse.epoch,
            "step": self._pulse.step,
        }

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            memory, gpu = memory_in_use(), self._measure_gpu()
            with self._lock:
                if self._server is None or self._ended.is_set():
                    return
                beat = Heartbeat(
                    state=self._pulse.state,
                    epoch=self._pulse.epoch,
                    step=self._pulse.step,
                    last_seq=self._last_seq,
                    rss_bytes=memory,
                    gpu_bytes=gpu,
                )
                text, _ = encode_body(beat.body)
                line = join_event(None, self._clock.now(), beat.kind, body=text)
                self._server.post(Outgoing(EVENT_STREAM, line))

    def _measure_gpu(self) -> int | None:
        if self._gpu_bytes is None:
            return None
        try:
            return self._gpu_bytes()
        except Exception:  # guards the heartbeat from a driver that fails to answer: no sign of death
            return None


def memory_in_use() -> int | None:
    """Main memory this process occupies, in bytes; None where the system does not say."""
    try:
        return int(psutil.Process().memory_info().rss)
    except (OSError, psutil.Error):
        return None
