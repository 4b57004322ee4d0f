"""The encrypted ways to an engine: the key opens them, over a port forward too, and nobody else hears or says anything."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.codec import encode_request
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.encryption import brought
from sleapnn_engine.protocol.messages import EVENT_STREAM, Request
from tests.engine.protocol.conftest import collect, seqs, wait_for
from tests.engine.protocol.examples import ARRAYS, event_of

FAILED = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL


class Forward:
    """A port of this computer behind which another one is, and all that went through it."""

    def __init__(self, address: str) -> None:
        self.heard = bytearray()
        self._there = ("127.0.0.1", int(address.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._there)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    self._threads.append(threading.Thread(target=self._carry, args=(one, other)))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.heard += data
                sink.sendall(data)

    def close(self) -> None:
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def forwards() -> Iterator[list[Forward]]:
    made: list[Forward] = []
    yield made
    for one in made:
        one.close()


def over(connection: Connection, forwards: list[Forward], *, plain: bool = False) -> Connection:
    """The connection as a viewer has it that reaches the engine through forwarded ports."""
    way = connection if plain else connection.encrypted
    assert way is not None
    forwards += [Forward(way.events), Forward(way.requests)]
    here = attrs.evolve(connection, encrypted=None) if plain else connection
    return brought(here, events=forwards[-2].address, requests=forwards[-1].address)


@pytest.mark.parametrize("plain", [False, True])
def test_through_a_forwarded_port_all_comes_and_only_plainly_can_it_be_read(
    channel: EngineChannel, forwards: list[Forward], plain: bool
):
    with EngineClient(over(channel.connection, forwards, plain=plain)) as client:
        channel.emit(events.Log(level="info", text="a word that stands out"))
        collect(client, until=lambda seen: seqs(seen) == [1])
        wait_for(lambda: channel.viewers == 2)
        channel.emit(event_of("frame"), ARRAYS)
        channel.emit(events.Log(level="info", text="a word that stands out"))
        told = collect(client, until=lambda seen: len(seen) == 2)
        assert client.request("hello").body["last_seq"] == 3
    assert [event.kind for event in told] == ["frame", "log"]
    assert all((told[0].arrays[name] == array).all() for name, array in ARRAYS.items())
    heard = b"".join(bytes(one.heard) for one in forwards)
    assert (channel.token.encode() in heard, b"a word that stands out" in heard) == (plain, plain)


def test_without_the_key_nothing_is_heard_and_nothing_answered(channel: EngineChannel):
    way = channel.connection.encrypted
    assert way is not None
    context = zmq.Context()
    strangers = []
    for key in (None, zmq.curve_keypair()[0]):
        listener, asker = context.socket(zmq.SUB), context.socket(zmq.DEALER)
        for one, address in ((listener, way.events), (asker, way.requests)):
            if key is not None:
                one.curve_publickey, one.curve_secretkey = zmq.curve_keypair()
                one.curve_serverkey = key
            one.connect(address)
        listener.subscribe(channel.token.encode() + EVENT_STREAM)
        asker.send(encode_request(Request(1, channel.token, "hello", {})))
        strangers += [listener, asker]
    with EngineClient(channel.connection) as client:
        for _ in range(20):
            channel.emit(events.Pausing())
            client.request("hello")
        collect(client, until=lambda seen: len(seen) == 20)
        wait_for(lambda: channel.viewers == 2)  # the two streams of the one that has the key
    assert [one.poll(0) for one in strangers] == [0, 0, 0, 0]
    for one in strangers:
        one.close(linger=0)
    context.term()


@pytest.mark.parametrize("plain", [True, False])
def test_whoever_took_the_ports_of_an_engine_is_not_given_its_token(run_dir: Path, plain: bool):
    with EngineChannel(run_dir) as channel:
        left = channel.connection
    context = zmq.Context()
    sockets = [context.socket(kind) for kind in (zmq.XPUB, zmq.ROUTER)]
    addresses = [f"tcp://127.0.0.1:{one.bind_to_random_port('tcp://127.0.0.1')}" for one in sockets]
    watches = [one.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | FAILED) for one in sockets]
    here = attrs.evolve(left, encrypted=None) if plain else left
    with EngineClient(brought(here, events=addresses[0], requests=addresses[1])) as client:
        for impostor, watch in zip(sockets, watches, strict=True):
            wait_for(lambda watch=watch: bool(watch.poll(0)))
            if plain:  # which shows that the impostor listens
                wait_for(lambda impostor=impostor: bool(impostor.poll(0)))
                assert left.token.encode() in b"".join(impostor.recv_multipart())
            else:
                assert recv_monitor_message(watch)["event"] & FAILED
                assert not impostor.poll(0)
        assert not client.engine
    for one in (*watches, *sockets):
        one.close(linger=0)
    context.term()


def test_plain_viewers_and_programs_that_cannot_encrypt_get_all(
    channel: EngineChannel, run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    channel.emit(events.Pausing())
    monkeypatch.setattr(zmq, "has", lambda what: False)
    with EngineClient(channel.connection) as client:
        collect(client, until=lambda seen: seqs(seen) == [1])
    with EngineChannel(tmp_path) as plain:
        plain.emit(events.Pausing())
        monkeypatch.undo()
        assert Connection.read(tmp_path).encrypted is None
        with EngineClient(Connection.read(tmp_path)) as client:
            collect(client, until=lambda seen: seqs(seen) == [1])
