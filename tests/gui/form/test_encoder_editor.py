"""The card for any timm encoder: names found by size and stride, facts under the row, and no trace left in the file."""

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest

from sleapnn_engine.config.encoders import about, encoders, search_encoders
from sleapnn_engine.config.presets import load_preset
from sleapnn_gui.form.section_controls import SectionCards
from sleapnn_gui.form.section_page import SectionMessage
from tests.gui.form.conftest import open_values
from tests.gui.form.driving import click, type_over

BACKBONE = "model_config.backbone_config"
NAME = f"{BACKBONE}.timm.model_name"
ANCHOR = "model_config.head_configs.centered_instance.confmaps.anchor_part"


@pytest.fixture
def row(form):
    form.document.choose(BACKBONE, "timm")
    form.reveal(NAME)
    return form.row(NAME)


def choose(completer, row: int) -> None:
    completer.activated[QModelIndex].emit(completer.completionModel().index(row, 0))


def test_the_card_says_that_it_opens_only_here(form):
    form.reveal(BACKBONE)
    choice = form.findChild(SectionCards, BACKBONE)
    card = choice.cards[-1]
    assert card.title == "Any timm encoder"
    assert "opens only here" in card.sentence
    click(card)
    assert form.document.chosen(BACKBONE) == "timm"
    message = form.findChild(SectionMessage, f"issue:{BACKBONE}")
    assert "sleap-nn cannot open" in message.sentence


def test_names_are_found_while_typing_and_chosen_from_the_list(form, row):
    type_over(row.editor, "convnextv2 <9M")
    found = search_encoders("convnextv2 <9M")
    model = row.editor.completer().completionModel()
    assert [model.index(at, 0).data() for at in range(model.rowCount())] == [
        encoder.name for encoder in found
    ]
    assert row.severity == "error"
    choose(row.editor.completer(), 1)
    assert row.editor.text() == form.document.value(NAME) == found[1].name
    assert row.message == about(found[1])


def test_the_whole_list_opens_with_the_down_key(form, row):
    row.editor.setFocus()
    QTest.keyClick(row.editor, Qt.Key.Key_Down)
    assert row.editor.completer().completionModel().rowCount() == len(encoders())
    row.editor.completer().popup().hide()


def test_facts_of_the_encoder_stand_under_its_name(form, row):
    assert row.message == about(encoders()["resnet18"])
    type_over(row.editor, "resnet18.a1_in1k")
    assert row.message == about(encoders()["resnet18"])
    assert form.document.value(NAME) == "resnet18.a1_in1k"


def test_a_config_that_had_the_card_for_a_moment_is_the_same_byte_for_byte(form):
    open_values(form.document, load_preset("single_instance_unet_medium_rf"))
    before = form.document.to_yaml()
    form.document.choose(BACKBONE, "timm")
    assert "timm:" in form.document.to_yaml()
    form.document.set_value(NAME, "convnextv2_atto")
    form.document.choose(BACKBONE, "unet")
    assert form.document.to_yaml() == before
    form.document.choose(BACKBONE, "timm")
    assert form.document.value(NAME) == "convnextv2_atto"


def test_a_name_of_a_part_that_is_chosen_from_its_list_is_told(form, facts):
    form.document.choose("model_config.head_configs", "centered_instance")
    form.reveal(ANCHOR)
    row = form.row(ANCHOR)
    form.document.set_facts(facts)
    click(row.editor.switch.buttons[1])
    row.editor.inner.setFocus()
    QTest.keyClicks(row.editor.inner, "tho")
    row.editor.inner.completer().activated[str].emit("thorax")
    assert form.document.value(ANCHOR) == "thorax"
