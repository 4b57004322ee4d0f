"""A process that has the engine's imports done and lends itself: each engine is forked from it, `borrow.py` stands in.

A window starts its engines as programs. The one it is given here takes hardly any time of a processor: it hands its
standard streams, folder and environment over to this process, passes signals on, and ends as the forked engine ends.
Run as `python -m tests.engine.lender SOCKET`; it ends with its standard input.
"""

import array
import contextlib
import faulthandler
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from typing import NoReturn

import attrs

from tests.engine.warm import PRELOADED

_INSPECT = ("sleapnn_engine.inspect.questions", "sleapnn_engine.inspect.service")


@attrs.define
class Loan:
    """One engine: its process, and the connection to the program that stands in for it."""

    pid: int
    watch: int
    connection: socket.socket


class Lender:
    """Forks engines and carries word between them and the programs that stand in for them."""

    def __init__(self, path: str) -> None:
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(path)
        self._door.listen()
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Lend until nobody holds the other end of standard input; then all engines are ended."""
        loans: dict[int, Loan] = {}
        self._selector.register(self._door, selectors.EVENT_READ, "door")
        self._selector.register(sys.stdin, selectors.EVENT_READ, "end")
        while True:
            for key, _ in self._selector.select():
                if key.data == "end":
                    for loan in loans.values():
                        _signal(loan.pid, signal.SIGKILL)
                    return
                if key.data == "door":
                    loan = self._lend()
                    if loan is not None:
                        loans[loan.pid] = loan
                    continue
                kind, pid = key.data
                loan = loans.get(pid)
                if loan is None:
                    continue
                if kind == "ended":
                    self._settle(loans.pop(pid))
                elif word := _hear(loan.connection):
                    _signal(pid, word)
                else:  # What stands in for it was killed, and so is the engine.
                    self._selector.unregister(loan.connection)
                    _signal(pid, signal.SIGKILL)

    def _lend(self) -> Loan | None:
        connection, _ = self._door.accept()
        text, streams = _receive(connection)
        if not text:
            connection.close()
            return None
        pid = os.fork()
        if pid == 0:
            _become_engine(json.loads(text), streams)
        for stream in streams:
            os.close(stream)
        loan = Loan(pid, os.pidfd_open(pid), connection)
        self._selector.register(loan.watch, selectors.EVENT_READ, ("ended", pid))
        self._selector.register(connection, selectors.EVENT_READ, ("word", pid))
        return loan

    def _settle(self, loan: Loan) -> None:
        """Tell how an engine ended."""
        _, status = os.waitpid(loan.pid, 0)
        self._selector.unregister(loan.watch)
        os.close(loan.watch)
        with contextlib.suppress(KeyError):
            self._selector.unregister(loan.connection)
        with contextlib.suppress(OSError):
            loan.connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        loan.connection.close()


def _receive(connection: socket.socket) -> tuple[str, list[int]]:
    """What is wanted, up to its last line's end, and the three standard streams."""
    descriptors = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(3 * descriptors.itemsize))
    for level, kind, sent in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(sent)
    while data and not data.endswith(b"\n"):
        more = connection.recv(1 << 16)
        if not more:
            return "", list(descriptors)
        data += more
    return data.decode(), list(descriptors)


def _hear(connection: socket.socket) -> int:
    """The number of the signal to pass on; 0 when nobody is there any more."""
    try:
        return (connection.recv(1) or b"\0")[0]
    except OSError:
        return 0


def _signal(pid: int, number: int) -> None:
    """Signal an engine and its children; one that has only just been forked has no group of its own yet, and no children."""
    with contextlib.suppress(ProcessLookupError):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            os.kill(pid, number)


def _become_engine(wanted: dict, streams: list[int]) -> NoReturn:
    """In the forked process: be the engine that is wanted, up to the way it ends."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", encoding="utf-8", errors=errors, buffering=1, closefd=False)
        for number, errors in ((1, "strict"), (2, "backslashreplace"))
    )
    if os.environ.get("PYTHONFAULTHANDLER"):
        faulthandler.enable()
    sys.argv = ["sleapnn-engine", *wanted["words"]]
    from sleapnn_engine.__main__ import main

    # Its end is the end of this process, with all that Python does at one.
    main()
    raise AssertionError("the engine's main function does not return")


def main() -> None:
    """Import, open the door, say so, and lend."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (*PRELOADED, *_INSPECT):
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.collect()
    # What is never looked at again by the collector stays shared with the engines.
    gc.freeze()
    lender = Lender(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    lender.serve()


if __name__ == "__main__":
    main()
