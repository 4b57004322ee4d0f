"""The text beside the form: typed into, it is the config; while it is none, nothing is lost on either side."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest

from sleapnn_engine.config import tree
from sleapnn_engine.config.pairs import CENTRE, PARTS
from sleapnn_engine.config.presets import find_preset
from sleapnn_gui.document.drafts import decode, encode
from sleapnn_gui.document.files import open_preset
from sleapnn_gui.document.pair import paired
from sleapnn_gui.form.form_page import FormPage
from sleapnn_gui.form.yaml_pane import YamlPane
from sleapnn_gui.form.yaml_text import line_of

EPOCHS, SEED = "trainer_config.max_epochs", "trainer_config.seed"
TEXT = "# mine 😀\ntrainer_config:\n  seed: 3  # of luck\n  max_epochs: 10  # few\ndata_config: {}\n"
Wait = Callable[..., None]


@pytest.fixture
def pane(form: FormPage, wait_until: Wait, tmp_path: Path) -> Iterator[YamlPane]:
    (tmp_path / "mine.yaml").write_text(TEXT, encoding="utf-8")
    form.context.open(form.context.yaml)
    form.document.load(tmp_path / "mine.yaml")
    found = form.context.yaml
    wait_until(lambda: found.editor.text() == TEXT)
    yield found
    form.context.open(form.context.help)


def put_cursor(pane: YamlPane, path: str, *, at: str) -> None:
    """A click into the line of a key, and the cursor behind these words of it."""
    editor = pane.editor
    cursor = QTextCursor(editor.document().findBlockByNumber(line_of(editor.text(), path)))
    QTest.mouseClick(
        editor.viewport(), Qt.MouseButton.LeftButton, pos=editor.cursorRect(cursor).center() + QPoint(40, 0)
    )
    cursor.setPosition(cursor.position() + cursor.block().text().index(at) + len(at))
    editor.setTextCursor(cursor)


def test_what_is_typed_is_the_config_with_its_comments_and_order(
    form: FormPage, pane: YamlPane, wait_until: Wait, tmp_path: Path
) -> None:
    put_cursor(pane, EPOCHS, at="max_epochs: 10")
    assert form.page() == "epochs", "the form goes where the cursor is"
    assert pane.editor.hasFocus(), "and the cursor stays"
    QTest.keyClicks(pane.editor, "0")
    QTest.keyClick(pane.editor, Qt.Key.Key_End)
    QTest.keyClicks(pane.editor, ", I hope")
    wait_until(lambda: "hope" in form.document.to_yaml())
    assert form.document.value(EPOCHS) == 100
    assert form.row(EPOCHS).editor.value() == 100
    wanted = TEXT.replace("10  # few", "100  # few, I hope")
    assert form.document.to_yaml() == pane.editor.text() == wanted
    assert form.document.undo_stack.undoText() == "Edit Most epochs"
    QTest.qWait(1)
    form.document.save()
    assert (tmp_path / "mine.yaml").read_text(encoding="utf-8") == wanted
    form.document.set_value(SEED, 4)
    wait_until(lambda: pane.editor.text() == wanted.replace("seed: 3", "seed: 4"))
    cursor = pane.editor.textCursor()
    assert cursor.block().text().endswith("hope"), "the cursor stays in its line"
    assert cursor.atBlockEnd()


def test_what_is_typed_as_the_text_of_one_model_of_a_pair_is_not_read_as_that_of_the_other(
    form: FormPage, pane: YamlPane, wait_until: Wait
) -> None:
    document = form.document
    document.adopt(open_preset(find_preset("topdown_centered_instance_unet_medium_rf")))
    document.adopt_pair(paired(document.state, document.view))
    wait_until(lambda: "centered_instance" in pane.editor.text())
    QTest.keyClicks(pane.editor, "so far: [")
    typed, values = pane.editor.text(), document.values
    wait_until(lambda: bool(document.unread))
    document.turn(CENTRE)
    wait_until(lambda: "so far" not in pane.editor.text() and not pane.editor.isReadOnly())
    assert document.unread, "it waits, and would still be lost"
    put_cursor(pane, SEED, at="seed: ")
    QTest.keyClicks(pane.editor, "7")
    wait_until(lambda: document.value(SEED) != tree.get(values, SEED))
    document.turn(PARTS)
    wait_until(lambda: pane.editor.text() == typed)
    assert document.values == values
    pane.told.followed.emit()
    wait_until(lambda: "so far" not in pane.editor.text())
    assert document.unread == ""


def test_one_settled_edit_is_one_step(form: FormPage, pane: YamlPane, wait_until: Wait) -> None:
    put_cursor(pane, EPOCHS, at="max_epochs: ")
    for sign in "123":
        QTest.keyClicks(pane.editor, sign)
        wait_until(lambda sign=sign: f"{sign}10" in str(form.document.value(EPOCHS)))
    assert form.document.undo_stack.count() == 1
    QTest.keyClick(pane.editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "12310" in pane.editor.text(), "what counts already is taken back by the window"
    form.document.undo_stack.undo()
    wait_until(lambda: pane.editor.text() == TEXT)
    form.document.undo_stack.redo()
    wait_until(lambda: pane.editor.text() == TEXT.replace("10  #", "12310  #"))


def test_a_text_that_is_no_config_changes_nothing_and_is_kept(
    form: FormPage, pane: YamlPane, wait_until: Wait
) -> None:
    put_cursor(pane, SEED, at="seed: 3")
    QTest.keyClicks(pane.editor, ": 4")
    wait_until(pane.told.isVisible)
    assert pane.told.sentence.startswith("Line 3, column ")
    assert "stay as they were until this is mended" in pane.told.sentence
    typed = pane.editor.text()
    marked = [mark.cursor.blockNumber() for mark in pane.editor.extraSelections()]
    assert marked.count(2) == 2, "the setting in hand, and the mistake"
    assert not form.document.is_dirty
    form.document.set_value(EPOCHS, 12)
    wait_until(lambda: form.document.has_text)
    QTest.qWait(100)
    assert pane.editor.text() == typed
    put_cursor(pane, SEED, at="seed: 3: 4")
    for _ in range(4):
        QTest.keyClick(pane.editor, Qt.Key.Key_Backspace)
    QTest.keyClicks(pane.editor, "5")
    wait_until(lambda: form.document.value(SEED) == 5)
    assert not pane.told.isVisible()
    assert form.document.value(EPOCHS) == 12, "what the form said meanwhile stays"
    wait_until(lambda: "max_epochs: 12  # few" in pane.editor.text())


def test_what_was_typed_is_given_up_when_a_person_says_so(
    form: FormPage, pane: YamlPane, wait_until: Wait
) -> None:
    put_cursor(pane, SEED, at="seed:")
    QTest.keyClicks(pane.editor, "[")
    wait_until(pane.told.isVisible)
    pane.told.followed.emit()
    wait_until(lambda: pane.editor.text() == TEXT)
    assert not pane.told.isVisible()
    QTest.keyClicks(pane.editor, "[")
    wait_until(pane.told.isVisible)
    form.document.load(form.document.path)
    assert not pane.told.isVisible()
    wait_until(lambda: pane.editor.text() == TEXT)


def test_what_is_typed_counts_before_a_command(form: FormPage, pane: YamlPane) -> None:
    put_cursor(pane, EPOCHS, at="max_epochs: 1")
    QTest.keyClicks(pane.editor, "7")
    QTest.keyClick(pane.editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert form.document.value(EPOCHS) == 170


def test_sections_and_keys_are_typed_too(form: FormPage, pane: YamlPane, wait_until: Wait) -> None:
    put_cursor(pane, "data_config", at="data_config: {}")
    editor = pane.editor
    for _ in range(3):
        QTest.keyClick(editor, Qt.Key.Key_Backspace)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert editor.textCursor().block().text() == "  ", "what belongs to a section is indented"
    QTest.keyClicks(editor, "augmentation_config: {}")
    wait_until(lambda: form.document.section_on("data_config.augmentation_config"))
    assert "as text" in form.document.undo_stack.undoText() or "Edit" in form.document.undo_stack.undoText()
    cursor = editor.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, 2)
    editor.setTextCursor(cursor)
    QTest.keyClicks(editor, "null")
    wait_until(lambda: not form.document.section_on("data_config.augmentation_config"))
    assert "data_config.augmentation_config" in form.document.state.parked


def test_a_wrong_value_is_marked_in_its_line(form: FormPage, pane: YamlPane, wait_until: Wait) -> None:
    put_cursor(pane, EPOCHS, at="max_epochs: 10")
    QTest.keyClicks(pane.editor, "x")
    wait_until(lambda: form.document.value(EPOCHS) == "10x")
    assert any(issue.path == EPOCHS for issue in form.document.issues())
    assert [mark.cursor.blockNumber() for mark in pane.editor.extraSelections()] == [3, 3]


def test_a_key_that_is_not_shown_survives_typing(form: FormPage, pane: YamlPane, wait_until: Wait) -> None:
    form.document.set_value("trainer_config.wandb.api_key", "0123456789")
    form.document.set_section("trainer_config.wandb", True)
    wait_until(lambda: "api_key: null" in pane.editor.text())
    put_cursor(pane, EPOCHS, at="max_epochs: 1")
    QTest.keyClicks(pane.editor, "1")
    wait_until(lambda: form.document.value(EPOCHS) == 110)
    assert form.document.value("trainer_config.wandb.api_key") == "0123456789"
    found, *_ = decode(encode(form.document.state, at=0))
    assert "0123456789" not in str(found)
    assert found.typed == pane.editor.text(), "a draft holds the comments that were typed"


def test_ends_of_lines_stay_as_the_file_has_them(
    form: FormPage, pane: YamlPane, wait_until: Wait, tmp_path: Path
) -> None:
    (tmp_path / "dos.yaml").write_bytes(TEXT.replace("\n", "\r\n").encode())
    form.document.load(tmp_path / "dos.yaml")
    wait_until(lambda: "\r\n" in pane.editor.text())
    put_cursor(pane, EPOCHS, at="max_epochs: 10")
    QTest.keyClicks(pane.editor, "1")
    wait_until(lambda: form.document.value(EPOCHS) == 101)
    form.document.save()
    assert (tmp_path / "dos.yaml").read_bytes() == TEXT.replace("10 ", "101 ").replace("\n", "\r\n").encode()
