"""Line icons of one family (Phosphor), drawn in the theme's colour at the moment they are painted."""

import importlib.util
from functools import cache
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from sleapnn_engine.config.plain_json import from_json
from sleapnn_gui.widgets.theme import current_theme


@cache
def _fonts() -> Path:
    """Where qtawesome keeps its fonts. Only these are used of it: to import it takes a tenth of a second."""
    found = importlib.util.find_spec("qtawesome")
    places = (found.submodule_search_locations if found is not None else None) or [""]
    return Path(next(iter(places)), "fonts")


@cache
def _characters() -> dict[str, str]:
    """The icons' characters in the font, by name."""
    codes = from_json(next(_fonts().glob("phosphor-charmap-*.json")).read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in codes.items()}


@cache
def _family() -> str:
    """What Qt calls the font, which the first call loads; '' where it cannot be loaded."""
    number = QFontDatabase.addApplicationFont(str(next(_fonts().glob("phosphor-[0-9]*.ttf"))))
    return next(iter(QFontDatabase.applicationFontFamilies(number)), "")


def _character(name: str) -> str:
    """The icon's character in the font, '' for an unknown one."""
    return _characters().get(name, "")


def _font(pixels: int) -> QFont:
    font = QFont(_family())
    font.setPixelSize(max(1, pixels))
    return font


class _Glyph(QIconEngine):
    """Paints one character of the icon font; `color` and `on` name theme tokens."""

    def __init__(self, name: str, color: str, on: str) -> None:
        super().__init__()
        self._name = name
        self._color = color
        self._on = on

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        name = self._on if state == QIcon.State.On or mode == QIcon.Mode.Selected else self._color
        if mode == QIcon.Mode.Disabled:
            name = "faint"
        character = _character(self._name)
        painter.save()
        painter.setFont(_font(rect.height()))
        painter.setPen(current_theme().color(name))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        if pixmap.isNull():
            return pixmap  # a button that has no room yet
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Glyph(self._name, self._color, self._on)


def icon(name: str, *, color: str = "muted", on: str = "accent") -> QIcon:
    """The Phosphor icon `name` (without its prefix) in the theme colour `color`, in `on` when checked or selected."""
    return QIcon(_Glyph(name, color, on))
