"""All settings, one by one: entered by hand, seen in the document, saved, loaded and still the same."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.files import SECRETS
from sleapnn_engine.config.idle_settings import idle_reason, is_never_drawn
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same
from sleapnn_engine.config.values import problem_of
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.editors.line import LineEditor
from sleapnn_gui.form.editors.nullable import NullableEditor
from sleapnn_gui.form.registry import needs_switch
from tests.gui.form.conftest import use
from tests.gui.form.driving import enter, other_values, turn_wheel, type_over

KEYS = sorted(SPEC.edited)
NULLABLE = [path for path in KEYS if SPEC.keys[path].meta.nullable]
SWITCHED = [path for path in KEYS if needs_switch(SPEC.keys[path])]
TYPED = ("int", "float", "int_or_auto", "float_or_floats")
NUMBERS = [path for path in KEYS if SPEC.keys[path].meta.kind in TYPED]


def row_of(form, path):
    use(form.document, path)
    assert form.reveal(path)
    row = form.row(path)
    assert row is not None
    assert row.isVisible()
    return row


def test_every_editor_is_found_by_its_key(form):
    for path in KEYS:
        editor = form.findChild(QWidget, path)
        assert editor is form.row(path).editor, path
        assert form.findChild(QWidget, f"row:{path}") is form.row(path), path
        assert editor.accessibleName() == SPEC.keys[path].meta.label, path
        assert editor.accessibleDescription().startswith(SPEC.keys[path].meta.doc), path


@pytest.mark.parametrize("path", KEYS)
def test_what_is_entered_is_saved_and_comes_back(form, path, tmp_path):
    key, document = SPEC.keys[path], form.document
    values = other_values(key)
    if not values:
        pytest.skip("the setting has one value only")
    row = row_of(form, path)
    # What a head starts with need not be the default.
    values = [value for value in values if not same(value, document.value(path))]
    assert values
    for number, value in enumerate(values[:3]):
        document.reset(path)
        enter(row.editor, key, value)
        assert same(row.editor.value(), value)
        assert same(document.value(path), value)
        assert document.is_changed(path)
        assert row.is_changed
        document.save(tmp_path / f"{number}.yaml")
        again = Document()
        again.load(tmp_path / f"{number}.yaml")
        assert same(again.value(path), None if path in SECRETS else value)
        document.undo_stack.clear()


@pytest.mark.parametrize("path", KEYS)
def test_set_value_acts_as_a_person_would(form, path):
    key = SPEC.keys[path]
    values = other_values(key)
    if not values:
        pytest.skip("the setting has one value only")
    use(form.document, path)
    # What a head starts with need not be the default.
    value = next(value for value in values if not same(value, form.document.value(path)))
    editor, told = form.row(path).editor, []
    editor.value_edited.connect(told.append)
    editor.set_value(value)
    editor.set_value(value)
    editor.value_edited.disconnect(told.append)
    assert same(form.document.value(path), value)
    assert len(told) == 1
    assert same(told[0], value)


@pytest.mark.parametrize("path", NULLABLE)
def test_null_and_back(form, path):
    key, document = SPEC.keys[path], form.document
    value = other_values(key)[0]
    row = row_of(form, path)
    document.set_value(path, value)
    assert same(row.editor.value(), value)
    row.editor.set_value(None)
    assert document.value(path) is None
    assert row.editor.value() is None
    document.set_value(path, value)
    assert same(document.value(path), value)
    assert same(row.editor.value(), value)


@pytest.mark.parametrize("path", SWITCHED)
def test_switching_to_null_and_back_keeps_what_was_entered(form, path):
    key, document = SPEC.keys[path], form.document
    value = other_values(key)[0]
    row = row_of(form, path)
    assert isinstance(row.editor, NullableEditor)
    enter(row.editor, key, value)
    enter(row.editor, key, None)
    assert document.value(path) is None
    row.editor.switch.buttons[1].click()
    assert same(document.value(path), value)
    if isinstance(row.editor.inner, LineEditor):
        assert row.editor.inner.selectedText() == row.editor.inner.text(), "the next key types over it"


@pytest.mark.parametrize("path", NUMBERS)
def test_text_that_is_no_number_stays_and_is_explained(form, path):
    row = row_of(form, path)
    if isinstance(row.editor, NullableEditor):
        row.editor.switch.buttons[1].click()
    line = row.editor.inner if isinstance(row.editor, NullableEditor) else row.editor
    type_over(line, "5 px")
    assert line.text() == "5 px"
    assert row.editor.value() == "5 px"
    assert form.document.value(path) == "5 px"
    assert row.severity == "error"
    assert row.message
    assert form.findChild(QWidget, f"issue:{path}").isVisible()
    assert line.property("problem") == "error"


@pytest.mark.parametrize("path", [p for p in NUMBERS if SPEC.keys[p].meta.minimum is not None])
def test_a_number_out_of_range_is_not_clamped(form, path):
    row, wrong = row_of(form, path), SPEC.keys[path].meta.minimum - 1
    if isinstance(row.editor, NullableEditor):
        row.editor.switch.buttons[1].click()
    line = row.editor.inner if isinstance(row.editor, NullableEditor) else row.editor
    type_over(line, str(wrong))
    line.clearFocus()
    assert form.document.value(path) == wrong
    assert line.text() == str(wrong)
    assert problem_of(SPEC.keys[path], wrong) is not None
    view = ConfigReader(form.document.values)
    idle = idle_reason(view, path) or is_never_drawn(view, path)
    assert row.severity == ("info" if idle else "error")


def test_the_wheel_changes_nothing_and_is_left_to_the_page(form):
    turned = 0
    for path in KEYS:
        editor, before = form.row(path).editor, form.document.value(path)
        editor.setFocus()
        for widget in (editor, *editor.findChildren(QWidget)):
            for steps in (-1, 1):
                assert not turn_wheel(widget, steps=steps), (path, widget)
                turned += 1
        assert same(form.document.value(path), before), path
        assert same(editor.value(), before), path
    assert turned > 2 * len(KEYS)
    assert not form.document.undo_stack.canUndo()


def test_the_keys_that_stand_still_need_no_test_of_their_own():
    """The only settings without a second value are those with a single choice."""
    single = [path for path in KEYS if not other_values(SPEC.keys[path])]
    assert single == ["data_config.provider"]


def test_numbers_step_with_the_arrow_keys(form):
    row = row_of(form, "trainer_config.optimizer.lr")
    QTest.keyClick(row.editor, Qt.Key.Key_Up)
    assert form.document.value(row.path) == 2e-4
    assert row.editor.text() == "2e-4"
    QTest.keyClick(row.editor, Qt.Key.Key_Down)
    assert row.editor.text() == "1e-4"
    assert not form.document.is_changed(row.path)
