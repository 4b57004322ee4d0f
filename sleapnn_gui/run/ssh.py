"""Another machine over the system's own ssh: what stands in a folder there, and two of its ports brought here."""

import contextlib
import re
import shlex
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any

import attrs

from sleapnn_engine.protocol.codec import MAX_EVENT_BYTES
from sleapnn_engine.protocol.connection import FILE_NAME, Connection, ConnectionFileError
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_gui.widgets.language import tr

#: No password is asked for, since nobody could answer; a machine that does not answer is given up.
_OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
#: A line that fell silent is noticed, and ports that are not brought over are an error.
_LASTING = (
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
    *("-o", "ExitOnForwardFailure=yes", "-o", "ControlPath=none"),
)
_READY = b"sleapnn-ready"
#: It ends when its input does, and so with this window, however that ends.
_HOLD = f"echo {_READY.decode()}; exec cat > /dev/null"

_MOST_BYTES = 128 * 2**10
_SSH_FAILED, _NO_FOLDER, _NO_RUN, _NO_ENGINE = 255, 63, 64, 65

_HOST = re.compile(r"[^\s\x00-\x1f\"'`$;&|<>()\\-][^\s\x00-\x1f\"'`$;&|<>()\\]*")


class SshError(Exception):
    """The other machine, or the run there, cannot be reached; the text says why and what to do."""


@attrs.frozen
class Place:
    """A run folder on another machine, as ssh names it."""

    host: str
    folder: str

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.host}:{self.folder}"

    def script(self, commands: str) -> str:
        """Commands for that machine's shell, to be carried out in the folder."""
        # `~` is the other machine's to replace, and stands outside of the quotes for that.
        home, rest = ("~/", self.folder[2:]) if self.folder.startswith("~/") else ("", self.folder)
        folder = home + (shlex.quote(rest) if rest else "")
        return f"sh -c {shlex.quote(f'cd {folder} || exit {_NO_FOLDER}; {commands}')}"


def place_of(host: str, folder: str) -> Place:
    """What a person typed, once it is known to be harmless in a command line. Raises SshError."""
    if not _HOST.fullmatch(host):
        raise SshError(
            tr("A host is a name as ssh takes it: gpu.lab.org, me@gpu, or one of your ~/.ssh/config.")
        )
    if not folder.startswith(("/", "~/")) or not folder.isprintable():
        raise SshError(tr("The folder is the whole path of the run there, from / or ~/ on."))
    return Place(host, folder)


@attrs.frozen
class FarRun:
    """What was found: `connection` where an engine is at work there, else `told` says how it ended if it did not itself."""

    place: Place
    connection: Connection | None = None
    told: str = ""


class Ssh:
    """Runs ssh as processes of this one; `end` ends all of them at once, from any thread."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ended = False

    def end(self) -> None:
        """Let go of the other machine."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.kill()

    @contextlib.contextmanager
    def process(
        self, words: Sequence[str], *, errors: IO[bytes], **pipes: Any
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """An ssh with these words, gone when this is left. Raises SshError where there is none."""
        with self._lock:
            if self._ended:
                raise SshError(tr("It is not followed any more."))
            try:
                process = subprocess.Popen(
                    ["ssh", *_OPTIONS, *words], stdout=subprocess.PIPE, stderr=errors, **pipes
                )
            except OSError as error:
                raise SshError(
                    tr("The program ssh cannot be started: {strerror}.", strerror=error.strerror)
                ) from error
            self._running.add(process)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
            with self._lock:
                self._running.discard(process)

    def find(self, place: Place) -> FarRun:
        """Find the engine of a run, or that it has none any more. Waits for the other machine; raises SshError."""
        commands = (
            f"test -e {FILE_NAME} || test -e {JOURNAL_NAME} || exit {_NO_RUN}; "
            f"test -e {FILE_NAME} || exit {_NO_ENGINE}; hostname; exec cat {FILE_NAME}"
        )
        code, data, errors = self._answer(place, commands)
        if code == _NO_ENGINE:
            return FarRun(place)
        if code == _NO_FOLDER:
            raise SshError(tr("There is no folder {folder} on {host}.", folder=place.folder, host=place.host))
        if code == _NO_RUN:
            raise SshError(
                tr("{place} is no run folder: it has neither a journal nor an engine.", place=place.name)
            )
        if code:
            raise SshError(_sentence(place.host, code, errors))
        host, _, text = data.partition(b"\n")
        try:
            connection = Connection.parse(text, named=f"{place.name}/{FILE_NAME}")
        except ConnectionFileError as error:
            raise SshError(str(error)) from error
        return self._judge(place, connection, host.decode(errors="replace").strip())

    def _judge(self, place: Place, connection: Connection, host: str) -> FarRun:
        if connection.host and connection.host.partition(".")[0] != host.partition(".")[0]:
            raise SshError(
                tr(
                    "The engine of this run is on the machine “{host}”, which is not {attached}; attach to that.",
                    host=connection.host,
                    attached=place.host,
                )
            )
        pid = connection.pid
        code, _, errors = self._answer(
            place, f"kill -0 {pid} 2> /dev/null || test -d /proc/{pid} || exit {_NO_ENGINE}"
        )
        if code == _NO_ENGINE:
            return FarRun(
                place,
                told=tr(
                    "The engine (process {pid} on {host}) is gone; it did not end cleanly.",
                    pid=pid,
                    host=place.host,
                ),
            )
        if code:
            raise SshError(_sentence(place.host, code, errors))
        return FarRun(place, connection)

    def _answer(self, place: Place, commands: str) -> tuple[int, bytes, bytes]:
        with tempfile.TemporaryFile() as errors:
            words = (place.host, place.script(commands))
            with self.process(words, errors=errors, stdin=subprocess.DEVNULL) as process:
                assert process.stdout is not None
                data = process.stdout.read(_MOST_BYTES)
                code = process.wait()
            errors.seek(0)
            return code, data, errors.read(_MOST_BYTES)

    def journal(self, place: Place) -> Iterator[bytes]:
        """The lines of the journal there; one without its end is left out. Raises SshError."""
        with tempfile.TemporaryFile() as errors:
            words = (place.host, place.script(f"exec cat {JOURNAL_NAME}"))
            with self.process(words, errors=errors, stdin=subprocess.DEVNULL) as process:
                assert process.stdout is not None
                while (line := process.stdout.readline(MAX_EVENT_BYTES)).endswith(b"\n"):
                    yield line[:-1]
                if process.wait() == _SSH_FAILED:
                    errors.seek(0)
                    raise SshError(_sentence(place.host, _SSH_FAILED, errors.read(_MOST_BYTES)))

    @contextlib.contextmanager
    def ports(self, host: str, *wanted: int) -> "Iterator[Tunnel]":
        """Ports of the loopback interface here, behind which those of the other machine are. Raises SshError."""
        here = _free_ports(len(wanted))
        words: list[str] = [*_LASTING]
        for mine, theirs in zip(here, wanted, strict=True):
            words += ["-L", f"127.0.0.1:{mine}:127.0.0.1:{theirs}"]
        with (
            tempfile.TemporaryFile() as errors,
            self.process([*words, host, _HOLD], errors=errors, stdin=subprocess.PIPE) as process,
        ):
            assert process.stdout is not None
            while (line := process.stdout.readline(_MOST_BYTES)).strip() != _READY:
                if not line:
                    errors.seek(0)
                    raise SshError(_sentence(host, process.wait(), errors.read(_MOST_BYTES)))
            yield Tunnel(here, process)


@attrs.frozen
class Tunnel:
    """Ports of another machine, brought to `ports` of this one."""

    ports: list[int]
    _process: subprocess.Popen[bytes]

    @property
    def is_up(self) -> bool:
        """Whether the line stands, as far as ssh knows."""
        return self._process.poll() is None


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers: list[int] = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return numbers


def _sentence(host: str, code: int, errors: bytes) -> str:
    """Why ssh failed, for people; its own last words where they are none of the usual."""
    said = errors.decode(errors="replace").strip()
    for mark, sentence in _USUAL.items():
        if mark in said:
            return sentence.format(host=host)
    last = said.splitlines()[-1] if said else tr("it ended with exit code {code} and said nothing", code=code)
    return tr("ssh does not reach the run on {host}: {last}", host=host, last=last[:300])


_USUAL = {
    "Could not resolve hostname": tr(
        "There is no machine called “{host}” that ssh can find; look at its name."
    ),
    "Permission denied": (
        tr(
            "{host} does not let you in without a password. Set up a key (ssh-keygen, then ssh-copy-id {host}), or have your ssh "
            "agent hold it."
        )
    ),
    "Host key verification failed": (
        tr(
            "{host} is not known to ssh yet, or has another key than before. Connect once in a terminal (ssh {host}) and compare "
            "what it says."
        )
    ),
    "Connection refused": tr("{host} takes no ssh connections on that port."),
    "timed out": tr(
        "{host} does not answer; it may be off, or reached only through another machine (ProxyJump)."
    ),
    "No route to host": tr("There is no way to {host} from this network."),
}
