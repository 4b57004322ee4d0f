"""Whether the engine that a run folder names is there: the one answer that viewers, lists and commands go by."""

import os
from enum import StrEnum
from pathlib import Path

import attrs

from sleapnn_engine.protocol.connection import (
    Connection,
    ConnectionFileError,
    NoConnectionFileError,
    OtherProtocolError,
    UnreadableConnectionFileError,
    is_this_computer,
)
from sleapnn_engine.protocol.processes import (
    SLACK_SECONDS,
    NoProcessError,
    same_start,
    start_mark,
    start_time,
)


class Presence(StrEnum):
    """What a connection file and the processes of this computer say of the engine."""

    NONE = "none"
    """There is no connection file: no engine is at work."""
    PRESENT = "present"
    """The process that wrote the file runs on this computer. Whether it answers is another question."""
    GONE = "gone"
    """That process has ended without removing the file."""
    FOREIGN = "foreign"
    """Its number now belongs to another process, which is none of this run's business."""
    ELSEWHERE = "elsewhere"
    """The engine is, or was, on another computer."""
    OTHER_PROTOCOL = "other_protocol"
    """The engine is there and speaks another version of the protocol."""
    UNREADABLE = "unreadable"
    """The file may not be read, as that of another person's run."""
    DAMAGED = "damaged"
    """The file is none. An engine writes it whole, so this is what a fault of the disk leaves."""


AT_WORK = frozenset({Presence.PRESENT, Presence.ELSEWHERE, Presence.OTHER_PROTOCOL, Presence.UNREADABLE})
"""The engine may still be training, as far as can be seen from here."""

BEYOND_REACH = AT_WORK - {Presence.PRESENT}
"""It may, and cannot be talked to from here: its journal can be read and no more."""


@attrs.frozen(kw_only=True)
class EngineStatus:
    """What was seen of a run's engine. `text` says it in a sentence; `connection` is there when it can be reached."""

    presence: Presence
    text: str
    connection: Connection | None = None


def engine_status(run_dir: str | os.PathLike[str]) -> EngineStatus:
    """Look at the connection file of a run and at the process it names. Asks the engine nothing."""
    try:
        connection = Connection.read(Path(run_dir))
    except NoConnectionFileError as error:
        return EngineStatus(presence=Presence.NONE, text=str(error))
    except UnreadableConnectionFileError as error:
        return EngineStatus(
            presence=Presence.UNREADABLE,
            text=f"{error} Whether the run's engine is still at work cannot be told from here.",
        )
    except OtherProtocolError as error:
        return _other(error)
    except ConnectionFileError as error:
        return EngineStatus(
            presence=Presence.DAMAGED,
            text=f"{error} No running engine leaves it like that, so this one counts as gone.",
        )
    presence = judge(connection)
    text = _TEXTS[presence].format(pid=connection.pid, host=connection.host)
    return EngineStatus(presence=presence, text=text, connection=connection)


def judge(connection: Connection) -> Presence:
    """PRESENT, GONE, FOREIGN or ELSEWHERE. Takes up to half a second for files that do not tell when it began."""
    presence = _judge(connection.pid, connection.host, connection.process_started)
    if presence is not None:
        return presence
    # An older engine's file: its process had begun before the file was written, and keeps its port open.
    try:
        began = start_time(connection.pid)
    except NoProcessError:
        return Presence.GONE
    if began is not None and began > connection.started + SLACK_SECONDS:
        return Presence.FOREIGN
    return Presence.PRESENT if connection.answers() else Presence.GONE


def _judge(pid: int, host: str, began: str) -> Presence | None:
    """What can be said without the engine's ports; None when that is too little."""
    if not is_this_computer(host):
        return Presence.ELSEWHERE
    try:
        now = start_mark(pid)
    except NoProcessError:
        return Presence.GONE
    if not began or not now:
        return None
    return Presence.PRESENT if same_start(began, now) else Presence.FOREIGN


def _other(error: OtherProtocolError) -> EngineStatus:
    seen = None if error.pid is None else _judge(error.pid, error.host, error.process_started)
    if seen in (Presence.GONE, Presence.FOREIGN, Presence.ELSEWHERE):
        return EngineStatus(presence=seen, text=_TEXTS[seen].format(pid=error.pid, host=error.host))
    return EngineStatus(presence=Presence.OTHER_PROTOCOL, text=str(error))


_TEXTS = {
    Presence.PRESENT: "The engine (process {pid}) is at work on this computer.",
    Presence.GONE: "The engine (process {pid}) is gone; it did not end cleanly.",
    Presence.FOREIGN: (
        "The engine is gone; it did not end cleanly. Its process number {pid} now belongs to another program, "
        "which is left alone."
    ),
    Presence.ELSEWHERE: (
        "The engine of this run is on the computer “{host}”. From here its journal can be read; pause or stop it there."
    ),
}
