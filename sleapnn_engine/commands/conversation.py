"""What the commands that talk to a running engine have in common: find it, ask, wait until it is done."""

import sys
from pathlib import Path
from typing import Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol.client import EngineClient, EngineRefusedError, EngineSilentError
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.lines import event_line
from sleapnn_engine.protocol.messages import VERBS, Event

#: Exit code after Ctrl-C.
INTERRUPTED = 130

_POLL_MS = 200


def run_folder(text: str) -> Path:
    """Check that `text` names a folder that can be a run. Raises UserError (usage) otherwise."""
    folder = Path(text)
    if not folder.is_dir():
        raise UserError(
            "there is no such folder.",
            where=text,
            hint="Give the run folder that training printed.",
            usage=True,
        )
    return folder


def find_engine(folder: Path) -> Connection:
    """Read the connection file of a run folder. Raises UserError when no engine can be reached by it."""
    try:
        connection = Connection.read(folder)
    except ConnectionFileError as error:
        ended = (folder / JOURNAL_NAME).exists()
        hint = "The run is over; 'watch' shows what happened." if ended else "Start one with 'train'."
        raise UserError(str(error), hint=hint) from error
    if connection.process_alive() is False:
        raise UserError(
            f"the engine of this run (process {connection.pid}) is gone; it did not end cleanly.",
            where=str(folder),
            hint="'watch' shows how far it came, and run.log may say why.",
        )
    return connection


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


def order(folder: Path, verb: str, **args: Any) -> int:
    """Ask a running engine for something and wait until it is done; returns the exit code.

    Prints one line each when it is asked, accepted and done. Raises UserError when the engine refuses, is
    silent, or the run ends another way first.
    """
    connection = find_engine(folder)
    try:
        with EngineClient(connection, from_seq=None, frames=False) as client:
            say(f"asked: {verb}{''.join(f' ({key}: {value})' for key, value in args.items())}")
            _wait_known(client)
            reply = client.request(verb, timeout_ms=10_000, **args)
            if not reply.accepted:
                raise UserError(reply.error or "the engine gave no reason.", where=str(folder))
            say("accepted")
            event = _wait_done(client, VERBS[verb].done)
            say(f"done: {event_line(event)}")
            return 1 if event.kind == "failed" else 0
    except EngineRefusedError as error:
        raise UserError(str(error), where=str(folder)) from error
    except EngineSilentError as error:
        raise UserError(
            str(error),
            where=str(folder),
            hint=f"See whether process {connection.pid} is still at work on {connection.host or 'its host'}.",
        ) from error
    except KeyboardInterrupt:
        return INTERRUPTED


def _wait_known(client: EngineClient) -> None:
    """Wait for the engine's greeting, so that everything it does from the request on is seen."""
    for _ in range(50):
        client.poll(_POLL_MS)
        if client.engine:
            return
    raise EngineSilentError("The engine did not answer within 10 s.")


def _wait_done(client: EngineClient, kind: str) -> Event:
    """Wait for the event that says done; for a stop, a run that fails on the way is over as well."""
    warned = False
    while True:
        for event in client.poll(_POLL_MS):
            if event.kind == kind or (kind == "finished" and event.kind == "failed"):
                return event
            if event.kind in ("finished", "failed"):
                raise UserError(f"the run ended before that could be done: {event_line(event)}.")
        if client.lost and client.caught_up:
            warned = report_silence(client, warned=warned)


def report_silence(client: EngineClient, *, warned: bool) -> bool:
    """Say once that an engine is silent; raise UserError when its process is gone."""
    if client.connection.process_alive() is False:
        raise UserError(
            f"the engine (process {client.connection.pid}) is gone without a last word.",
            where=client.connection.run_dir,
            hint="run.log may say why; checkpoints written so far are kept.",
        )
    if not warned:
        print(
            "No sign of life from the engine for a few seconds; still waiting.", file=sys.stderr, flush=True
        )
    return True
