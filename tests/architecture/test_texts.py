"""Texts that people read go through `tr`, written out where they stand, so that they are found and translated."""

import ast
import re
import string
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from sleapnn_gui.widgets.language import CONTEXT
from tests.architecture.sources import product_sources
from tests.architecture.texts import catalogue, name_of, texts

#: What is handed to these is read by a person, in any of their places.
READ = {
    "QLabel", "QPushButton", "QCheckBox", "QAction", "QGroupBox", "ElidedLabel", "TextToggle", "Tick", "caption",
    "heading", "setText", "setToolTip", "setStatusTip", "setPlaceholderText", "setAccessibleName",
    "setAccessibleDescription", "setWindowTitle", "setInformativeText", "addAction", "addRow", "show_message", "describe",
}  # fmt: skip
#: Names of files, programs and measures, severities and states: the same in every language, or not shown.
SAME = {
    "px",
    "events.jsonl",
    "sleap-nn",
    "sleapnn-gui",
    "error",
    "warning",
    "info",
    "hint",
    "change",
    "report",
    "fix",
    "attach",
}
WORD = re.compile(r"[a-z]{2}")


def calls() -> Iterator[tuple[str, ast.Call]]:
    for source in product_sources():
        if source.name.startswith("sleapnn_gui/"):
            for node in source.nodes:
                if isinstance(node, ast.Call):
                    yield f"{source.name}:{node.lineno}", node


def bare_words(node: ast.expr) -> Iterator[str]:
    """The words of an argument that are written as they are shown."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if WORD.search(node.value) and node.value not in SAME:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*bare_words(node.body), *bare_words(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from bare_words(value)
    elif isinstance(node, ast.BinOp):
        yield from (*bare_words(node.left), *bare_words(node.right))
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            if isinstance(value, ast.Constant) and WORD.search(re.sub("<[^>]*>?|[^<]*>", "", value.value)):
                yield value.value


def test_a_text_that_is_shown_goes_through_tr():
    bare = [
        f"{place}: {words}"
        for place, call in calls()
        if name_of(call.func) in READ
        for argument in call.args
        for words in bare_words(argument)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('"Save"', ["Save"]),
        ('tr("Save")', []),
        ('f"{count} runs"', [" runs"]),
        ('"all" if whole else name', ["all"]),
        ('"×"', []),
    ],
)
def test_a_text_that_does_not_is_noticed(code, found):
    assert list(bare_words(ast.parse(code, mode="eval").body)) == found


def test_what_is_translated_is_written_out_and_filled_in_afterwards():
    """`tr(f"{n} runs")` would look for every number of runs; a place without a value, or the other way, is a slip."""
    wrong = []
    for place, call in calls():
        if name_of(call.func) != "tr" or not call.args:
            continue
        said = call.args[0]
        if isinstance(said, ast.JoinedStr | ast.BinOp):
            wrong.append(f"{place}: {ast.unparse(said)}")
        given = {word.arg for word in call.keywords}
        if isinstance(said, ast.Constant) and given and set(places_of(said.value)) != given:
            wrong.append(f"{place}: {said.value}")
    assert wrong == []


def places_of(template: str) -> Iterator[str]:
    for _, name, spec, _ in string.Formatter().parse(template):
        if name is not None:
            yield name
            yield from places_of(spec or "")


def test_a_catalogue_has_every_text_and_keeps_what_is_translated():
    first = ElementTree.fromstring(catalogue("de"))
    assert first.findtext("context/name") == CONTEXT
    sources = [message.findtext("source") for message in first.iter("message")]
    assert len(sources) == len(set(sources)) == len(texts()) > 2000
    assert {"Save config", "%n frame", "Crop size", "Position and shape"} <= set(sources)
    given = {"Save config": "Config sichern", "No longer there": "Nicht mehr da"}
    older = "".join(
        f"<message><source>{text}</source><translation>{word}</translation></message>"
        for text, word in given.items()
    )
    second = ElementTree.fromstring(catalogue("de", f"<TS><context>{older}</context></TS>"))
    done = {one.findtext("source"): one.find("translation") for one in second.iter("message")}
    assert {text: done[text].text for text in given} == given
    assert [done[text].get("type") for text in (*given, "Undo")] == [None, "vanished", "unfinished"]
