"""What stands between a person and a run that lives: an engine that is silent, or a command that was not carried out."""

from functools import partial
from pathlib import Path

from sleapnn_engine.protocol.silence import CHOICE_SECONDS, silence_text
from sleapnn_gui.monitor.banner import Banner
from sleapnn_gui.monitor.ending import with_log
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.run.verbs import ON_RUN, refused_text
from sleapnn_gui.widgets.language import tr

END = "end the process"
"""The link that ends a process which says nothing any more."""


class Contact:
    """Says in the banner of the page what keeps a run from doing as it is told, for as long as that is true."""

    def __init__(self, banner: Banner) -> None:
        self._banner = banner
        banner.dismissed.connect(self._forget)
        self._session: RunSession | None = None
        self._refused, self._verb = "", ""

    def start_over(self, session: RunSession | None) -> None:
        """Another run is followed, or none."""
        self._session, self._refused = session, ""
        self._banner.clear(at_once=True)

    def follow_command(self, verb: str, stage: str, text: str) -> str:
        """How far a command has come; returns what is to be kept of it in the log.

        Of a command whose progress the window tells, the window tells this too.
        """
        if stage == "refused":
            said = refused_text(verb, text)
            if not ON_RUN[verb].over:
                self._verb, self._refused = verb, said
            return said
        if stage == "asked" or (stage == "past" and verb == self._verb):
            self._refused = ""
        return ""

    def _forget(self) -> None:
        self._refused = ""

    def refresh(self) -> None:
        """Show what is true now. How a run ended is for others to tell."""
        session = self._session
        if session is None or session.is_over:
            return
        if session.lost_contact:
            session.read_log(partial(self._show_silence, session))
        elif self._refused:
            self._banner.show_message(self._refused, severity="warning", closable=True)
        else:
            self._banner.clear()

    def _show_silence(self, session: RunSession, log: Path | None, lines: tuple[str, ...]) -> None:
        """Since when nothing is heard; ending the process is the person's choice, offered once waiting may be in vain."""
        if session is not self._session or not session.lost_contact:
            return
        quiet = session.quiet_seconds
        links = [(str(log), tr("Open {log}", log=log.name))] if log is not None else []
        choice = tr("Nothing is lost: what it writes is read when it answers again.")
        if quiet >= CHOICE_SECONDS and session.can("cancel"):
            links.append((END, tr("End its process…")))
            choice = tr("You can wait, for nothing is lost when it answers again; or end its process.")
        self._banner.show_message(
            f"{silence_text(quiet, pid=session.pid)} {choice}",
            severity="error",
            lines=with_log(lines, log),
            links=links,
        )
