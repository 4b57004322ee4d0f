"""Pages as a whole: choices and switches without loss, filters, counts, going to a setting, folding."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QToolButton

from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.form.layout import read_layout
from sleapnn_gui.form.section_controls import SectionCards, SectionSwitch
from sleapnn_gui.form.section_list import heavier
from sleapnn_gui.form.section_page import Filter
from sleapnn_gui.widgets.theme import current_theme
from tests.gui.form.conftest import open_values, use
from tests.gui.form.driving import click, type_over

UNET, CONVNEXT = "model_config.backbone_config.unet.", "model_config.backbone_config.convnext."
GEOMETRIC = "data_config.augmentation_config.geometric"


def cards(form, path):
    return form.findChild(SectionCards, path)


def switch(form, path):
    return form.findChild(SectionSwitch, path)


def test_a_choice_keeps_what_the_others_were_set_to(form):
    form.reveal("model_config.backbone_config")
    choice = cards(form, "model_config.backbone_config")
    assert choice.value() is None
    click(choice.cards[0])
    type_over(form.row(UNET + "filters").editor, "24")
    click(choice.cards[1])
    assert form.document.chosen("model_config.backbone_config") == "convnext"
    assert not form.row(UNET + "filters").isVisible()
    assert form.row(CONVNEXT + "model_type").isVisible()
    assert "unet: null" in form.document.to_yaml()
    click(choice.cards[0])
    assert form.row(UNET + "filters").isVisible()
    assert form.row(UNET + "filters").editor.text() == "24"
    assert form.document.value(UNET + "filters") == 24


def test_cards_are_chosen_with_the_keyboard(form):
    choice = cards(form, "trainer_config.lr_scheduler")
    form.reveal("trainer_config.lr_scheduler")
    choice.cards[choice.index()].setFocus()
    QTest.keyClick(choice.cards[2], Qt.Key.Key_Left)
    assert form.document.chosen("trainer_config.lr_scheduler") == "step_lr"
    QTest.keyClick(choice.cards[1], Qt.Key.Key_Left)
    assert form.document.chosen("trainer_config.lr_scheduler") is None
    assert choice.value() is None
    assert choice.cards[0].isChecked()


@pytest.mark.parametrize("path", [path for path, section in SPEC.sections.items() if section.meta.one_of])
def test_every_alternative_can_be_chosen_and_shows_its_rows(form, path):
    page = next(page for page in read_layout().pages if page.choose == path)
    form.show_page(page.id)
    choice = cards(form, path)
    for child in SPEC.sections[path].sections:
        choice.set_value(SPEC.sections[child].name)
        assert form.document.chosen(path) == SPEC.sections[child].name
        shown = {key for key in page.keys if form.row(key).isVisible()}
        assert shown == {key for key in page.keys if key.startswith(child + ".")}
        assert shown


def test_an_optional_section_switched_off_keeps_its_values_in_grey(form):
    form.show_page("augmentation")
    click(switch(form, "data_config.augmentation_config").buttons[1])
    click(switch(form, GEOMETRIC).buttons[1])
    row = form.row(GEOMETRIC + ".rotation_max")
    type_over(row.editor, "90")
    click(switch(form, GEOMETRIC).buttons[0])
    assert form.document.section_on(GEOMETRIC) is False
    assert row.isVisible()
    assert not row.editor.isEnabled()
    assert row.editor.text() == "90"
    assert row.message == ""
    click(switch(form, GEOMETRIC).buttons[1])
    assert form.document.value(GEOMETRIC + ".rotation_max") == 90
    assert row.editor.isEnabled()


def test_a_part_of_a_section_that_is_off_cannot_be_switched(form):
    form.show_page("augmentation")
    assert not switch(form, GEOMETRIC).isEnabled()
    form.document.set_section("data_config.augmentation_config", True)
    assert switch(form, GEOMETRIC).isEnabled()


def test_basic_leaves_the_rare_settings_out_but_never_changed_or_wrong_ones(form):
    use(form.document, UNET + "stacks")
    form.set_filter(Filter())
    form.show_page("backbone")
    assert form.row(UNET + "filters").isVisible()
    assert not form.row(UNET + "stacks").isVisible()
    form.document.set_value(UNET + "stacks", 2)
    assert form.row(UNET + "stacks").isVisible()
    form.document.set_value(UNET + "kernel_size", "three")
    assert form.row(UNET + "kernel_size").isVisible()
    form.document.reset(UNET + "stacks")
    assert form.row(UNET + "stacks").isVisible(), "no row goes while it is being worked on"
    form.show_page("labels")
    form.show_page("backbone")
    assert not form.row(UNET + "stacks").isVisible()


def test_the_number_of_settings_left_out_is_a_way_to_them(form):
    use(form.document, UNET + "stacks")
    form.set_filter(Filter())
    form.show_page("backbone")
    more = next(b for b in form.findChildren(QPushButton) if b.isVisible() and "more setting" in b.text())
    assert more.text() == "7 more settings"
    click(more)
    assert form.filter() == Filter(all=True)
    assert form.row(UNET + "stacks").isVisible()
    assert not more.isVisible()


def test_changed_only(form):
    form.document.set_value("trainer_config.max_epochs", 30)
    form.show_page("epochs")
    form.set_filter(Filter(changed_only=True))
    rows = [form.row(path) for path in next(p for p in read_layout().pages if p.id == "epochs").keys]
    assert [row.path for row in rows if row.isVisible()] == ["trainer_config.max_epochs"]


def test_the_list_counts_changes_and_problems(form):
    open_values(form.document, {"data_config": {"train_labels_path": ["a.slp"]}})
    assert form.sections.counts("epochs").words() == ""
    form.document.set_value("trainer_config.max_epochs", 30)
    form.document.set_value("trainer_config.seed", 1)
    assert form.sections.counts("epochs").words() == "2 changes"
    form.document.set_value("trainer_config.max_epochs", "many")
    counts = form.sections.counts("epochs")
    assert (counts.errors, counts.changed) == (1, 2)
    assert form.sections.counts("epochs").words() == "1 problem, 2 changes"
    form.document.choose("model_config.head_configs", "bottomup")
    assert form.sections.counts("head").changed == 1


@pytest.mark.parametrize("path", sorted(SPEC.edited)[::9])
def test_reveal_goes_to_a_setting_whatever_is_filtered(form, path):
    use(form.document, path)
    form.set_filter(Filter())
    assert form.reveal(path)
    row = form.row(path)
    assert row.isVisible()
    assert row.isAncestorOf(QApplication.focusWidget())
    assert form.context.help.path == path


def test_reveal_of_an_alternative_that_is_not_chosen_goes_to_the_choice(form):
    form.document.choose("model_config.backbone_config", "unet")
    assert form.reveal(CONVNEXT + "model_type")
    assert form.page() == "backbone"
    assert cards(form, "model_config.backbone_config").isVisible()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert form.document.chosen("model_config.backbone_config") == "convnext"
    assert form.row(CONVNEXT + "model_type").isAncestorOf(QApplication.focusWidget())
    form.document.undo_stack.undo()
    assert "Not in use" in form.context.help.text()
    assert form.document.chosen("model_config.backbone_config") == "unet"


def test_reveal_of_a_section_and_of_nothing(form):
    assert form.reveal(GEOMETRIC)
    assert form.page() == "augmentation"
    assert not form.reveal("nowhere.at_all")


def test_a_setting_deep_in_a_page_is_scrolled_to(form, app):
    use(form.document, "data_config.augmentation_config.intensity.uniform_noise_max")
    form.resize(1204, 640)
    form.reveal("data_config.augmentation_config.intensity.uniform_noise_max")
    app.processEvents()
    row = form.row("data_config.augmentation_config.intensity.uniform_noise_max")
    area = form.findChild(QScrollArea, "form:rows")
    top = row.mapTo(area.viewport(), row.rect().topLeft()).y()
    assert 0 <= top <= area.viewport().height() - row.height()


@pytest.mark.parametrize(("width", "unfolded"), [(1280, False), (1359, False), (1360, True), (1920, True)])
def test_the_pane_folds_on_narrow_windows(form, width, unfolded):
    form.resize(width, 720)
    assert form.context.isVisible() is unfolded
    toggle = next(b for b in form.findChildren(QToolButton) if b.accessibleName() == "Pane beside the form")
    click(toggle)
    assert form.context.isVisible() is not unfolded
    click(toggle)
    assert form.context.isVisible() is unfolded
    form.set_pane_shown(None)


def test_nothing_scrolls_inside_something_that_scrolls(form):
    areas = form.findChildren(QScrollArea)
    for area in areas:
        assert not any(other.isAncestorOf(area) for other in areas if other is not area)
    rows_area = form.findChild(QScrollArea, "form:rows")
    assert rows_area.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff


@pytest.mark.parametrize(
    "preset", sorted(path.name for path in resource_path("presets").glob("config_*.yaml"))
)
def test_looking_at_every_page_of_a_preset_changes_nothing(form, preset, app):
    form.document.load(resource_path("presets", preset))
    before = form.document.to_yaml()
    for page in read_layout().pages:
        form.show_page(page.id)
        app.processEvents()
    assert form.document.to_yaml() == before
    assert not form.document.is_dirty
    assert form.document.differences() == []


def test_another_file_brings_nothing_of_the_one_before(form):
    row = form.row("data_config.preprocessing.crop_size")
    row.editor.set_value(160)
    open_values(form.document)
    assert row.editor.value() is None
    row.editor.switch.buttons[1].click()
    assert row.editor.inner.text() == ""


def test_the_name_of_a_chosen_section_is_heavier_only_where_it_fits(form):
    font = current_theme().font()
    heavy = QFont(font)
    heavy.setWeight(QFont.Weight.DemiBold)
    name = "Learning rate schedule"
    room = QFontMetrics(heavy).horizontalAdvance(name)
    assert heavier(font, name, room).weight() == QFont.Weight.DemiBold
    assert heavier(font, name, room - 1) == font
