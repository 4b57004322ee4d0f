"""Line icons of one family (Phosphor), drawn in the theme's colour at the moment they are painted."""

from functools import cache
from pathlib import Path

import qtawesome
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QIcon, QIconEngine, QPainter, QPixmap
from qtawesome.iconic_font import IconicFont

from sleapnn_gui.widgets.theme import current_theme

_FAMILY = "ph"


@cache
def _glyphs() -> IconicFont:
    """The one family that is drawn with: to load and check all twelve that there are takes a tenth of a second."""
    place = Path(qtawesome.__file__).parent / "fonts"
    font, names = (next(place.glob(kind)).name for kind in ("phosphor-[0-9]*.ttf", "phosphor-charmap-*.json"))
    return IconicFont((_FAMILY, font, names))


def _character(name: str) -> str:
    """The icon's character in the font, '' for an unknown one; the first call loads the font."""
    return str(_glyphs().charmap[_FAMILY].get(name, ""))


def _font(pixels: int) -> QFont:
    font = QFont(_glyphs().fontname[_FAMILY])
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
