"""JSON from a file or another process: every way in which it can be wrong is one error."""

import json
from typing import Any


def from_json(text: str | bytes | bytearray) -> Any:
    """What stands in a text. Raises ValueError where it is no JSON, also where it is nested deeper than can be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
