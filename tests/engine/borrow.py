"""Stands in for an engine that a `lender.py` forks: `python borrow.py SOCKET train …`. Imports little, so it starts at once."""

import array
import json
import os
import signal
import socket
import sys


def main() -> int:
    """Hand over streams, folder, environment and words; pass signals on; end as the engine ends."""
    path, *words = sys.argv[1:]
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    wanted = {"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}
    streams = array.array("i", [0, 1, 2])
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
    data = json.dumps(wanted).encode() + b"\n"
    sent = connection.sendmsg([data], rights)
    connection.sendall(data[sent:])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: connection.sendall(bytes([number])))
    # Only the engine holds them from here on, so that whoever reads its words sees when they end.
    null = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(null, stream)
    told = connection.recv(16)
    # Nothing is told when the lender went away, and its engines with it.
    code = int(told) if told else -signal.SIGKILL
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main())
