"""Line icons of one family (Phosphor), drawn in the theme's colour at the moment they are painted."""

import qtawesome
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap

from sleapnn_gui.widgets.theme import current_theme

_FAMILY = "ph"


def _character(name: str) -> str:
    """The icon's character in the font, '' for an unknown one; the first call loads the icon fonts."""
    try:
        return str(qtawesome.charmap(f"{_FAMILY}.{name}"))
    except KeyError:
        return ""


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
        painter.setFont(qtawesome.font(_FAMILY, max(1, rect.height())))
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


def has_icon(name: str) -> bool:
    """Whether the family has an icon of this name; an unknown one is painted as nothing."""
    return bool(_character(name))
