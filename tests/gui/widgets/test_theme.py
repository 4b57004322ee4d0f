"""The token table: readable colours, one source for palette and stylesheet, light, dark and system."""

import re

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontMetrics, QPalette
from PySide6.QtWidgets import QLabel, QLineEdit

from sleapnn_engine.config.resources import resource_path
from sleapnn_gui.widgets.theme import current_theme, install_theme, load_tokens, set_state

TOKENS = load_tokens()
READ = [(text, surface) for text, surfaces in TOKENS.read_on.items() for surface in surfaces]


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio (1 to 21) of two "#rrggbb" colours."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), READ)
def test_text_can_be_read_on_its_surface(text, surface, scheme):
    assert contrast(TOKENS.hex(text, scheme), TOKENS.hex(surface, scheme)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_that_carry_meaning_stand_out(scheme):
    for line in ("accent", "validation_line", "best", "error", "warning"):
        assert contrast(TOKENS.hex(line, scheme), TOKENS.hex("panel", scheme)) >= 3, line


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


def test_every_text_token_says_what_it_is_read_on():
    texts = {"text", "muted", "accent_text", "error", "warning", "best", "validation", "on_accent"}
    assert texts <= set(TOKENS.read_on)


def test_the_stylesheet_holds_no_colour_of_its_own():
    template = resource_path("themes", "style.qss").read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", template) == []


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_palette_and_stylesheet_follow_the_table(app, theme, mode):
    theme.set_mode(mode)
    assert theme.scheme == mode
    assert app.palette().color(QPalette.ColorRole.Window).name() == TOKENS.hex("window", mode)
    assert app.palette().color(QPalette.ColorRole.Highlight).name() == TOKENS.hex("accent", mode)
    assert TOKENS.hex("error_tint", mode) in app.styleSheet()
    assert "$" not in app.styleSheet()


def test_a_change_of_mode_is_told_and_system_follows_the_platform(app, theme):
    told = []
    theme.changed.connect(lambda: told.append(theme.scheme))
    theme.set_mode("dark")
    theme.set_mode("system")
    dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    assert theme.mode == "system"
    assert told == ["dark", "dark" if dark else "light"]


def test_a_mode_that_looks_as_everything_does_styles_nothing_anew(app, theme):
    styled, told = [], []

    class Worn(QLabel):
        def event(self, event):
            styled.append(event.type())
            return super().event(event)

    label = Worn("worn")
    label.show()
    app.processEvents()
    styled.clear()
    theme.changed.connect(lambda: told.append(theme.scheme))
    theme.set_mode("light")
    assert told == ["light"]
    assert QEvent.Type.Polish not in styled
    theme.set_mode("dark")
    assert QEvent.Type.Polish in styled
    label.close()


def test_an_unknown_mode_is_refused(theme):
    with pytest.raises(ValueError, match="light, dark, system"):
        theme.set_mode("sepia")


def test_one_theme_for_the_application(app, theme):
    assert install_theme(app, mode="dark") is theme
    assert current_theme() is theme
    assert theme.scheme == "dark"


def test_figures_have_equal_width(theme):
    metrics = QFontMetrics(theme.font("number"))
    widths = [metrics.horizontalAdvance(digit * 8) for digit in "0123456789"]
    assert max(widths) - min(widths) <= 1


def test_a_font_handed_out_is_the_callers_own(theme):
    font = theme.font("base")
    font.setPixelSize(40)
    assert theme.font("base").pixelSize() == TOKENS.type["base"]


def test_a_state_is_drawn_by_the_stylesheet(app, theme):
    field = QLineEdit()
    field.resize(80, 28)
    before = field.grab().toImage()
    set_state(field, "problem", "error")
    after = field.grab().toImage()
    assert after.pixelColor(40, 0).name() == TOKENS.hex("error", "light") != before.pixelColor(40, 0).name()
