"""The protocol document says what the code does."""

from sleapnn_engine.protocol.codec import (
    DTYPES,
    MAX_ARRAY_BYTES,
    MAX_AXES,
    MAX_EVENT_BYTES,
    MAX_REQUEST_BYTES,
)
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.events import KINDS
from sleapnn_engine.protocol.messages import PROTOCOL_VERSION
from sleapnn_engine.protocol.replay import RING_BYTES, RING_FRAMES
from sleapnn_engine.protocol.verbs import VERBS
from tests.architecture.protocol_tables import COMMAND, DOCUMENT, fill


def test_its_tables_are_those_of_the_code():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert fill(text) == text, COMMAND


def test_it_tells_of_every_kind_verb_and_connection_key():
    text = DOCUMENT.read_text(encoding="utf-8")
    headings = {line for line in text.splitlines() if line.startswith("### ")}
    assert {f"### `{name}`" for name in (*KINDS, *VERBS)} <= headings
    for key in Connection.__annotations__:
        assert f"| `{key}` |" in text


def test_its_numbers_are_those_of_the_code():
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    assert f"# The engine's protocol, version {PROTOCOL_VERSION}" in text
    assert f"JSON of an event has at most {MAX_EVENT_BYTES >> 20} MiB" in text
    assert f"arrays at most {MAX_ARRAY_BYTES >> 20} MiB" in text
    assert f"at most {MAX_AXES} axes" in text
    assert f"with at most {MAX_REQUEST_BYTES >> 10} KiB" in text
    assert f"newest {RING_FRAMES} ({RING_BYTES >> 20} MiB" in text
    assert all(f"`{name}`" in text for name in DTYPES)
