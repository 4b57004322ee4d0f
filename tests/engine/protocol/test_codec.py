"""Messages to bytes and back: golden files, strictness, bounds, numbers that are not finite, arrays."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleapnn_engine.protocol.codec import (
    DTYPES,
    MAX_EVENT_BYTES,
    DecodeError,
    decode_event,
    decode_reply,
    decode_request,
    encode_arrays,
    encode_event,
    encode_reply,
    encode_request,
)
from sleapnn_engine.protocol.events import KINDS, BatchEnd
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.verbs import VERBS
from tests.engine.protocol.examples import ARRAYS, BODIES, EVENTS, REPLIES, REQUESTS

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> bytes:
    """The bytes of a golden file, without the end of its line."""
    return (GOLDEN / name).read_bytes().removesuffix(b"\n")


def test_every_kind_and_verb_has_a_golden_file():
    assert set(KINDS) == set(EVENTS)
    assert set(VERBS) == set(REQUESTS)
    expected = {
        *(f"event.{kind}.json" for kind in KINDS),
        *(f"request.{verb}.json" for verb in VERBS),
        *(f"reply.{name}.json" for name in REPLIES),
        *(f"event.frame.{name}.bin" for name in ARRAYS),
    }
    assert {file.name for file in GOLDEN.iterdir()} == expected


@pytest.mark.parametrize("kind", KINDS)
def test_event_is_written_and_read_as_in_its_golden_file(kind: str):
    event = EVENTS[kind]
    raw = [golden_bytes(name) for name in event.arrays]
    assert encode_event(event) == golden(f"event.{kind}.json")
    assert encode_arrays(event.arrays)[1] == raw
    assert decode_event(golden(f"event.{kind}.json"), raw) == event


def golden_bytes(name: str) -> bytes:
    return (GOLDEN / f"event.frame.{name}.bin").read_bytes()


@pytest.mark.parametrize("verb", VERBS)
def test_request_is_written_and_read_as_in_its_golden_file(verb: str):
    assert encode_request(REQUESTS[verb]) == golden(f"request.{verb}.json")
    assert decode_request(golden(f"request.{verb}.json")) == REQUESTS[verb]


@pytest.mark.parametrize("name", REPLIES)
def test_reply_is_written_and_read_as_in_its_golden_file(name: str):
    assert encode_reply(REPLIES[name]) == golden(f"reply.{name}.json")
    assert decode_reply(golden(f"reply.{name}.json")) == REPLIES[name]


def test_events_differ_when_their_arrays_do():
    frame = EVENTS["frame"]
    other = decode_event(encode_event(frame), [bytes(8), golden_bytes("confmaps")])
    assert other != frame


def test_numbers_that_are_not_finite_travel_as_null_and_are_named():
    body = {
        "epoch": 0,
        "step": 1,
        "batch": 1,
        "loss": float("nan"),
        "losses": {"a": np.float32("inf"), "b": np.float64(2.5)},
        "seconds": float("-inf"),
    }
    line = encode_event(Event(1, 2.0, "batch_end", body))
    assert b"NaN" not in line
    assert b"Infinity" not in line
    event = decode_event(line)
    assert event.non_finite == ("loss", "losses.a", "seconds")
    assert event.body == {**body, "loss": None, "losses": {"a": None, "b": 2.5}, "seconds": None}
    assert decode_event(encode_event(event)) == event


def test_null_is_refused_where_no_hole_was_announced():
    line = golden("event.batch_end.json")
    message = json.loads(line)
    message["non_finite"] = ["losses.confmaps"]
    with pytest.raises(DecodeError, match="'loss' should be number, got NoneType"):
        decode_event(json.dumps(message).encode())


@pytest.mark.parametrize(
    "text", ["日本語/Ωmega é", "back\\slash\n\ttab", "\udcff\udc80 undecodable", "🙂" * 50, ""]
)
def test_any_text_survives(text: str):
    line = encode_event(Event(1, 2.0, "log", {"level": "info", "text": text}))
    assert b"\n" not in line
    assert decode_event(line).body["text"] == text


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=10,
        ),
        max_size=4,
    )
)
def test_unknown_kinds_come_back_as_plain_events(body: dict):
    event = decode_event(encode_event(Event(5, 1.5, "weather", body)))
    assert (event.seq, event.kind) == (5, "weather")
    if not event.non_finite:
        assert event.body == body


def test_unknown_keys_are_let_through():
    message = json.loads(golden("event.paused.json"))
    message["mood"] = "calm"
    message["body"]["reason"] = "lunch"
    event = decode_event(json.dumps(message).encode())
    assert event.body["reason"] == "lunch"


def changed(kind: str, /, **changes: object) -> bytes:
    return json.dumps({**json.loads(golden(f"event.{kind}.json")), **changes}).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "should be an object, got list"),
        (b"[" * 200_000, "not JSON"),
        (b'{"seq":1,"t":1,"kind":"x","body":{"a":' + b"9" * 5000 + b"}}", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"seq":1,"t":NaN,"kind":"log","body":{}}', "NaN is not JSON"),
        (b'{"seq":1,"t":1e999,"kind":"log","body":{}}', "'t'"),
        (b" " * (MAX_EVENT_BYTES + 1), "at most"),
        (changed("paused", seq="1"), "'seq'"),
        (changed("paused", seq=True), "'seq'"),
        (changed("paused", seq=0), "'seq'"),
        (changed("paused", seq=None), "'paused' needs number"),
        (changed("heartbeat", seq=4), "'heartbeat' has no number"),
        (changed("paused", t="now"), "'t'"),
        (changed("paused", t=True), "'t'"),
        (changed("paused", kind=7), "'kind'"),
        (changed("paused", kind="k" * 65), "'kind'"),
        (changed("paused", body=[]), "'body'"),
        (changed("paused", body={"epoch": 1}), "'step' is missing"),
        (changed("paused", body={"epoch": 1, "step": 1.5}), "'step' should be integer"),
        (changed("paused", body={"epoch": True, "step": 1}), "'epoch' should be integer"),
        (changed("log", body={"level": "info", "text": None}), "'text' should be text"),
        (changed("batch_end", non_finite="loss"), "'non_finite'"),
        (changed("frame", body={}), "frame"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else None,
)
def test_what_breaks_the_protocol_is_refused_with_a_reason(data: bytes, says: str):
    with pytest.raises(DecodeError) as refused:
        decode_event(data)
    assert says in str(refused.value)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (2, 3, 4), (1, 1, 1, 1, 2)])
def test_arrays_keep_values_dtype_and_shape(dtype: str, shape: tuple[int, ...]):
    array = (np.arange(np.prod(shape, dtype=int)) % 2).astype(dtype).reshape(shape)
    described, parts = encode_arrays({"a": array})
    body = {**EVENTS["frame"].body, "arrays": described}
    back = decode_event(encode_event(Event(1, 1.0, "frame", body)), parts).arrays["a"]
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


def test_arrays_in_any_memory_layout_are_sent_as_they_look():
    array = np.arange(24, dtype=">i4").reshape(4, 6)[::2, ::-1].T
    described, parts = encode_arrays({"a": array})
    back = np.frombuffer(parts[0], "<i4").reshape(described[0]["shape"])
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("array", [np.zeros(2, complex), np.array(["a"]), np.zeros((1,) * 6), [1, 2]])
def test_arrays_of_other_sorts_are_refused(array: object):
    with pytest.raises(ValueError, match="'odd'"):
        encode_arrays({"odd": array})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("described", "part"),
    [
        ({"name": "a", "dtype": "uint8", "shape": [3]}, b"1234"),
        ({"name": "a", "dtype": "uint8", "shape": [-4]}, b"1234"),
        ({"name": "a", "dtype": "uint8", "shape": [2.0, 2]}, b"1234"),
        ({"name": "a", "dtype": "object", "shape": [4]}, b"1234"),
        ({"name": "a", "dtype": "uint8", "shape": 4}, b"1234"),
        ({"name": "a", "dtype": "float32", "shape": [2**40, 2**40]}, b"1234"),
    ],
)
def test_arrays_that_do_not_fit_their_description_are_refused(described: dict, part: bytes):
    body = {**EVENTS["frame"].body, "arrays": [described]}
    with pytest.raises(DecodeError):
        decode_event(encode_event(Event(1, 1.0, "frame", body)), [part])


def test_arrays_nobody_announced_are_refused():
    with pytest.raises(DecodeError, match="1 arrays came, the event describes 0"):
        decode_event(golden("event.paused.json"), [b"1234"])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"id":"1","token":"t","verb":"ping"}', "'id'"),
        (b'{"id":1,"verb":"ping"}', "'token'"),
        (b'{"id":1,"token":"t","verb":null}', "'verb'"),
        (b'{"id":1,"token":"t","verb":"ping","args":[]}', "'args'"),
    ],
)
def test_malformed_requests_are_refused_with_a_reason(data: bytes, says: str):
    with pytest.raises(DecodeError, match=says):
        decode_request(data)


@pytest.mark.parametrize(
    "data", [b'{"id":1,"ok":1,"accepted":true,"body":{}}', b'{"id":1,"ok":true,"accepted":true,"body":null}']
)
def test_malformed_replies_are_refused(data: bytes):
    with pytest.raises(DecodeError):
        decode_reply(data)


@pytest.mark.parametrize("key", ["epoch", "step", "batch", "loss", "losses", "seconds"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "1",
        1,
        1.5,
        2**63,
        -(2**63),
        [],
        {},
        {"a": None},
        {"a": "x"},
        {"a": 1},
        {"a": True},
        {"a": 1.0},
    ],
    ids=repr,
)
def test_the_short_check_of_batches_lets_nothing_through_that_the_record_refuses(
    key: str, value: object
) -> None:
    body = {**BODIES["batch_end"], key: value}
    line = json.dumps({"seq": 1, "t": 1.0, "kind": "batch_end", "body": body}).encode()
    wrong = complaint(BatchEnd.fields(), body, mode="wire")
    if wrong is None:
        assert decode_event(line).body == body
    else:
        with pytest.raises(DecodeError, match="batch_end"):
            decode_event(line)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN"])
def test_a_batch_whose_loss_is_no_number_of_json_is_refused(number: str) -> None:
    body = json.dumps(BODIES["batch_end"]).replace('"loss": ', f'"loss": {number}, "x": ')
    with pytest.raises(DecodeError):
        decode_event(f'{{"seq":1,"t":1.0,"kind":"batch_end","body":{body}}}'.encode())
