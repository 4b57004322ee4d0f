"""The window's line to a run on another machine: the engine's ports through ssh, and its journal once it is gone."""

import contextlib
import time
from pathlib import Path

import attrs
import zmq

from sleapnn_engine.protocol.client import EngineClient, EngineRefusedError
from sleapnn_engine.protocol.codec import DecodeError, decode_event
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.encryption import brought, way_to
from sleapnn_gui.run.apart import ApartEngine
from sleapnn_gui.run.link import LinkEvent, LinkEventKind, RunLink
from sleapnn_gui.run.queue import EventQueue
from sleapnn_gui.run.ssh import FarRun, Ssh, SshError, Tunnel
from sleapnn_gui.widgets.language import tr

_LISTEN_MS = 40
_AGAIN_SECONDS = 3.0
"""How long a line that broke rests before it is tried again."""

_DOUBT_SECONDS = 5.0
"""After so long a silence it is looked whether the engine is still there, and again after as long."""


class SshLink(RunLink):
    """Follows what `find` has found. A line that breaks is made anew; what was missed meanwhile is asked for."""

    def __init__(self, ssh: Ssh, found: FarRun, *, queue: EventQueue, engine: ApartEngine) -> None:
        super().__init__(Path(found.place.folder), queue=queue)
        self._ssh, self._found, self._engine = ssh, found, engine
        self._next_look = 0.0

    def close(self) -> None:
        super().close()
        self._ssh.end()

    def _converse(self) -> bool:
        self._events.append(LinkEvent(LinkEventKind.FOUND))
        while not self._over() and self._found.connection is not None:
            try:
                self._follow(self._found.connection)
            except SshError as error:
                self._note_trouble(str(error))
                self._find_again()
        self._engine.told = self._found.told
        self._engine.is_gone = True
        while not self._over():
            self._closing.wait(_LISTEN_MS / 1000)
        return True

    def _follow(self, connection: Connection) -> None:
        """Listen until the line breaks, which raises SshError, or the engine is gone."""
        way = way_to(connection)
        far = [int(address.rpartition(":")[2]) for address in (way.events, way.requests)]
        with self._ssh.ports(self._found.place.host, *far) as tunnel:
            events, requests = (f"tcp://127.0.0.1:{port}" for port in tunnel.ports)
            here = brought(connection, events=events, requests=requests)
            try:
                with EngineClient(here, from_seq=self.last_seq + 1) as client:
                    self._listen(client, tunnel)
            except (EngineRefusedError, zmq.ZMQError) as error:
                self._events.append(LinkEvent(LinkEventKind.REFUSED, str(error)))
                self._found = attrs.evolve(self._found, connection=None, told=str(error))

    def _listen(self, client: EngineClient, tunnel: Tunnel) -> None:
        while not self._over():
            self._turn(client, _LISTEN_MS)
            if client.end is not None:
                self._found = FarRun(self._found.place)
                return
            if not tunnel.is_up:
                raise SshError(tr("The line to {host} broke off.", host=self._found.place.host))
            if client.quiet_seconds > _DOUBT_SECONDS and time.monotonic() > self._next_look:
                self._next_look = time.monotonic() + _DOUBT_SECONDS
                self._found = self._ssh.find(self._found.place)
                if self._found.connection is None:
                    return

    def _note_trouble(self, text: str) -> None:
        self.lost = True
        self._refuse_open_questions(text)
        self._events.append(
            LinkEvent(LinkEventKind.NOTICE, tr("{words} It is tried again every few seconds.", words=text))
        )

    def _find_again(self) -> None:
        """Until the other machine answers, with an engine or without."""
        while not self._over():
            self._closing.wait(_AGAIN_SECONDS)
            with contextlib.suppress(SshError):
                self._found = self._ssh.find(self._found.place)
                return

    def _read_the_rest(self) -> None:
        """Bring the journal to its end, from the last event that came through."""
        try:
            for line in self._ssh.journal(self._found.place):
                with contextlib.suppress(DecodeError):
                    event = decode_event(line)
                    if (event.seq or 0) > self.last_seq:
                        self._pass_on(event)
        except SshError as error:
            self._events.append(LinkEvent(LinkEventKind.NOTICE, str(error)))
