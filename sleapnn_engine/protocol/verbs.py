"""Every request that a running engine answers: what it takes, and how one knows that it is done."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from sleapnn_engine.protocol.fields import FLAG, INTEGER, TEXT, Field, list_of
from sleapnn_engine.protocol.stop_rules import complaint_of


@attrs.frozen(kw_only=True)
class Verb:
    """One kind of request. A `command` is queued for the training loop; the others are answered at once.

    `done` is the kind of event that says a command was carried out. One with words for the `terminal` is a command of
    the engine's command line as well, with no further options.
    """

    name: str
    doc: str
    fields: tuple[Field, ...] = ()
    command: bool = False
    done: str = ""
    terminal: str = ""
    check: Callable[[Mapping[str, Any]], str | None] | None = None
    """What says why arguments of the right form cannot be followed."""


_FRAMES_FIELD = Field(
    "frames", FLAG, "whether to send the frame events kept in memory too; default true", optional=True
)

_REQUESTS = (
    Verb(
        name="hello",
        doc="Who are you? Protocol version, process, run folder, state, number of the newest event.",
    ),
    Verb(
        name="snapshot",
        doc="Everything hello says, and the first page of events from a number on.",
        fields=(Field("from_seq", INTEGER, "first event wanted; 0: from the beginning"), _FRAMES_FIELD),
    ),
    Verb(
        name="replay",
        doc="One page of the events from one number to another, both included.",
        fields=(
            Field("from", INTEGER, "first event wanted"),
            Field("to", INTEGER, "last event wanted"),
            _FRAMES_FIELD,
        ),
    ),
    Verb(
        name="pause",
        doc="Stand still after the batch in progress.",
        command=True,
        done="paused",
        terminal="pause a running training",
    ),
    Verb(
        name="resume",
        doc="Go on after a pause.",
        command=True,
        done="resumed",
        terminal="resume a paused training",
    ),
    Verb(
        name="stop",
        doc="End training and write the files.",
        command=True,
        done="finished",
        fields=(
            Field(
                "after",
                TEXT,
                "when to end; default epoch",
                optional=True,
                choices=("batch", "epoch"),
                closed=True,
            ),
        ),
    ),
    Verb(
        name="stop_when",
        doc="End training by itself once any of these rules holds; they take the place of those before.",
        command=True,
        done="stop_rules",
        fields=(Field("rules", list_of(TEXT), "rules in words, for example “by 18:00”; none: no rule"),),
        check=complaint_of,
    ),
    Verb(
        name="checkpoint",
        doc="Write a checkpoint after the batch in progress.",
        command=True,
        done="checkpoint",
        terminal="have a running training write last.ckpt now",
    ),
    Verb(
        name="release_memory",
        doc="Hand unused GPU memory back.",
        command=True,
        done="memory_released",
        terminal="have a paused training give GPU memory to other programs",
    ),
    Verb(name="ping", doc="Are you there?"),
)

#: Every verb by name.
VERBS: dict[str, Verb] = {verb.name: verb for verb in _REQUESTS}
