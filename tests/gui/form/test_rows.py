"""One row: change bar, reset, unit, automatic value, messages with their fix, hints."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton, QWidget

from sleapnn_engine.config.issue import Issue
from sleapnn_gui.form.editors.nullable import NullableEditor
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.message_line import MessageLine
from tests.gui.form.conftest import use
from tests.gui.form.driving import click, type_over

PRE = "data_config.preprocessing."
CENTERED = "model_config.head_configs.centered_instance.confmaps."


def row_of(form, path):
    use(form.document, path)
    assert form.reveal(path)
    return form.row(path)


def note(row):
    found = row.findChildren(ElidedLabel)
    return found[0].text() if found and found[0].isVisible() else ""


def reset_button(row):
    return next(b for b in row.findChildren(QToolButton) if b.accessibleName().startswith("Reset"))


def test_a_change_shows_and_is_taken_back(form):
    row = row_of(form, PRE + "scale")
    assert not row.is_changed
    type_over(row.editor, "0.5")
    assert row.is_changed
    button = reset_button(row)
    assert button.isVisible()
    assert button.toolTip() == "Back to 1.0"
    click(button)
    assert form.document.value(PRE + "scale") == 1.0
    assert row.editor.text() == "1"
    assert not row.is_changed
    assert not button.isVisible()


def test_nothing_fades_where_the_system_is_to_move_nothing(form, wait_until, monkeypatch):
    form.show_page("augmentation")
    row = form.row(
        "data_config.use_augmentations_train"
    )  # gone to by no other test, so that it does not glow yet
    strengths = []
    monkeypatch.setattr(row, "_set_glow", strengths.append)
    monkeypatch.setattr("sleapnn_gui.form.row.may_move", lambda widget: False)
    row.flash()
    wait_until(lambda: strengths[-1:] == [0.0], 5, "it is over")
    assert strengths == [1.0, 0.0]


def test_the_change_bar_is_drawn_in_the_accent(form, app):
    row = row_of(form, "trainer_config.max_epochs")
    form.document.set_value(row.path, 77)
    QTest.qWait(1400)  # until the flash of going to the row is over
    from sleapnn_gui.widgets.theme import current_theme

    assert row.grab().toImage().pixelColor(1, 18).name() == current_theme().hex("accent")


def test_typed_text_stays_as_typed(form):
    row = row_of(form, "trainer_config.optimizer.lr")
    type_over(row.editor, "5.0e-05")
    assert form.document.value(row.path) == 5e-5
    assert row.editor.text() == "5.0e-05"
    form.document.set_value("trainer_config.max_epochs", 3)
    assert row.editor.text() == "5.0e-05"


def test_an_untouched_value_keeps_its_type(form):
    from tests.gui.form.conftest import open_values

    open_values(form.document, {"trainer_config": {"max_epochs": "200", "optimizer": {"lr": 1}}})
    assert form.row("trainer_config.max_epochs").editor.value() == "200"
    assert isinstance(form.row("trainer_config.optimizer.lr").editor.value(), int)
    assert form.document.values == {"trainer_config": {"max_epochs": "200", "optimizer": {"lr": 1}}}


def test_unit_and_other_unit_stand_beside_the_value(form):
    form.document.set_value(PRE + "scale", 0.5)
    row = row_of(form, CENTERED + "sigma")
    form.document.set_value(CENTERED + "output_stride", 4)
    form.document.set_value(CENTERED + "sigma", 2.5)
    assert note(row) == "output cells = 10 px input"


def test_auto_shows_what_it_comes_to(form, facts):
    row = row_of(form, PRE + "max_height")
    assert note(row) == ""
    assert row.message == row.key.meta.null
    form.document.set_facts(facts)
    assert note(row) == "→ 1024 px"
    assert row.message == ""


def test_set_starts_from_what_auto_comes_to(form, facts):
    row = row_of(form, PRE + "max_width")
    form.document.set_facts(facts)
    click(row.editor.switch.buttons[1])
    assert form.document.value(PRE + "max_width") == 1280
    assert row.editor.inner.text() == "1280"
    assert note(row) == "px source"


def test_set_waits_for_input_where_nothing_is_known(form):
    row = row_of(form, "trainer_config.seed")
    click(row.editor.switch.buttons[1])
    assert form.document.value("trainer_config.seed") is None
    assert row.editor.is_set
    assert row.editor.inner.hasFocus()
    assert not form.document.undo_stack.canUndo()
    QTest.keyClicks(row.editor.inner, "7")
    assert form.document.value("trainer_config.seed") == 7
    QTest.keyClick(row.editor.inner, Qt.Key.Key_Backspace)
    assert row.editor.is_set
    assert form.document.value("trainer_config.seed") == ""
    assert row.severity == "error"


def test_all_names_are_the_start_of_a_choice_of_names(form, facts):
    row = row_of(form, CENTERED + "part_names")
    form.document.set_facts(facts)
    click(row.editor.switch.buttons[1])
    assert form.document.value(CENTERED + "part_names") == ["head", "thorax", "abdomen"]


def test_limbs_start_as_pairs(form, facts):
    row = row_of(form, "model_config.head_configs.bottomup.pafs.edges")
    form.document.set_facts(facts)
    click(row.editor.switch.buttons[1])
    assert form.document.value(row.path) == [["head", "thorax"], ["thorax", "abdomen"]]


def test_names_are_offered_while_typing(form, facts):
    row = row_of(form, CENTERED + "anchor_part")
    form.document.set_facts(facts)
    click(row.editor.switch.buttons[1])
    row.editor.inner.setFocus()
    QTest.keyClicks(row.editor.inner, "tho")
    completer = row.editor.inner.completer()
    assert completer.currentCompletion() == "thorax"
    assert completer.completionCount() == 1


def test_a_message_stands_under_the_row_and_its_link_mends(form):
    row = row_of(form, "model_config.backbone_config.unet.max_stride")
    type_over(row.editor, "abc")
    assert row.message == "Max stride must be a power of two from 2 to 1024 px input; it is “abc”."
    type_over(row.editor, "15")
    line = form.findChild(MessageLine, "issue:model_config.backbone_config.unet.max_stride")
    assert line.isVisible()
    assert row.severity == "error"
    assert line.geometry().top() > row.editor.geometry().bottom()
    line.focus_link()
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert row.editor.isAncestorOf(form.focusWidget()) or form.focusWidget() is row.editor
    assert form.document.value(row.path) == 16
    assert row.severity == ""


def test_the_worst_issue_is_shown_and_the_others_are_counted(form, wait_until):
    path = "trainer_config.ckpt_dir"
    row = row_of(form, path)
    issues = [Issue(path, "warning", "Far away."), Issue(path, "error", "Not writable.")]
    form.document.set_outside_issues("disk", issues)
    wait_until(lambda: row.severity == "error")
    assert row.message == "Not writable. (1 more)"
    form.document.set_outside_issues("disk", [])
    wait_until(lambda: row.severity == "")


def test_a_missing_file_is_marked_in_its_list(form, wait_until):
    path = "data_config.train_labels_path"
    row = row_of(form, path)
    form.document.set_value(path, ["here.slp", "gone.slp"])
    form.document.set_outside_issues("disk", [Issue(path, "error", "gone.slp does not exist.")])
    wait_until(lambda: row.severity == "error")
    from PySide6.QtWidgets import QListWidget

    listed = row.findChild(QListWidget)
    assert [listed.item(i).icon().isNull() for i in range(2)] == [True, False]
    form.document.set_outside_issues("disk", [])


def test_a_setting_without_effect_is_pale_and_says_why(form):
    row = row_of(form, PRE + "min_crop_size")
    use(form.document, CENTERED + "sigma")
    form.document.set_value(PRE + "crop_size", 160)
    assert row.message == "Only used while the crop size is automatic."
    assert row.label.foregroundRole() == QPalette.ColorRole.PlaceholderText
    assert row.editor.isEnabled()
    form.document.set_value(PRE + "crop_size", None)
    assert row.label.foregroundRole() == QPalette.ColorRole.WindowText
    assert row.message == ""


def test_one_reason_for_several_rows_is_said_once(form):
    rows = [row_of(form, f"trainer_config.wandb.{name}") for name in ("entity", "project", "group")]
    assert [bool(row.message) for row in rows] == [True, False, False]
    assert len({row.reason for row in rows}) == 1


def test_the_sentence_of_the_choice_is_shown(form):
    row = row_of(form, "trainer_config.optimizer_name")
    assert row.message == "The usual choice."
    click(row.editor.buttons[1])
    assert row.message == "Adam with weight decay, which can help large networks."


def test_an_unknown_choice_is_kept_and_shown(form):
    for path in (
        "trainer_config.trainer_accelerator",
        "trainer_config.optimizer_name",
        "data_config.data_pipeline_fw",
    ):
        form.document.set_value(path, "litdata")
        row = row_of(form, path)
        assert row.editor.value() == "litdata"
        assert row.severity == "error"
        assert form.document.value(path) == "litdata"


def test_an_open_choice_takes_any_name(form):
    row = row_of(form, "trainer_config.trainer_strategy")
    line = row.editor.lineEdit()
    line.selectAll()
    QTest.keyClicks(line, "deepspeed")
    assert form.document.value(row.path) == "deepspeed"
    # It is kept as typed, and what the engine says of it stands below.
    assert "deepspeed" in row.message
    line.selectAll()
    QTest.keyClicks(line, "Automatic")
    assert form.document.value(row.path) == "auto"


def test_a_secret_is_hidden_and_not_told(form):
    row = row_of(form, "trainer_config.wandb.api_key")
    click(row.editor.switch.buttons[1])
    QTest.keyClicks(row.editor.inner, "abc123")
    assert row.editor.inner.displayText() != "abc123"
    assert "abc123" not in form.document.to_yaml()
    assert "abc123" not in reset_button(row).toolTip()


def test_a_click_on_the_label_goes_to_the_editor(form):
    row = row_of(form, "trainer_config.max_epochs")
    form.setFocus()
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.label.geometry().center())
    assert row.editor.hasFocus()


def test_keys_sent_to_a_nullable_editor_reach_its_field(form):
    row = row_of(form, PRE + "crop_size")
    assert isinstance(row.editor, NullableEditor)
    click(row.editor.switch.buttons[1])
    form.setFocus()
    QTest.keyClicks(row.editor, "96")
    assert form.document.value(PRE + "crop_size") == 96


def test_the_message_line_is_named_by_the_key(form):
    row = row_of(form, "data_config.train_labels_path")
    assert row.severity == "error"
    assert form.findChild(QWidget, "issue:data_config.train_labels_path").isVisible()


@pytest.mark.parametrize("width", [1204, 1844])
def test_all_editors_of_a_page_are_equally_wide(form, width, wait_until):
    form.resize(width, 640)
    form.show_page("preprocessing")
    rows = [form.row(PRE + name) for name in ("scale", "max_height", "ensure_rgb")]

    def places():
        return {(row.editor.geometry().left(), row.editor.width()) for row in rows}

    wait_until(lambda: len(places()) == 1, 5, "the page has been laid out")
