"""Answers requests: reads them, checks the token, gives what was asked for or the reason why not."""

import hmac
from collections.abc import Callable, Sequence
from typing import Any

from sleapnn_engine.protocol.codec import MAX_REQUEST_BYTES, DecodeError, decode_request, encode_reply
from sleapnn_engine.protocol.command_queue import CommandQueue
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.messages import Reply, Request
from sleapnn_engine.protocol.replay import Stretch
from sleapnn_engine.protocol.replay_pages import encode_page
from sleapnn_engine.protocol.verbs import VERBS

#: Parts of one reply: JSON first, then for a page its journal lines and its frames.
Parts = list[bytes]

#: Gives a stretch of events: first number, last number, whether with frames.
Recall = Callable[[int, int, bool], Stretch]


class RequestHandler:
    """Turns the bytes of one request into the parts of its reply; keeps no state of its own.

    `describe` returns what `hello` says; its `last_seq` bounds what can be recalled.
    """

    def __init__(
        self, *, token: str, commands: CommandQueue, recall: Recall, describe: Callable[[], dict[str, Any]]
    ) -> None:
        self._token = token.encode()
        self._commands = commands
        self._recall = recall
        self._describe = describe

    def answer(self, parts: Sequence[bytes]) -> Parts:
        """Answer one request, whatever it is made of."""
        if len(parts) != 1:
            return _refusal(None, f"A request is one part of JSON, this one has {len(parts)} parts.")
        if len(parts[0]) > MAX_REQUEST_BYTES:
            size = len(parts[0])
            return _refusal(None, f"The request has {size} bytes, at most {MAX_REQUEST_BYTES} are read.")
        try:
            request = decode_request(parts[0])
        except DecodeError as error:
            return _refusal(None, f"The request cannot be read: {error}.")
        if not self.is_token(request.token.encode("utf-8", "surrogatepass")):
            return _refusal(request.id, "The token is wrong; it stands in the run folder's engine.json.")
        verb = VERBS.get(request.verb)
        if verb is None:
            return _refusal(request.id, f"'{request.verb:.60}' is no request; there are {', '.join(VERBS)}.")
        wrong = complaint(verb.fields, request.args, mode="wire")
        if wrong is None and verb.check is not None:
            wrong = verb.check(request.args)
        if wrong is not None:
            return _refusal(request.id, f"{request.verb}: {wrong}.")
        return self._enqueue(request) if verb.command else self._answer_query(request)

    def is_token(self, said: bytes) -> bool:
        """Compare in a time that does not tell how much of the token was right."""
        return hmac.compare_digest(said, self._token)

    def _enqueue(self, request: Request) -> Parts:
        args = {"after": "epoch", **request.args} if request.verb == "stop" else dict(request.args)
        reason = self._commands.offer(request.verb, args)
        return [encode_reply(Reply(request.id, ok=True, accepted=reason is None, error=reason))]

    def _answer_query(self, request: Request) -> Parts:
        args, known = request.args, self._describe()
        match request.verb:
            case "hello":
                return [encode_reply(Reply(request.id, ok=True, accepted=True, body=known))]
            case "snapshot":
                return self._page(request, first=args["from_seq"], last=known["last_seq"], body=known)
            case "replay":
                return self._page(request, first=args["from"], last=min(args["to"], known["last_seq"]))
        return [encode_reply(Reply(request.id, ok=True, accepted=True))]

    def _page(self, request: Request, *, first: int, last: int, body: dict[str, Any] | None = None) -> Parts:
        stretch = self._recall(max(first, 1), last, request.args.get("frames", True))
        layout, parts = encode_page(stretch)
        reply = Reply(request.id, ok=True, accepted=True, body={**(body or {}), **layout})
        return [encode_reply(reply), *parts]


def _refusal(number: int | None, reason: str) -> Parts:
    return [encode_reply(Reply(number, ok=False, accepted=False, error=reason))]
