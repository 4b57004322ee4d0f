"""CURVE on the engine's sockets and on those of viewers, so that who merely listens on a port cannot pass for the engine."""

import attrs
import zmq

from sleapnn_engine.protocol.connection import Connection, Encrypted


def can_encrypt() -> bool:
    """Whether ZeroMQ was built with the library that encrypts."""
    return bool(zmq.has("curve"))


def guard(*sockets: "zmq.Socket[bytes]") -> str:
    """Have all that is bound from now on be encrypted; the public key, without which nobody gets in.

    What is bound already stays as it is: options hold for what follows them.
    """
    public, secret = zmq.curve_keypair()
    for socket in sockets:
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, secret)
    return public.decode()


def way_to(connection: Connection) -> Connection | Encrypted:
    """The addresses that a viewer made by this program uses: the encrypted ones where both sides can."""
    return connection.encrypted if connection.encrypted is not None and can_encrypt() else connection


def brought(connection: Connection, *, events: str, requests: str) -> Connection:
    """The same engine behind addresses here to which those of `way_to` are brought from its computer."""
    way = attrs.evolve(way_to(connection), events=events, requests=requests)
    return (
        attrs.evolve(connection, encrypted=way)
        if isinstance(way, Encrypted)
        else attrs.evolve(way, encrypted=None)
    )


def connect(connection: Connection, *, events: "zmq.Socket[bytes]", requests: "zmq.Socket[bytes]") -> None:
    """Connect both sockets of a viewer to the engine, encrypted where both sides can."""
    way = way_to(connection)
    if isinstance(way, Encrypted):
        public, secret = zmq.curve_keypair()
        for socket in (events, requests):
            socket.setsockopt(zmq.CURVE_SERVERKEY, way.key.encode())
            socket.setsockopt(zmq.CURVE_PUBLICKEY, public)
            socket.setsockopt(zmq.CURVE_SECRETKEY, secret)
    events.connect(way.events)
    requests.connect(way.requests)
