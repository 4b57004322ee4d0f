"""What the commands that talk to a running engine have in common: find it, ask, wait until it is done."""

import sys
from pathlib import Path
from typing import Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol.client import LOST_SECONDS, EngineClient, EngineRefusedError
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.event_text import event_line
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.messages import Event, Reply
from sleapnn_engine.protocol.presence import BEYOND_REACH, Presence, engine_status, judge
from sleapnn_engine.protocol.silence import last_checkpoint, loss_text, silence_text
from sleapnn_engine.protocol.verbs import VERBS

#: Exit code after Ctrl-C.
INTERRUPTED = 130

#: Silence that is told, for the first time, and that ends the waiting for an answer.
TELL_SECONDS = 5.0
GIVE_UP_SECONDS = 60.0

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
    sight = engine_status(folder)
    if sight.connection is not None and sight.presence is Presence.PRESENT:
        return sight.connection
    hint = "'watch' shows how far it came, and run.log may say why."
    if sight.presence is Presence.NONE:
        ended = (folder / JOURNAL_NAME).exists()
        hint = "The run is over; 'watch' shows what happened." if ended else "Start one with 'train'."
    elif sight.presence in BEYOND_REACH:
        hint = "'watch' shows what its journal says."
    raise UserError(sight.text, where=str(folder), hint=hint)


def print_line(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


def order(folder: Path, verb: str, **args: Any) -> int:
    """Ask a running engine for something and wait until it is done; returns the exit code.

    Prints one line each when it is asked, accepted and done. Never touches the engine's process. Raises UserError when
    the engine refuses, stays silent, or the run ends another way first.
    """
    connection = find_engine(folder)
    try:
        with EngineClient(connection, from_seq=None, frames=False) as client:
            _wait_known(client)
            print_line(f"asked: {verb}{''.join(f' ({key}: {value})' for key, value in args.items())}")
            reply = _wait_reply(client, client.ask(verb, **args))
            if not reply.accepted:
                raise UserError(reply.error or "the engine gave no reason.", where=str(folder))
            print_line("accepted")
            event = _wait_done(client, VERBS[verb].done)
            print_line(f"done: {event_line(event)}")
            return 1 if event.kind == "failed" else 0
    except EngineRefusedError as error:
        raise UserError(str(error), where=str(folder)) from error
    except KeyboardInterrupt:
        return INTERRUPTED


class SilenceReport:
    """Tells on standard error, ever less often, that an engine is silent. One report goes with one client.

    `given_up` is what is added when an engine has been silent for `GIVE_UP_SECONDS`; without it there is no end.
    """

    def __init__(self, client: EngineClient, *, given_up: str = "") -> None:
        self._client = client
        self._given_up = given_up
        self._next = TELL_SECONDS

    def check(self) -> None:
        """Call often. Raises UserError when the engine's process is gone, or when it is time to give up."""
        client, quiet = self._client, self._client.quiet_seconds
        connection = client.connection
        if quiet < LOST_SECONDS:
            self._next = TELL_SECONDS
            return
        if judge(connection) in (Presence.GONE, Presence.FOREIGN):
            if client.caught_up or not client.engine:
                raise UserError(
                    f"the engine (process {connection.pid}) is gone without a last word.",
                    where=connection.run_dir,
                    hint="run.log may say why; checkpoints written so far are kept.",
                )
            return
        text = silence_text(quiet, pid=connection.pid)
        if self._given_up and quiet >= GIVE_UP_SECONDS:
            lost = loss_text(last_checkpoint(connection.run_dir))
            raise UserError(f"{text} {self._given_up}", where=connection.run_dir, hint=lost)
        if quiet >= self._next:
            self._next = 2 * self._next
            print(f"{text} Still waiting; Ctrl-C leaves the engine as it is.", file=sys.stderr, flush=True)


def _wait_known(client: EngineClient) -> None:
    """Wait for the engine's greeting, so that everything it does from the request on is seen."""
    silence = SilenceReport(client, given_up="Nothing was asked of it; repeat the command to ask again.")
    while not client.engine:
        client.poll(_POLL_MS)
        silence.check()


def _wait_reply(client: EngineClient, number: int) -> Reply:
    """Wait for the answer to a request; what happens meanwhile stays in the client."""
    silence = SilenceReport(
        client,
        given_up="It was asked, and does it when it goes on; repeat the command to ask again.",
    )
    while (reply := client.reply_to(number, timeout_ms=_POLL_MS)) is None:
        silence.check()
    return reply


def _wait_done(client: EngineClient, kind: str) -> Event:
    """Wait for the event that says done; for a stop, a run that fails on the way is over as well."""
    silence = SilenceReport(client)
    while True:
        for event in client.poll(_POLL_MS):
            if event.kind == kind or (kind == "finished" and event.kind == "failed"):
                return event
            if event.kind in ("finished", "failed"):
                raise UserError(f"the run ended before that could be done: {event_line(event)}.")
        silence.check()
