"""The connection file of a running engine, `<run>/engine.json`: where it is, and the token that opens it."""

import contextlib
import json
import os
import re
import secrets
import socket
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.protocol.messages import PROTOCOL_VERSION

#: Name of the connection file inside the run folder.
FILE_NAME = "engine.json"

#: A connection file is a few hundred bytes; anything much longer is something else.
_MAX_BYTES = 64 * 2**10

#: Only this computer, so that a run folder from elsewhere cannot make a viewer call home.
_ENDPOINT = re.compile(r"tcp://(127(?:\.\d{1,3}){3}|localhost|\[::1\]):(\d{1,5})")

#: How long a port gets to take a connection when asked whether anyone is there.
_KNOCK_SECONDS = 0.5


class ConnectionFileError(Exception):
    """The connection file is missing, unreadable or not ours; the text says which and what to do."""


@attrs.frozen(kw_only=True)
class Connection:
    """What a viewer needs to reach an engine.

    `started` is in Unix seconds. `host` is the computer the engine runs on, empty when the file does not say.
    """

    pid: int
    token: str = attrs.field(repr=False)
    events: str
    requests: str
    started: float
    run_dir: str
    host: str = ""
    protocol: int = PROTOCOL_VERSION

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Connection":
        """Read a connection file; `path` is the file or the run folder that holds it.

        Raises ConnectionFileError when there is none or it cannot be used.
        """
        file = Path(path)
        if file.is_dir():
            file = file / FILE_NAME
        try:
            with file.open("rb") as stream:
                data = stream.read(_MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise ConnectionFileError(
                f"{file} does not exist, so no engine is at work in this folder (a run that ends removes it)."
            ) from error
        except OSError as error:
            raise ConnectionFileError(f"{file} cannot be read: {error.strerror or error}.") from error
        try:
            if len(data) > _MAX_BYTES:
                raise ValueError("it is too long")
            return cls._from_values(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise ConnectionFileError(f"{file} is not a connection file of an engine: {error}.") from error

    @classmethod
    def _from_values(cls, values: Any) -> "Connection":
        if not isinstance(values, dict):
            raise ValueError("it holds no object")
        protocol = values.get("protocol")
        if protocol != PROTOCOL_VERSION:
            raise ValueError(
                f"the engine speaks version {protocol!r:.20} of the protocol, this program version "
                f"{PROTOCOL_VERSION}; use the program that came with the engine"
            )
        for key, kinds in _TYPES.items():
            if not isinstance(values.get(key), kinds) or isinstance(values[key], bool):
                raise ValueError(f"'{key}' is missing or of the wrong type")
        if values["pid"] <= 0:
            raise ValueError(f"'pid' is {values['pid']}, which is no process")
        for key in ("events", "requests"):
            if not _ENDPOINT.fullmatch(values[key]):
                raise ValueError(f"'{key}' is {values[key]!r:.80}, which is not a port of this computer")
        host = values.get("host", "")
        known = {key: values[key] for key in _TYPES}
        return cls(**known, host=host if isinstance(host, str) else "", protocol=protocol)

    def write(self, run_dir: str | os.PathLike[str]) -> Path:
        """Write the file into `run_dir`, for its owner's eyes only, whole or not at all; returns its path."""
        target = Path(run_dir) / FILE_NAME
        draft = target.with_name(f".{FILE_NAME}.{secrets.token_hex(4)}")
        text = json.dumps(attrs.asdict(self), indent=2) + "\n"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(draft, target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        return target

    def remove(self, run_dir: str | os.PathLike[str]) -> None:
        """Remove the file if it is still this engine's own."""
        with contextlib.suppress(ConnectionFileError, OSError):
            if Connection.read(run_dir).token == self.token:
                (Path(run_dir) / FILE_NAME).unlink()

    @property
    def is_here(self) -> bool:
        """Whether the engine runs on this computer, as far as the file says."""
        return self.host in ("", socket.gethostname())

    def process_alive(self) -> bool | None:
        """Whether the engine's process exists; None when that cannot be told from here."""
        if not self.is_here or os.name != "posix":
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True  # it exists and belongs to someone else
        return not _is_zombie(self.pid)

    def answers(self) -> bool:
        """Whether something takes connections on the engine's request port. Takes up to half a second."""
        found = _ENDPOINT.fullmatch(self.requests)
        if found is None:
            return False
        try:
            with socket.create_connection((found[1].strip("[]"), int(found[2])), timeout=_KNOCK_SECONDS):
                return True
        except (OSError, OverflowError):
            return False


_TYPES: dict[str, type | tuple[type, ...]] = {
    "pid": int,
    "token": str,
    "events": str,
    "requests": str,
    "started": (int, float),
    "run_dir": str,
}


def _is_zombie(pid: int) -> bool:
    """A process that has ended but was not yet collected by its parent still has a number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[:1] == [b"Z"]
