"""What travels in the protocol, version 1: events, requests and replies; the kinds of event stand in `events`."""

from functools import cached_property
from typing import Any, TypeVar

import attrs
import numpy as np

from sleapnn_engine.protocol.events import KINDS, EventBody

Kind = TypeVar("Kind", bound=EventBody)

#: Raised only by a change that an older reader would misread; new keys, kinds and verbs do not raise it.
PROTOCOL_VERSION = 1

#: The two streams of the event socket a viewer can subscribe to, each below the token.
EVENT_STREAM = b"/events"
FRAME_STREAM = b"/frames"


def _arrays_equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name]) for name in one
    )


@attrs.frozen
class Event:
    """One thing the engine said.

    `body` holds it as it travelled, keys that this program does not know included, and `said` as attributes.
    `seq` counts from 1 within a run and is None for a heartbeat; `t` is in Unix seconds. `arrays` is filled
    for image kinds only. `non_finite` names the body keys (dotted) whose number was NaN or infinite and is
    None in `body`.
    """

    seq: int | None
    t: float
    kind: str
    body: dict[str, Any]
    arrays: dict[str, np.ndarray] = attrs.field(factory=dict, eq=attrs.cmp_using(eq=_arrays_equal))
    non_finite: tuple[str, ...] = ()

    @cached_property
    def typed(self) -> EventBody | None:
        """The body as one of the classes in `events`; None for a kind that this program does not know."""
        known = KINDS.get(self.kind)
        return None if known is None else known.read(self.body)

    def typed_as(self, kind: type[Kind]) -> Kind:
        """The body of an event that is known to be of a kind."""
        assert isinstance(self.typed, kind), f"a {self.kind} is no {kind.kind}"
        return self.typed


@attrs.frozen
class Request:
    """One thing a viewer asks; `token` proves that it may."""

    id: int
    token: str
    verb: str
    args: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Reply:
    """The answer to a request. `ok`: understood and allowed. `accepted`: answered, or will be acted upon."""

    id: int | None
    ok: bool
    accepted: bool
    error: str | None = None
    body: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Command:
    """A request the training loop acts on between two batches."""

    verb: str
    args: dict[str, Any] = attrs.field(factory=dict)
