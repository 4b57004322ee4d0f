"""Lines of JSON between the processes of one run, over a connection each keeps open: an end of it is news at once."""

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any, Self

from sleapnn_engine.config.plain_json import from_json

#: Seconds of silence after which a machine is asked whether it is there, between two questions, and how often it may
#: leave one unanswered: one that lost its power is known to be gone within nine seconds.
_IDLE, _INTERVAL, _PROBES = 3, 2, 3


class Wire:
    """One end of a connection. `send` may be called from any thread, `lines` from one."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", _IDLE), ("TCP_KEEPINTVL", _INTERVAL), ("TCP_KEEPCNT", _PROBES)):
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._connection = connection

    @classmethod
    def to(cls, address: str, port: int, *, timeout: float) -> Self:
        """Connect. Raises OSError."""
        return cls(socket.create_connection((address, port), timeout=timeout))

    def send(self, **values: Any) -> None:
        """Send one line. Raises OSError when the other end is gone."""
        self._connection.sendall((json.dumps(values) + "\n").encode())

    def lines(self) -> Iterator[dict[str, Any]]:
        """What the other end says, until it is gone or this end is closed."""
        with contextlib.suppress(OSError), self._connection.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                try:
                    said = from_json(line)
                except ValueError:  # a stranger, or one that was cut off in a word
                    return
                if isinstance(said, dict):
                    yield said

    def close(self) -> None:
        """Let go of the connection; the other end hears of it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
