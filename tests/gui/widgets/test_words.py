"""Labels that shorten themselves and message lines with a link."""

import pytest
from PySide6.QtCore import Qt

from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.message_line import MessageLine


def test_a_shortened_label_shows_all_in_its_tooltip(theme):
    label = ElidedLabel("a long text that does not fit", mode=Qt.TextElideMode.ElideMiddle)
    label.resize(60, 20)
    label.grab()
    assert label.toolTip() == "a long text that does not fit"
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""


def test_a_message_says_its_severity_in_words(theme):
    line = MessageLine()
    line.show_message("Too small.", severity="warning", link="Use 160")
    assert "Warning: Too small." in line.text()
    assert "Use 160" in line.text()
    assert line.accessibleName() == "warning: Too small."
    assert (line.sentence, line.severity) == ("Too small.", "warning")


def test_following_the_link_is_told(theme):
    line, told = MessageLine(), []
    line.followed.connect(lambda: told.append(True))
    line.show_message("Too small.", severity="error", link="Use 160")
    line.linkActivated.emit("fix")
    assert told == [True]


def test_markup_in_a_message_is_text(theme):
    line = MessageLine()
    line.show_message("<b>1 < 2</b>")
    assert "&lt;b&gt;" in line.text()


@pytest.mark.parametrize("seen", [True, False])
def test_the_link_takes_the_colour_of_the_theme(theme, seen):
    line = MessageLine()
    line.show_message("Wrong.", severity="error", link="Mend")
    assert theme.tokens.hex("error", "light") in line.text()
    if seen:
        line.show()
    theme.set_mode("dark")
    line.show()
    assert theme.tokens.hex("error", "dark") in line.text()
    line.close()
