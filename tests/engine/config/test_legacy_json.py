"""Comments and trailing commas in JSON, with strings left alone and every problem in its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.legacy.json_text import parse_json, plain_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1} // end', {"a": 1}),
        ('/* head\n over lines */ {"a": /* in the middle */ 1}', {"a": 1}),
        ('{"a": [1, 2,], "b": {"c": 3,\n},}', {"a": [1, 2], "b": {"c": 3}}),
        ('{"a": [1, // one\n 2, /* two */ ]}', {"a": [1, 2]}),
        (
            '{"url": "tcp://127.0.0.1:9000", "b": "/* kept */"}',
            {"url": "tcp://127.0.0.1:9000", "b": "/* kept */"},
        ),
        (r'{"a": "quote \" // not a comment", "b": ",]"}', {"a": 'quote " // not a comment', "b": ",]"}),
        ('\ufeff{"a": 1}', {"a": 1}),
    ],
)
def test_comments_and_commas(text, value):
    assert parse_json(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n  "a": 1\n  "b": 2}', "line 3, column 3"),
        ('{"a": 1, // why\n "b": }', "line 2, column 7"),
        ('{"a": 1 /* open', "never closed"),
        ('{"a": [1,,2]}', "line 1, column 10"),
        ("", "line 1, column 1"),
        ("[" * 100_000, "nests too deeply"),
        ("1" * 10_000, "far too long"),
    ],
)
def test_broken_json_names_the_place(text, says):
    with pytest.raises(UserError) as caught:
        parse_json(text, where="old.json")
    assert says in caught.value.message
    assert caught.value.where == "old.json"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(alphabet='a"\\/*,]}: \n'),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(alphabet='a"/*,'), children, max_size=3)
    ),
    max_leaves=12,
)


@given(_VALUES, st.sampled_from([None, 1]))
def test_plain_json_is_left_alone(value, indent):
    text = json.dumps(value, indent=indent)
    assert plain_json(text) == text


@given(_VALUES)
def test_comments_between_any_two_lines_change_nothing(value):
    lines = json.dumps(value, indent=1).splitlines()
    assert parse_json(' // " odd \n /* } */'.join([*lines, ""])) == value
