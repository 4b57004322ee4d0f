"""`sleapnn-engine watch RUN_DIR`: print what a run says, one line an event, until it ends."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from sleapnn_engine.commands.conversation import INTERRUPTED, report_silence, run_folder, say
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol.client import EngineClient, EngineRefusedError
from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.lines import event_line
from sleapnn_engine.protocol.messages import LAST_KINDS, Event

_POLL_MS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run, running or over")
    parser.add_argument("--json", action="store_true", help="print each event as its line in the journal")


def run(args: argparse.Namespace) -> int:
    """Print the whole run and, while it lasts, what comes; returns the exit code.

    0: the run finished. 1: it failed, or its engine is gone without a last word. 130: interrupted here.
    """
    folder = run_folder(args.run_dir)
    try:
        for event in _events(folder):
            say(encode_event(event).decode("utf-8") if args.json else event_line(event))
            if event.kind in LAST_KINDS:
                return 0 if event.kind == "finished" else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the pipe has seen enough; without this, Python complains once more at its own end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    raise UserError(
        "the run has no last word: its engine was ended from outside, or the computer went down.",
        where=str(folder),
        hint="run.log may say why; checkpoints written so far are kept.",
    )


def _events(folder: Path) -> Iterator[Event]:
    try:
        connection = Connection.read(folder)
    except ConnectionFileError as error:
        if not (folder / JOURNAL_NAME).exists():
            raise UserError(
                "this is no run folder: it holds neither a connection file nor a journal.",
                where=str(folder),
                usage=True,
            ) from error
        return _past(folder)
    return _past(folder) if connection.process_alive() is False else _live(connection)


def _past(folder: Path) -> Iterator[Event]:
    """The events of a run that is over, from its journal."""
    reader = JournalReader(folder)
    while events := reader.poll():
        yield from events
    reader.read_all()
    _warn(reader.take_notices())


def _live(connection: Connection) -> Iterator[Event]:
    """The events of a run from its engine, and from the journal if the engine dies on the way."""
    warned = False
    try:
        with EngineClient(connection, frames=False) as client:
            while True:
                events = client.poll(_POLL_MS)
                yield from (event for event in events if event.kind != "heartbeat")
                _warn(client.take_notices())
                if client.lost and client.caught_up:
                    warned = report_silence(client, warned=warned)
    except EngineRefusedError as error:
        raise UserError(str(error), where=connection.run_dir) from error


def _warn(notices: list[str]) -> None:
    for notice in notices:
        print(notice, file=sys.stderr, flush=True)
