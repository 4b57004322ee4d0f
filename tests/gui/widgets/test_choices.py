"""Segments, cards and drop-down lists under the hands of a person: mouse, keyboard, wheel."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.widgets.cards import CardChoice
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.segmented import Segmented


def turn_wheel(widget):
    """Turn the wheel over a widget; whether it took the event."""
    event = QWheelEvent(
        QPointF(5, 5), widget.mapToGlobal(QPointF(5, 5)), QPoint(), QPoint(0, -120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


@pytest.fixture
def segments(theme):
    widget = Segmented(["Auto", "Off", "On"], tips=["As it comes.", "", ""])
    widget.resize(240, 28)
    widget.show()
    yield widget
    widget.close()


@pytest.fixture
def cards(theme):
    widget = CardChoice(
        [("UNet", "Fast and small."), ("ConvNeXt", "Large. " * 20), ("Swin", "Windows.")], name="Backbone"
    )
    widget.resize(500, widget.heightForWidth(500))
    widget.show()
    yield widget
    widget.close()


@pytest.mark.parametrize("which", ["segments", "cards"])
def test_a_click_chooses_and_tells_once(which, request):
    widget = request.getfixturevalue(which)
    told = []
    widget.picked.connect(told.append)
    buttons = widget.buttons if which == "segments" else widget.cards
    QTest.mouseClick(buttons[1], Qt.MouseButton.LeftButton)
    QTest.mouseClick(buttons[1], Qt.MouseButton.LeftButton)
    assert told == [1]
    assert widget.index() == 1
    assert [button.isChecked() for button in buttons] == [False, True, False]


@pytest.mark.parametrize("which", ["segments", "cards"])
def test_arrow_keys_choose(which, request):
    widget = request.getfixturevalue(which)
    told = []
    widget.picked.connect(told.append)
    buttons = widget.buttons if which == "segments" else widget.cards
    widget.set_index(0)
    widget.activateWindow()
    assert QTest.qWaitForWindowActive(widget)
    buttons[0].setFocus()
    QTest.keyClick(buttons[0], Qt.Key.Key_Right)
    QTest.keyClick(buttons[1], Qt.Key.Key_Right)
    assert widget.index() == 2
    assert told == [1, 2]


@pytest.mark.parametrize("which", ["segments", "cards"])
def test_setting_tells_nobody_and_none_can_be_chosen(which, request):
    widget = request.getfixturevalue(which)
    told = []
    widget.picked.connect(told.append)
    buttons = widget.buttons if which == "segments" else widget.cards
    widget.set_index(2)
    widget.set_index(-1)
    assert (told, widget.index()) == ([], -1)
    assert not any(button.isChecked() for button in buttons)
    QTest.mouseClick(buttons[2], Qt.MouseButton.LeftButton)
    assert told == [2]


def test_the_wheel_changes_no_segment(segments):
    segments.set_index(0)
    for widget in (segments, *segments.buttons):
        assert not turn_wheel(widget)
    assert segments.index() == 0


def test_the_wheel_changes_no_drop_down_list_even_with_focus(theme):
    combo = QuietComboBox()
    combo.addItems(["a", "b", "c"])
    combo.show()
    combo.setFocus()
    assert not turn_wheel(combo)
    assert combo.currentIndex() == 0
    combo.close()


def test_chosen_and_other_segments_look_different(segments, theme):
    segments.set_index(1)
    image = segments.grab().toImage()
    assert image.pixelColor(120, 4).name() == theme.hex("accent_tint")
    assert image.pixelColor(200, 4).name() == theme.hex("control")


def test_words_with_an_ampersand_are_no_shortcuts(theme):
    widget = Segmented(["Weights & Biases", "None"])
    assert widget.buttons[0].shortcut().isEmpty()
    assert widget.buttons[0].accessibleName() == "Weights & Biases"


def test_cards_are_as_tall_as_their_longest_sentence(cards):
    heights = [card.height() for card in cards.cards]
    assert heights[0] == heights[1] > heights[2]
    assert cards.heightForWidth(300) > cards.heightForWidth(800)
    assert max(card.geometry().bottom() for card in cards.cards) < cards.height()


def test_cards_say_their_sentence_to_screen_readers(cards):
    assert next((card.accessibleName(), card.accessibleDescription()) for card in cards.cards) == (
        "UNet",
        "Fast and small.",
    )
