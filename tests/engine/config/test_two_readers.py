"""The quick reader of YAML and the one that words its errors: one dialect, whatever a text holds."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sleapnn_engine.config import yaml_dialect
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.presets import list_presets

SIGNS = [
    *"-:#?{}[],&*!|>'\"%@`\\~<=/ \n0a.",
    ": ",
    "- ",
    "? ",
    " #",
    "\n  ",
    "\t",
    "\r",
    "\r\n",
    "\x07",
    "\x85",
]
SIGNS += [
    "---\n",
    "...\n",
    "!!str ",
    "<<: *a",
    "&a ",
    "|-\n",
    "é",
    "\ud800",
    "null",
    "1e5",
    "1:30",
    "2026-01-01",
]

#: Where libyaml and PyYAML differ: each of these is taken by one of them only, or comes to something else.
APART = [
    "a:\tb",
    "!",
    "!  # x",
    ">#0",
    "|-#\n a",
    "[a?b]",
    "{a\n? |-\n.}",
    "a: [x, \ty]",
    "\ufeffa: 1",
    "a: !x",
]


#: All kinds of values that a tag can ask for, and texts that are some of them.
TAGS = (
    *(
        "binary",
        "bool",
        "float",
        "int",
        "map",
        "merge",
        "null",
        "omap",
        "pairs",
        "python/name:os.system",
        "seq",
        "set",
    ),
    *("str", "timestamp", "value"),
)
TAGGED = ("x", "''", "[1, 2]", "[a: 1]", "{a: 1}", "2020-01-01", "yes", "7", "aGk=")


def pieces() -> Iterator[str]:
    """Parts of presets with a few signs put in or replaced, and short rows of nothing but signs."""
    rng = random.Random(0)
    texts = [preset.path.read_text(encoding="utf-8") for preset in list_presets()]
    for _ in range(400):
        lines = rng.choice(texts).split("\n")
        at = rng.randrange(len(lines))
        text = "\n".join(lines[at : at + rng.randrange(1, 9)])
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(SIGNS) + text[at + rng.randrange(2) :]
        yield text
        yield "".join(rng.choice(SIGNS) for _ in range(rng.randrange(1, 12)))
    yield from APART
    yield from (f"a: !!{tag} {text}" for tag in TAGS for text in TAGGED)
    yield from texts


def outcome(text: str) -> Any:
    """The value, with types and order, or the sentence."""
    try:
        return repr(yaml_dialect.parse(text))
    except UserError as problem:
        return problem.message


def test_both_readers_read_alike_and_refuse_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    if not yaml.__with_libyaml__:
        pytest.skip("PyYAML has no libyaml here, so that there is one reader only")
    texts = list(pieces())
    quick = [outcome(text) for text in texts]
    monkeypatch.setattr(yaml_dialect, "_FAST", None)
    exact = [outcome(text) for text in texts]
    assert [pair for pair in zip(texts, quick, exact, strict=True) if pair[1] != pair[2]] == []


def test_what_a_tag_asks_for_is_a_plain_value_or_refused_in_a_sentence() -> None:
    """PyYAML ends in errors of its own where a text is not what its tag says, and makes dates, sets and bytes."""
    refused = set()
    for tag, text in itertools.product(TAGS, TAGGED):
        found = value_or_refusal(f"a: !!{tag} {text}")
        if isinstance(found, UserError):
            assert found.message.startswith("Line 1, column 4: ")
            assert "tag:" not in found.message
            refused.add(tag)
        else:
            assert type(found["a"]) in (bool, float, int, str, list, dict, type(None)), (tag, text)
    assert refused >= {"binary", "bool", "float", "int", "map", "omap", "pairs", "seq", "set", "timestamp"}


def value_or_refusal(text: str) -> Any:
    try:
        return yaml_dialect.parse(text)
    except UserError as refused:
        return refused
