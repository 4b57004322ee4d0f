"""What a training of sleap-nn says on SLEAP's ports, read as plain JSON within bounds and never as anything that could run."""

import math
from collections.abc import Mapping
from typing import Any

import attrs

from sleapnn_engine.config.plain_json import from_json

#: The ports that SLEAP's own window listens on and speaks on, where nobody chose others.
USUAL_PORTS = 9001, 9000

#: Its longest messages are of a few thousand bytes.
MAX_MESSAGE_BYTES = 256 * 2**10
_MOST_FIGURES = 512
_LONGEST_NAME = 200
_LONGEST_WORD = 64
_LARGEST_COUNT = 10**9

#: All that sleap-nn can be asked for.
STOP = b'{"command": "stop"}'


@attrs.frozen(kw_only=True)
class PeerMessage:
    """One message. `epoch` and `batch` count from 0, None where they are not said; `logs` has numbers, NaN included."""

    event: str
    what: str = ""
    epoch: int | None = None
    batch: int | None = None
    logs: Mapping[str, float] = attrs.field(factory=dict)

    @property
    def loss(self) -> float | None:
        """The loss of a batch."""
        return self.logs.get("loss", self.logs.get("train_loss"))

    @property
    def validation(self) -> float | None:
        """The validation loss of an epoch."""
        return self.logs.get("val/loss", self.logs.get("val_loss"))


def read_message(data: bytes) -> PeerMessage | None:
    """Read one message; None for what is too long, no JSON object, or names no event. Unknown keys are left aside."""
    if len(data) > MAX_MESSAGE_BYTES:
        return None
    try:
        message = from_json(data)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    event = _word(message.get("event"))
    if not event:
        return None
    return PeerMessage(
        event=event,
        what=_word(message.get("what")),
        epoch=_count(message.get("epoch")),
        batch=_count(message.get("batch")),
        logs=_figures(message.get("logs")),
    )


def _word(value: Any) -> str:
    """A short printable text; anything else counts as none."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_WORD and value.isprintable() else ""


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < _LARGEST_COUNT else None


def _figures(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    found: dict[str, float] = {}
    for name, number in value.items():
        if len(found) == _MOST_FIGURES:
            break
        if len(name) <= _LONGEST_NAME and type(number) in (int, float):
            found[name] = _float(number)
    return found


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf
