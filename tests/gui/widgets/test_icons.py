"""Icons: every name that is used exists, and they take the theme's colour when they are painted."""

import re
from pathlib import Path

from PySide6.QtCore import QSize, qInstallMessageHandler

import sleapnn_gui
from sleapnn_gui.widgets.icons import icon

SOURCES = sorted(Path(sleapnn_gui.__file__).parent.rglob("*.py"))


def colors(picture):
    image = picture.pixmap(QSize(32, 32)).toImage()
    points = [(x, y) for x in range(32) for y in range(32)]
    return {image.pixelColor(x, y).name() for x, y in points if image.pixelColor(x, y).alpha() == 255}


def test_every_icon_named_in_the_code_exists(theme):
    named = {
        name
        for source in SOURCES
        for name in re.findall(r"""\bicon\(\s*["']([a-z-]+)["']""", source.read_text(encoding="utf-8"))
    }
    assert named
    assert {name for name in named if not colors(icon(name))} == set()


def test_an_icon_is_drawn_in_the_colour_of_the_theme(theme):
    picture = icon("warning", color="error")
    assert theme.tokens.hex("error", "light") in colors(picture)
    theme.set_mode("dark")
    assert theme.tokens.hex("error", "dark") in colors(picture)


def test_an_unknown_icon_is_drawn_as_nothing(theme):
    assert colors(icon("no-such-thing")) == set()


def test_an_icon_without_room_is_drawn_without_complaint(theme):
    """As on a button that has not been laid out yet."""
    said = []
    before = qInstallMessageHandler(lambda kind, context, text: said.append(text))
    try:
        assert icon("warning").pixmap(QSize(0, 16)).isNull()
    finally:
        qInstallMessageHandler(before)
    assert said == []
