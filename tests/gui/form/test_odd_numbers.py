"""Whatever is typed or pasted in place of a number is kept as it is, said in one sentence, and taken back by undo."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.reader import BACKBONES, HEADS
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same
from sleapnn_engine.config.validate import validate
from sleapnn_gui.document import states
from sleapnn_gui.form.codecs import stepped
from sleapnn_gui.form.editors.line import LineEditor
from sleapnn_gui.form.editors.nullable import NullableEditor
from tests.engine.config.numbers import NUMBERS
from tests.gui.form.conftest import open_values
from tests.gui.form.test_every_key import NUMBERS as TYPED
from tests.gui.form.test_every_key import row_of

PASTED = ("nan", "inf", "1e400", "1" + "0" * 40, "9" * 5000, "true", "{}")
SET = (math.nan, math.inf, 1e308, 10**40, "inf", True, [], {})


def start(form) -> None:
    """A config with nothing wrong in it but that its labels are still to be chosen."""
    values = {"data_config": {"train_labels_path": ["a.slp"]}}
    tree.put(values, BACKBONES, {"unet": {}})
    tree.put(values, HEADS, {"single_instance": {}})
    open_values(form.document, values)


def some_of(texts: Sequence[Any], path: str, *, among: Sequence[str]) -> list[Any]:
    """Those for one field: fields of a kind divide the texts among them, at least three for each."""
    kind = kind_of(path)
    alike = [other for other in among if kind_of(other) == kind]
    count = min(max(3, math.ceil(len(texts) / len(alike))), len(texts))
    first = alike.index(path) * count
    return [texts[number % len(texts)] for number in range(first, first + count)]


def kind_of(path: str) -> tuple[object, ...]:
    """What decides which editor a number has and how it is judged."""
    meta = SPEC.keys[path].meta
    return meta.kind, meta.nullable, meta.rule, bool(meta.choices), meta.maximum is None, meta.minimum is None


def test_every_kind_of_field_takes_every_text():
    for texts, among in ((PASTED, TYPED), (SET, NUMBERS)):
        taken = {}
        for path in among:
            taken.setdefault(kind_of(path), set()).update(map(repr, some_of(texts, path, among=among)))
        assert all(found == set(map(repr, texts)) for found in taken.values())


def must(document, path) -> list[str]:
    return [
        issue.message
        for issue in document.issues(path)
        if f"{SPEC.keys[path].meta.label} must " in issue.message
    ]


def line_of(editor) -> LineEditor:
    if isinstance(editor, NullableEditor):
        editor.switch.buttons[1].click()
        editor = editor.inner
    assert isinstance(editor, LineEditor)
    return editor


def test_every_field_takes_what_is_pasted_as_it_is(form, facts):
    start(form)
    form.document.set_facts(facts)
    clipboard = QApplication.clipboard()
    for path in TYPED:
        row = row_of(form, path)
        document = form.document
        before, text, step = copy_values(document.values), document.to_yaml(), document.undo_stack.index()
        line = line_of(row.editor)
        for pasted in some_of(PASTED, path, among=TYPED):
            clipboard.setText(pasted)
            line.selectAll()
            line.paste()
            assert line.text() == pasted, path
            assert len(must(document, path)) == 1, (path, pasted)
            assert row.severity in ("error", "info"), (path, pasted)
        document.undo_stack.setIndex(step)
        assert same(document.values, before), path
        assert document.to_yaml() == text


def test_every_number_can_be_set_to_anything_and_taken_back(form, facts):
    start(form)
    document = form.document
    document.set_facts(facts)
    for path in NUMBERS:
        row_of(form, path)
        before, step = copy_values(document.values), document.undo_stack.index()
        for value in some_of(SET, path, among=NUMBERS):
            document.set_value(path, value)
            assert same(document.value(path), value), path
            assert len(must(document, path)) == 1, (path, value)
        document.undo_stack.setIndex(step)
        assert same(document.values, before), path


def test_an_edit_that_fails_changes_nothing_and_is_said(form, monkeypatch, caplog):
    start(form)
    document, said, path = form.document, [], "trainer_config.max_epochs"
    document.set_value(path, 20)
    before, count = copy_values(document.values), document.undo_stack.count()

    def broken(values):
        if tree.get(values, path) == 30:
            raise RuntimeError("a fault")
        return validate(values)

    monkeypatch.setattr(states, "validate", broken)
    document.edit_failed.connect(said.append)
    row = row_of(form, path)
    document.set_value(path, 30)
    document.edit_failed.disconnect(said.append)
    assert same(document.values, before)
    assert document.undo_stack.count() == count
    assert row.editor.value() == 20
    assert len(said) == 1
    assert "Most epochs" in said[0]
    assert "a fault" in caplog.text
    document.set_value(path, 40)
    assert tree.get(document.values, path) == 40


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400, 2.0**60])
def test_arrow_keys_step_nothing_that_is_out_of_all_bounds(value):
    for path in TYPED:
        assert stepped(SPEC.keys[path].meta, value, 10) is None
