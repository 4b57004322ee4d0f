"""The pane beside the rows: help of every setting, the live YAML, the list of differences."""

import html

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.meta import UNITS
from sleapnn_engine.config.presets import find_preset
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import leaves
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.changes import Change, changes
from sleapnn_gui.form.diff_pane import ChangeRow
from sleapnn_gui.form.help_text import UNIT_NOTES, key_help, section_help
from sleapnn_gui.form.yaml_text import line_of, path_at
from tests.gui.form.conftest import open_values, use
from tests.gui.form.driving import click, type_over

SIGMA = "model_config.head_configs.single_instance.confmaps.sigma"


def entries(form):
    return [(row.change.label, row.change.old, row.change.new) for row in form.context.diff.list.rows()]


@pytest.mark.parametrize("path", sorted(SPEC.edited))
def test_help_says_all_that_is_known(form, path):
    meta = SPEC.keys[path].meta
    form.context.help.show_path(path)
    text = form.context.help.text()
    assert meta.doc in text
    assert "Default" in text
    if meta.null:
        assert meta.null in text
    if meta.unit_text:
        assert meta.unit_text in text
    for choice in meta.choices:
        assert choice.label in text
        assert choice.doc in text


def test_every_unit_is_explained():
    used = {key.meta.unit for key in SPEC.edited.values()} - {"none"}
    assert used <= set(UNIT_NOTES) <= set(UNITS)


def test_sections_have_help_too():
    document = Document()
    for path, section in SPEC.sections.items():
        if path:
            assert html.escape(section.meta.doc) in section_help(document, path)


def test_help_gives_both_sizes_and_the_reason_for_no_effect(form):
    use(form.document, SIGMA)
    form.document.apply_values({SIGMA: 2.5, SIGMA.replace("sigma", "output_stride"): 4}, "test")
    assert "2.5 output cells = 10 px input" in key_help(form.document, SIGMA)
    form.document.choose("model_config.head_configs", "bottomup")
    assert "Not in use" in key_help(form.document, SIGMA)


def test_help_follows_the_focus_and_the_value(form):
    form.reveal("trainer_config.max_epochs")
    type_over(form.row("trainer_config.max_epochs").editor, "33")
    assert form.context.help.path == "trainer_config.max_epochs"
    assert "33 epochs" in form.context.help.text()
    form.row("trainer_config.seed").editor.setFocus()
    assert form.context.help.path == "trainer_config.seed"


def test_a_page_introduces_itself(form):
    form.setFocus()
    form.show_page("mining")
    assert "hard to find" in form.context.help.text()
    assert form.context.help.path == ""


def test_the_key_is_copied(form):
    form.reveal(SIGMA)
    copy = next(
        b for b in form.context.help.findChildren(QToolButton) if b.accessibleName() == "Copy the YAML key"
    )
    click(copy)
    assert QGuiApplication.clipboard().text() == form.context.help.path


def test_a_secret_is_not_told(form):
    form.document.set_value("trainer_config.wandb.api_key", "abc123")
    assert "abc123" not in key_help(form.document, "trainer_config.wandb.api_key")
    assert "abc123" not in repr([(c.old, c.new) for c in changes(form.document)])


@pytest.mark.parametrize(
    "preset", sorted(path.name for path in resource_path("presets").glob("config_*.yaml"))
)
def test_every_key_of_a_preset_is_found_in_its_text(preset):
    document = Document()
    document.load(resource_path("presets", preset))
    for text in (document.to_yaml(), resource_path("presets", preset).read_text(encoding="utf-8")):
        lines = text.splitlines()
        for path, _ in leaves(document.values):
            number = line_of(text, path)
            assert number >= 0, path
            assert lines[number].strip().startswith(path.rpartition(".")[2] + ":")


def test_the_line_of_each_key_leads_back_to_it():
    text = find_preset("bottomup_unet_medium_rf").path.read_text(encoding="utf-8")
    for path in SPEC.edited:
        number = line_of(text, path)
        if number >= 0:
            assert path_at(text, number) == path
    assert path_at("a:\n  - b\n  - c\nd: 1", 2) == "a"
    assert path_at("# nothing yet", 0) == ""


def test_a_key_that_is_not_there_has_no_line():
    assert line_of("a:\n  b: 1\n", "a.c") == -1
    assert line_of("a:\n  b: 1\nb: 2\n", "b") == 2
    assert line_of("# a: 1\na:\n- x: 1\n- b: 2\n", "a.b") == -1


def test_the_yaml_is_live_and_marks_the_focused_line(form, wait_until):
    form.context.open(form.context.yaml)
    form.reveal("trainer_config.max_epochs")
    type_over(form.row("trainer_config.max_epochs").editor, "123")
    pane = form.context.yaml
    wait_until(lambda: "max_epochs: 123" in pane.editor.text())
    assert pane.editor.text().splitlines()[pane.marked_line()].strip() == "max_epochs: 123"
    assert len(pane.editor.extraSelections()) == 1
    form.context.open(form.context.help)


def test_the_text_of_the_last_of_many_edits_is_made_unseen_and_is_what_saving_writes(
    form, wait_until, tmp_path
):
    document = form.document
    text = "# mine\ntrainer_config:\n  max_epochs: 10  # few\n"
    (tmp_path / "mine.yaml").write_text(text)
    document.load(tmp_path / "mine.yaml")
    pane = form.context.yaml
    assert not pane.isVisible()
    for epochs in range(11, 30):
        document.set_value("trainer_config.max_epochs", epochs)
        QTest.qWait(3)
    assert not document.has_text
    wait_until(lambda: document.has_text)
    assert document.to_yaml() == text.replace("10", "29") == dump_config(document.values, base=text)
    document.save()
    assert document.has_text
    assert (tmp_path / "mine.yaml").read_text() == document.to_yaml()
    document.set_value("trainer_config.max_epochs", 30)
    form.context.open(pane)
    wait_until(lambda: "max_epochs: 30  # few" in pane.editor.text())
    document.undo_stack.undo()
    wait_until(lambda: "max_epochs: 29  # few" in pane.editor.text())
    form.context.open(form.context.help)


def test_differences_are_listed_counted_and_taken_back(form):
    open_values(form.document, {"trainer_config": {"max_epochs": 10}})
    form.context.open(form.context.diff)
    assert form.context.titles()[-1] == "Diff"
    assert any("Nothing differs" in label.text() for label in form.context.diff.findChildren(QLabel))
    form.document.set_value("trainer_config.max_epochs", 20)
    form.document.set_value("data_config.validation_fraction", 0.2)
    assert form.context.titles()[-1] == "Diff 2"
    assert set(entries(form)) == {("Most epochs", "10", "20"), ("Validation share", "0.1", "0.2")}
    row = next(row for row in form.context.diff.list.rows() if row.change.label == "Most epochs")
    click(row.findChild(QToolButton))
    assert form.document.value("trainer_config.max_epochs") == 10
    assert entries(form) == [("Validation share", "0.1", "0.2")]
    form.context.open(form.context.help)


def test_a_click_on_a_difference_goes_there(form):
    form.context.open(form.context.diff)
    form.document.set_value("trainer_config.seed", 4)
    QTest.mouseClick(form.context.diff.list.rows()[0], Qt.MouseButton.LeftButton)
    assert form.page() == "epochs"
    form.context.open(form.context.help)


def test_choices_and_switches_are_one_difference_each(form):
    open_values(
        form.document,
        {
            "data_config": {"augmentation_config": None},
            "model_config": {
                "head_configs": {"centroid": SPEC.defaults("model_config.head_configs.centroid")}
            },
        },
    )
    form.document.choose("model_config.head_configs", "bottomup")
    form.document.set_section("data_config.augmentation_config", True)
    found = {change.path: change for change in changes(form.document)}
    head = found["model_config.head_configs"]
    assert (head.old, head.new) == ("Where are the animals", "Several animals at once")
    switch = found["data_config.augmentation_config"]
    assert (switch.old, switch.new) == ("off", "on")
    head.undo()
    switch.undo()
    assert form.document.chosen("model_config.head_configs") == "centroid"
    assert changes(form.document) == []


def test_the_schedule_that_is_on_by_default_is_no_difference(form):
    assert changes(form.document) == []
    form.document.choose("trainer_config.lr_scheduler", None)
    (change,) = changes(form.document)
    assert (change.label, change.old, change.new) == ("Learning rate schedule", "On plateaus", "none")
    change.undo()
    assert form.document.chosen("trainer_config.lr_scheduler") == "reduce_lr_on_plateau"


def test_another_part_of_the_window_adds_a_tab(form):
    see = QLabel("a picture")
    form.context.add_tab(see, "See")
    assert form.context.titles()[:3] == ["Help", "See", "YAML"]
    form.context.open(see)
    assert see.isVisible()
    form.context.open(form.context.help)


def test_values_that_have_no_room_beside_each_other_stand_on_two_lines(app):
    row = ChangeRow(Change("model", "Model type", "Several known animals at once", "One animal", None))
    row.resize(240, row.heightForWidth(240))
    row.show()
    values = next(
        one for one in row.findChildren(QLabel) if one.text() == "Several known animals at once → One animal"
    )
    assert values.fontMetrics().horizontalAdvance(values.text()) > values.width()
    assert values.heightForWidth(values.width()) <= values.height()
    row.close()
    row.deleteLater()
