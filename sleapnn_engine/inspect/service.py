"""The process that answers an editor: it hears questions at any time, answers each kind in a thread of its own."""

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.inspect.wanted import Cancelled, NotWanted
from sleapnn_engine.protocol.codec import DecodeError, decode_request, encode_arrays, encode_reply
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.messages import Reply, Request
from sleapnn_engine.protocol.pipe import MAX_TEXT_BYTES, PipeReader, encode_parts
from sleapnn_engine.protocol.questions import QUESTIONS

#: Takes what was asked and whether the answer is still wanted; gives the body and the arrays of the answer.
Answer = Callable[[Mapping[str, Any], Cancelled], tuple[dict[str, Any], dict[str, np.ndarray]]]

_READ_BYTES = 1 << 16
_REPLACED = "A newer question of the same kind has come."
_CANCELLED = "The question was taken back."

log = logging.getLogger("sleapnn_engine.inspect")


@attrs.define(eq=False)
class _Question:
    """One question until it is answered; `dropped` says why its answer is not wanted any more."""

    request: Request
    dropped: str = ""


class Service:
    """Answers questions; `send` takes the parts of each reply and may be called from any thread."""

    def __init__(self, answers: Mapping[str, Answer], *, send: Callable[[Sequence[bytes]], None]) -> None:
        self._send = send
        self._lanes = {kind: _Lane(kind, answer, self._reply) for kind, answer in answers.items()}

    def submit(self, parts: Sequence[bytes]) -> None:
        """Hear one message, whatever it is made of; returns at once."""
        try:
            request = decode_request(parts[0], limit=MAX_TEXT_BYTES)
        except DecodeError as error:
            return self._refuse(None, f"The question cannot be read: {error}.")
        verb = QUESTIONS.get(request.verb)
        if verb is None:
            return self._refuse(
                request.id, f"'{request.verb:.60}' is no question; there are {', '.join(QUESTIONS)}."
            )
        wrong = complaint(verb.fields, request.args, mode="wire")
        if wrong is not None:
            return self._refuse(request.id, f"{request.verb}: {wrong}.")
        if request.verb == "ping":
            return self._reply(Reply(request.id, ok=True, accepted=True, body={"pid": os.getpid()}))
        if request.verb == "cancel":
            heard = any(lane.cancel(request.args["id"]) for lane in self._lanes.values())
            return self._reply(Reply(request.id, ok=True, accepted=True, body={"heard": heard}))
        return self._lanes[request.verb].ask(_Question(request))

    def _refuse(self, number: int | None, reason: str) -> None:
        self._reply(Reply(number, ok=False, accepted=False, error=reason))

    def _reply(self, reply: Reply, arrays: Sequence[bytes] = ()) -> None:
        self._send([encode_reply(reply), *arrays])


class _Lane:
    """The questions of one kind: one is being answered, at most one waits, and a newer one replaces both."""

    def __init__(self, kind: str, answer: Answer, reply: Callable[..., None]) -> None:
        self._kind, self._answer, self._reply = kind, answer, reply
        self._arrived = threading.Condition()
        self._waiting: _Question | None = None
        self._current: _Question | None = None
        self._thread: threading.Thread | None = None

    def ask(self, question: _Question) -> None:
        """Queue a question and give up those before it."""
        with self._arrived:
            replaced, self._waiting = self._waiting, question
            if self._current is not None:
                self._current.dropped = _REPLACED
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"inspect-{self._kind}", daemon=True)
                self._thread.start()
            self._arrived.notify()
        if replaced is not None:
            self._drop(replaced, _REPLACED)

    def cancel(self, number: int) -> bool:
        """Give up the question of that number; whether it was still open."""
        with self._arrived:
            if self._current is not None and self._current.request.id == number:
                self._current.dropped = _CANCELLED
                return True
            if self._waiting is None or self._waiting.request.id != number:
                return False
            waiting, self._waiting = self._waiting, None
        self._drop(waiting, _CANCELLED)
        return True

    def _drop(self, question: _Question, why: str) -> None:
        self._reply(Reply(question.request.id, ok=True, accepted=False, error=why))

    def _work(self) -> None:
        while True:
            with self._arrived:
                self._current = None
                self._arrived.wait_for(lambda: self._waiting is not None)
                question, self._waiting = self._waiting, None
                assert question is not None
                self._current = question
            self._answer_one(question)

    def _answer_one(self, question: _Question) -> None:
        number, error = question.request.id, ""
        body: dict[str, Any] = {}
        arrays: list[bytes] = []
        try:
            body, found = self._answer(question.request.args, lambda: bool(question.dropped))
            if found:
                body["arrays"], arrays = encode_arrays(found)
            reply = Reply(number, ok=True, accepted=True, body=body)
            encode_reply(reply)
        except NotWanted:
            error = question.dropped or _CANCELLED
        except UserError as problem:
            error = str(problem)
        except ModuleNotFoundError as problem:
            error = (
                f"This needs the training engine, which is not installed here ({problem.name} is missing)."
            )
            body = {"missing": problem.name}
        except Exception as problem:  # guards the other questions from what one brings up: a mistake of ours
            log.exception("A question (%s) could not be answered.", self._kind)
            error = f"The engine could not answer this ({self._kind}): {type(problem).__name__}: {problem}"
        if question.dropped:
            return self._drop(question, question.dropped)
        if error:
            return self._reply(Reply(number, ok=True, accepted=False, error=error, body=body))
        return self._reply(reply, arrays)


def serve(answers: Mapping[str, Answer]) -> None:
    """Answer what comes through standard input until it ends. What anything else prints goes to standard error."""
    out, writing = os.dup(1), threading.Lock()
    os.dup2(2, 1)
    logging.getLogger("sleapnn_engine").addHandler(logging.NullHandler())

    def send(parts: Sequence[bytes]) -> None:
        left = memoryview(encode_parts(parts))
        with writing:
            try:
                while left:
                    left = left[os.write(out, left) :]
            except OSError:  # nobody reads any more; the input ends as well
                return

    reader, service = PipeReader(), Service(answers, send=send)
    while data := os.read(0, _READ_BYTES):
        for parts in reader.feed(data):
            service.submit(parts)
