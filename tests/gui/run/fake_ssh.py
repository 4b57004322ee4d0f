"""A stand-in for the system's ssh: it takes the same words, brings ports over with real sockets, and runs commands here.

Put on the PATH by `install`. The host decides: `lab` works, others fail as ssh does.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

WORDS = {
    "nowhere": "ssh: Could not resolve hostname nowhere: Name or service not known",
    "locked": "me@locked: Permission denied (publickey,password).",
    "strange": "Host key verification failed.",
    "down": "ssh: connect to host down port 22: Connection timed out",
    "odd": "kex_exchange_identification: read: Connection reset by peer",
}


def install(folder, monkeypatch):
    """Have `ssh` mean this program from now on; its processes write their numbers into the file that is returned.

    Ports of the other machine that were asked for stand in a file "ssh.ports" beside it.
    """
    program = folder / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__)} {folder / "ssh.pids"} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return folder / "ssh.pids"


def main(pids, words):
    with Path(pids).open("a") as stream:
        stream.write(f"{os.getpid()}\n")
    forwards = []
    while words[0].startswith("-"):
        option = words.pop(0)
        if option == "-o":
            words.pop(0)
        elif option == "-L":
            forwards.append(words.pop(0).split(":"))
    host, command = words
    if host != "lab":
        sys.stderr.write(f"{WORDS[host]}\n")
        return 255
    with Path(pids).with_name("ssh.ports").open("a") as stream:
        stream.writelines(f"{theirs}\n" for *_, theirs in forwards)
    for _, mine, there, theirs in forwards:
        listener = socket.create_server(("127.0.0.1", int(mine)))
        threading.Thread(target=accept, args=(listener, there, int(theirs)), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        return subprocess.call(["/bin/sh", "-c", command])
    return 130


def accept(listener, host, port):
    while True:
        near, _ = listener.accept()
        try:
            far = socket.create_connection((host, port))
        except OSError:
            near.close()
            continue
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=carry, args=(one, other), daemon=True).start()


def carry(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
