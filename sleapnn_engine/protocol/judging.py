"""What a person should know of a result, judged from the figures of an epoch as its event tells them."""

from collections.abc import Mapping
from typing import Any

_TRY = (
    "Train for more epochs; if that does not help, try a larger sigma or another learning rate, and look whether the "
    "labels lie on the animals."
)


def nothing_found(error: Mapping[str, Any] | None) -> str:
    """What to try where a model finds nothing in the validation frames, or tells no animal right; '' else.

    `error` is that of an `epoch_end`: shares from 0 to 1, distances in px, None where nothing was labelled or found.
    """
    if error is None:
        return ""
    if error.get("f1") == 0:
        return f"The model finds no animal in the validation frames. {_TRY}"
    if all(error.get(name) is None for name in ("f1", "median_px", "class_accuracy")):
        return f"The model finds no body part in the validation frames. {_TRY}"
    if error.get("class_accuracy") == 0:
        return f"The model gives no animal of the validation frames its right identity. {_TRY}"
    return ""
