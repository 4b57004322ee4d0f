"""The classes of events: they are what travels, they take what a newer engine says, and odd numbers end nothing."""

import json
import math

import attrs
import pytest

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.codec import decode_event, encode_event
from sleapnn_engine.protocol.event_text import event_line
from sleapnn_engine.protocol.events import KINDS, EpochEnd, EventBody, Finished, Frame
from sleapnn_engine.protocol.fields import without_null
from sleapnn_engine.protocol.messages import Event
from tests.engine.protocol.examples import BODIES, EVENTS, body_of


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_what_was_said(kind):
    body = body_of(kind)
    said = KINDS[kind].read(body)
    optional = {field.name for field in attrs.fields(KINDS[kind]) if field.default is not attrs.NOTHING}
    assert {name: value for name, value in said.body.items() if name in body or name not in optional} == body
    assert KINDS[kind].read(said.body) == said


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_a_newer_engine_are_left_aside_and_stay_in_the_body(kind):
    event = EVENTS[kind]
    newer = attrs.evolve(event, body={**event.body, "mood": {"good": True}}, arrays={})
    read = decode_event(encode_event(newer))
    assert read.body["mood"] == {"good": True}
    assert read.typed == event.typed or math.isnan(read.typed.loss)
    assert not hasattr(read.typed, "mood")


def test_a_kind_of_a_newer_engine_says_nothing_here():
    event = decode_event(encode_event(Event(1, 2.0, "weather", {"sunny": True})))
    assert event.typed is None
    assert event.body == {"sunny": True}


def holes():
    """Each number of each kind that may not have been finite."""
    for kind, cls in KINDS.items():
        for name, hint in ((field.name, field.type) for field in attrs.fields(cls)):
            if without_null(hint)[0] is float:
                yield pytest.param(kind, name, id=f"{kind}-{name}")


@pytest.mark.parametrize(("kind", "name"), tuple(holes()))
def test_a_number_that_was_not_finite_can_be_read_and_told(kind, name):
    event = EVENTS[kind]
    line = encode_event(attrs.evolve(event, body={**event.body, name: math.nan}, arrays={}))
    read = decode_event(line)
    value = getattr(read.typed, name)
    assert value is None or math.isnan(value)
    assert "nan" not in event_line(read)


def test_what_earlier_engines_left_out_has_a_value():
    finished = EVENTS["finished"].typed_as(Finished)
    assert (finished.steps, list(finished.warnings)) == (0, [])
    frame = Frame.read({key: value for key, value in BODIES["frame"].items() if key != "pairs"})
    assert (frame.pairs, frame.identities) == (None, None)
    assert "pairs" not in frame.body


def test_an_event_is_not_taken_for_another():
    with pytest.raises(AssertionError, match="a finished is no epoch_end"):
        EVENTS["finished"].typed_as(EpochEnd)


def test_each_class_is_in_the_table_under_its_name():
    classes = [
        each for each in vars(events).values() if isinstance(each, type) and issubclass(each, EventBody)
    ]
    assert {each.kind: each for each in classes if each is not EventBody} == KINDS


def test_a_null_where_a_value_may_only_be_absent_is_refused():
    for kind, name in (("frame", "pairs"), ("finished", "steps"), ("started", "backbone")):
        line = json.loads(encode_event(attrs.evolve(EVENTS[kind], arrays={})))
        line["body"][name] = None
        with pytest.raises(ValueError, match=name):
            decode_event(json.dumps(line).encode())
