"""`sleapnn-engine watch RUN_DIR`: print what a run says until it ends; in a terminal with its curves below."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sleapnn_engine.commands.conversation import INTERRUPTED, SilenceReport, print_line, run_folder
from sleapnn_engine.commands.live_curves import LiveCurves
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol.client import EngineClient, EngineRefusedError
from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.event_text import event_line
from sleapnn_engine.protocol.events import LAST_KINDS
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.presence import BEYOND_REACH, Presence, engine_status
from sleapnn_engine.protocol.run_state import read_run

_POLL_MS = 200
#: How often the journal of a run on another computer is looked into.
_FAR_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run, running or over")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print each event as its line in the journal")
    shown.add_argument(
        "--plain", action="store_true", help="one line an event also in a terminal, without curves"
    )


def run(args: argparse.Namespace) -> int:
    """Print the whole run and, while it lasts, what comes; returns the exit code.

    0: the run finished. 1: it failed, or its engine is gone without a last word. 130: interrupted here.
    """
    folder = run_folder(args.run_dir)
    show = _show_json if args.json else _show_line
    curves = LiveCurves(sys.stdout) if sys.stdout.isatty() and not (args.json or args.plain) else None
    try:
        for event in _events(folder):
            (curves.show if curves is not None else show)(event)
            if event.kind in LAST_KINDS:
                return 0 if event.kind == "finished" else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the pipe has seen enough; without this, Python complains once more at its own end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        if curves is not None:
            curves.leave()
    record = read_run(folder)
    raise UserError(
        record.why if record is not None else "the run is not there any more.",
        where=str(folder),
        hint="run.log may say why; checkpoints written so far are kept.",
    )


def _show_json(event: Event) -> None:
    print_line(encode_event(event).decode("utf-8"))


def _show_line(event: Event) -> None:
    print_line(event_line(event))


def _events(folder: Path) -> Iterator[Event]:
    record, seen = read_run(folder), engine_status(folder)
    if record is None:
        raise UserError(
            "this is no run folder: it holds neither a connection file nor a journal.",
            where=str(folder),
            usage=True,
        )
    if record.is_over:
        return _past(folder)
    if seen.connection is not None and seen.presence is Presence.PRESENT:
        return _live(seen.connection)
    if seen.presence in BEYOND_REACH:
        print(seen.text, file=sys.stderr, flush=True)
    return _from_afar(folder)


def _past(folder: Path) -> Iterator[Event]:
    """The events of a run that is over, from its journal."""
    reader = JournalReader(folder)
    while events := reader.poll():
        yield from events
    reader.read_all()
    _warn(reader.pop_notices())


def _from_afar(folder: Path) -> Iterator[Event]:
    """The events of a run whose engine cannot be reached from here, as its journal grows, until it is over."""
    reader = JournalReader(folder)
    while True:
        over = engine_status(folder).presence not in BEYOND_REACH
        while events := reader.poll():
            yield from events
        _warn(reader.pop_notices())
        if over:
            return
        time.sleep(_FAR_SECONDS)


def _live(connection: Connection) -> Iterator[Event]:
    """The events of a run from its engine, and from the journal if the engine dies on the way."""
    try:
        with EngineClient(connection, frames=False) as client:
            silence = SilenceReport(client)
            while True:
                events = client.poll(_POLL_MS)
                yield from (event for event in events if event.kind != "heartbeat")
                _warn(client.pop_notices())
                silence.check()
    except EngineRefusedError as error:
        raise UserError(str(error), where=connection.run_dir) from error


def _warn(notices: list[str]) -> None:
    for notice in notices:
        print(notice, file=sys.stderr, flush=True)
