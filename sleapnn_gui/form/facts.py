"""What the opened labels offer to the form: names to complete from."""

from collections.abc import Mapping
from typing import Any

from sleapnn_gui.form.codecs import show_edge

_WHERE = {"part": "nodes", "track": "tracks", "edge": "edges"}


def names_for(facts: Mapping[str, Any] | None, what: str) -> list[str]:
    """Names of all parts, tracks or limbs ("from → to") of the opened labels; [] while none are open."""
    found = (facts or {}).get(_WHERE.get(what, ""), [])
    return [show_edge(item) for item in found] if isinstance(found, (list, tuple)) else []
