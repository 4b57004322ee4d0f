"""Cells of a table, painted straight: what a stylesheet does for every cell takes most of a turn for a page of them."""

import attrs
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sleapnn_gui.widgets.theme import current_theme

CELL = Qt.ItemDataRole.UserRole + 9
"""The role under which a model keeps a `Cell`: all that is painted, asked for at once."""
_LEFT, _RIGHT, _GAP = 8, 12, 4  # those of a heading


@attrs.frozen
class Cell:
    """What one cell shows: words in a type token of the theme, and a picture before them."""

    words: str
    alignment: int
    font: str = "base"
    picture: QPixmap | None = None


class Cells(QStyledItemDelegate):
    """Paints the `Cell` that a model keeps, a tint where the row is chosen, and a line below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = current_theme()  # looked up once: cells are painted by the hundred

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, box = self._theme, option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, theme.color("accent_tint"))
        painter.fillRect(box.x(), box.bottom(), box.width(), 1, theme.color("line"))
        room = box.adjusted(_LEFT, 0, -_RIGHT, -1)
        cell: Cell = index.data(CELL)
        if cell.picture is not None:
            size = cell.picture.deviceIndependentSize().toSize()
            above = (room.height() - size.height()) // 2
            painter.drawPixmap(room.topLeft() + QPoint(0, above), cell.picture)
            room.setLeft(room.left() + size.width() + _GAP)
        if cell.words:
            font = theme.font(cell.font)
            painter.setFont(font)
            painter.setPen(theme.color("text"))
            shown = QFontMetrics(font).elidedText(cell.words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, cell.alignment, shown)
