"""What a person asked the engine for and how far it has come: asked, accepted, then done or refused, until that is past."""

from collections.abc import Callable
from concurrent.futures import Future

from sleapnn_engine.protocol.messages import Reply
from sleapnn_engine.protocol.verbs import VERBS
from sleapnn_gui.run.link import NoAnswerError
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.verbs import ON_RUN
from sleapnn_gui.widgets.language import tr

Tell = Callable[[str, str, str], None]
"""Called with verb, stage and text."""


class CommandTrack:
    """The commands under way, by verb. `tell` hears every stage once.

    One that was refused is `past` once that is no longer worth telling: it came about after all, or the run is where it
    makes no sense any more.
    """

    def __init__(self, tell: Tell) -> None:
        self._notify = tell
        self._open: list[str] = []
        self._accepted: set[str] = set()
        self._questions: dict[str, Future[Reply]] = {}
        self._refused: list[str] = []

    def is_open(self, verb: str) -> bool:
        """Whether `verb` was asked and is neither done nor refused."""
        return verb in self._open

    def ask(self, verb: str, question: "Future[Reply] | None" = None) -> None:
        """A command was asked for; `question` is the request that carries it, if it needs one."""
        self._open.append(verb)
        if verb in self._refused:
            self._refused.remove(verb)
        if question is not None:
            self._questions[verb] = question
        self._notify(verb, "asked", "")

    def accept(self, verb: str) -> None:
        """A command is being carried out."""
        if verb in self._open and verb not in self._accepted:
            self._accepted.add(verb)
            self._notify(verb, "accepted", "")

    def refuse(self, verb: str, why: str) -> None:
        """A command came to nothing."""
        if verb in self._open:
            self._drop(verb)
            self._refused.append(verb)
            self._notify(verb, "refused", why)

    def handle_event(self, kind: str, *, state: State, text: str = "") -> None:
        """An event of the engine: commands whose end it marks are done, whether or not their answer came yet.

        `state` is where the run is now, `text` what the event says in a sentence, if it does.
        """
        for verb in tuple(self._refused):
            if ON_RUN[verb].done == kind or state.value not in ON_RUN[verb].states:
                self._refused.remove(verb)
                self._notify(verb, "past", "")
        for verb in [verb for verb in self._open if verb in VERBS and VERBS[verb].done == kind]:
            self.accept(verb)
            self._drop(verb)
            self._notify(verb, "done", text)

    def pop_refusals(self) -> list[tuple[str, str]]:
        """Look at the answers that came: accepted ones are told, the others returned as (verb, why)."""
        refusals = []
        for verb, question in list(self._questions.items()):
            if not question.done():
                continue
            del self._questions[verb]
            why = _refusal(question)
            if why:
                refusals.append((verb, why))
            else:
                self.accept(verb)
        return refusals

    def close(self, state: State) -> None:
        """The run ended in `state`: what that fulfils is done, the rest refused; what was refused before is past."""
        for verb in self._refused:
            self._notify(verb, "past", "")
        for verb in self._open:
            fulfilled = verb == "cancel" or (verb == "stop" and state in (State.STOPPED, State.COMPLETED))
            self._notify(
                verb, "done" if fulfilled else "refused", "" if fulfilled else tr("The run had ended before.")
            )
        self._open.clear()
        self._refused.clear()
        self._accepted.clear()
        self._questions.clear()

    def _drop(self, verb: str) -> None:
        self._open.remove(verb)
        self._accepted.discard(verb)
        self._questions.pop(verb, None)


def _refusal(question: "Future[Reply]") -> str:
    """Why a request came to nothing; empty when it was accepted."""
    try:
        reply = question.result(timeout=0)
    except NoAnswerError as error:
        return str(error)
    if reply.ok and reply.accepted:
        return ""
    return reply.error or tr("The engine gave no reason.")
