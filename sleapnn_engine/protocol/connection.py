"""The connection file of a running engine, `<run>/engine.json`: where it is, and the token that opens it."""

import contextlib
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.disk import read_ordinary, reason_of, write_whole
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.protocol.messages import PROTOCOL_VERSION

#: Name of the connection file inside the run folder.
FILE_NAME = "engine.json"

#: A connection file is a few hundred bytes; anything much longer is something else.
_MAX_BYTES = 64 * 2**10

#: Only this computer, so that a run folder from elsewhere cannot make a viewer call home.
_ENDPOINT = re.compile(r"tcp://(127(?:\.\d{1,3}){3}|localhost|\[::1\]):(\d{1,5})")

#: A key of CURVE as text: 32 bytes in Z85.
_KEY = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")

#: How long a port gets to take a connection when asked whether anyone is there.
_KNOCK_SECONDS = 0.5


class ConnectionFileError(Exception):
    """The connection file is missing, unreadable or not ours; the text says which and what to do."""


class NoConnectionFileError(ConnectionFileError):
    """There is no connection file."""


class UnreadableConnectionFileError(ConnectionFileError):
    """There is one, and the system does not let this program read it."""


class OtherProtocolError(ConnectionFileError):
    """An engine of another version wrote the file. What it says of process and host is kept as it stands."""

    def __init__(self, text: str, values: dict[str, Any]) -> None:
        super().__init__(text)
        pid, host, began = (values.get(key) for key in ("pid", "host", "process_started"))
        self.pid = pid if type(pid) is int and pid > 0 else None
        self.host = host if isinstance(host, str) else ""
        self.process_started = began if isinstance(began, str) else ""


@attrs.frozen(kw_only=True)
class Encrypted:
    """The same two sockets behind CURVE: `key` is the engine's public key, which only readers of the file have."""

    key: str = attrs.field(repr=False)
    events: str
    requests: str


@attrs.frozen(kw_only=True)
class Connection:
    """What a viewer needs to reach an engine.

    `started` is in Unix seconds. `host` is the computer the engine runs on, `process_started` tells its process from
    a later one of the same number (see `processes`); both are empty when the file does not say. `encrypted` is absent
    where an older engine wrote the file, or one without encryption.
    """

    pid: int
    token: str = attrs.field(repr=False)
    events: str
    requests: str
    started: float
    run_dir: str
    host: str = ""
    process_started: str = ""
    encrypted: Encrypted | None = None
    protocol: int = PROTOCOL_VERSION

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Connection":
        """Read a connection file; `path` is the file or the run folder that holds it.

        Raises ConnectionFileError when there is none or it cannot be used; its subclasses tell the ways apart.
        """
        file = Path(path)
        if os.path.isdir(file):  # unlike Path.is_dir, it never fails
            file = file / FILE_NAME
        try:
            data = read_ordinary(file, most=_MAX_BYTES)
        except FileNotFoundError as error:
            raise NoConnectionFileError(
                f"{file} does not exist, so no engine is at work in this folder (a run that ends removes it)."
            ) from error
        except OSError as error:
            raise UnreadableConnectionFileError(f"{file} cannot be read: {reason_of(error)}.") from error
        return cls.parse(data, named=str(file))

    @classmethod
    def parse(cls, data: bytes, *, named: str) -> "Connection":
        """Read what stands in a connection file, which is `named` so. Raises ConnectionFileError when it cannot be used."""
        try:
            if len(data) > _MAX_BYTES:
                raise ValueError("it is too long")
            values = from_json(data)
            if not isinstance(values, dict):
                raise ValueError("it holds no object")
            if values.get("protocol") != PROTOCOL_VERSION:
                raise OtherProtocolError(_other_protocol(named, values["protocol"]), values)
            return cls._from_values(values)
        except KeyError as error:
            raise ConnectionFileError(
                f"{named} is not a connection file of an engine: {error} is missing."
            ) from error
        except ValueError as error:
            raise ConnectionFileError(f"{named} is not a connection file of an engine: {error}.") from error

    @classmethod
    def _from_values(cls, values: dict[str, Any]) -> "Connection":
        for key, kinds in _TYPES.items():
            if not isinstance(values.get(key), kinds) or isinstance(values[key], bool):
                raise ValueError(f"'{key}' is missing or of the wrong type")
        if values["pid"] <= 0:
            raise ValueError(f"'pid' is {values['pid']}, which is no process")
        _require_ports(values)
        known = {key: values[key] for key in _TYPES}
        extra = {key: values[key] for key in ("host", "process_started") if isinstance(values.get(key), str)}
        return cls(**known, **extra, encrypted=_encrypted(values.get("encrypted")))

    def write(self, run_dir: str | os.PathLike[str]) -> Path:
        """Write the file into `run_dir`, for its owner's eyes only, whole or not at all; returns its path."""
        target = Path(run_dir) / FILE_NAME
        write_whole(target, json.dumps(attrs.asdict(self), indent=2) + "\n", mode=0o600)
        return target

    def remove(self, run_dir: str | os.PathLike[str]) -> None:
        """Remove the file if it is still this engine's own."""
        with contextlib.suppress(ConnectionFileError, OSError):
            if Connection.read(run_dir).token == self.token:
                (Path(run_dir) / FILE_NAME).unlink()

    @property
    def is_here(self) -> bool:
        """Whether the engine runs on this computer, as far as the file says."""
        return is_this_computer(self.host)

    def answers(self) -> bool:
        """Whether anything takes connections on the engine's request port, which is no proof that it is the engine.

        Takes up to half a second.
        """
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


def _require_ports(values: dict[str, Any]) -> None:
    for key in ("events", "requests"):
        if not isinstance(values.get(key), str) or not _ENDPOINT.fullmatch(values[key]):
            raise ValueError(f"'{key}' is {values.get(key)!r:.80}, which is not a port of this computer")


def _encrypted(values: object) -> Encrypted | None:
    if values is None:
        return None
    if not isinstance(values, dict):
        raise ValueError("'encrypted' is no object")
    _require_ports(values)
    key = values.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError("the 'key' of 'encrypted' is none")
    return Encrypted(key=key, events=values["events"], requests=values["requests"])


def _other_protocol(named: str, protocol: object) -> str:
    return (
        f"{named}: the engine of this run speaks version {protocol!r:.20} of the protocol, this program version "
        f"{PROTOCOL_VERSION}; use the program that came with the engine."
    )


def is_this_computer(host: str) -> bool:
    """Whether a connection file that names `host` was written here; one that names none counts as such."""
    return host in ("", socket.gethostname())
