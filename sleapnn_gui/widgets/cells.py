"""A table that paints itself in one go: a delegate for each cell takes most of a turn for a page of them."""

from typing import Protocol

import attrs
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QTableView

from sleapnn_gui.widgets.theme import Theme, current_theme

_LEFT, _RIGHT, _GAP = 8, 12, 4  # those of a heading


@attrs.frozen
class Cell:
    """What one cell shows: words in a type token of the theme, and a picture before them.

    Names with `ends` that tell them apart are cut in the middle where there is no room for them.
    """

    words: str
    alignment: int
    font: str = "base"
    picture: QPixmap | None = None
    ends: bool = False


class Cells(Protocol):
    """A model that says what its cells show, all of a cell at once."""

    def cell(self, row: int, column: int) -> Cell:
        """What stands in a row and column."""


class CellTable(QTableView):
    """Paints what its model shows in `cells`, a tint where a row is chosen, and a line below each."""

    def __init__(self, cells: Cells) -> None:
        super().__init__()
        self._cells = cells

    def paintEvent(self, event: QPaintEvent) -> None:
        area, theme = event.rect(), current_theme()
        tint, line = theme.color("accent_tint"), theme.color("line")
        columns = self._columns(area)
        painter = QPainter(self.viewport())
        painter.setPen(theme.color("text"))
        chosen = self.selectionModel()
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        for row in (
            range(first, (last if last >= 0 else self.model().rowCount() - 1) + 1) if first >= 0 else ()
        ):
            top, height = self.rowViewportPosition(row), self.rowHeight(row)
            whole = QRect(area.left(), top, area.width(), height)
            if chosen.isRowSelected(row):
                painter.fillRect(whole, tint)
            painter.fillRect(whole.x(), whole.bottom(), whole.width(), 1, line)
            for column, left, width in columns:
                room = QRect(left + _LEFT, top, width - _LEFT - _RIGHT, height - 1)
                self._paint(painter, self._cells.cell(row, column), room, theme)

    def _columns(self, area: QRect) -> list[tuple[int, int, int]]:
        """Number, place and width of the columns that are in an area."""
        count = self.model().columnCount()
        found = [(one, self.columnViewportPosition(one), self.columnWidth(one)) for one in range(count)]
        return [one for one in found if one[2] and one[1] <= area.right() and one[1] + one[2] > area.left()]

    def _paint(self, painter: QPainter, cell: Cell, room: QRect, theme: Theme) -> None:
        if cell.picture is not None:
            size = cell.picture.deviceIndependentSize().toSize()
            above = (room.height() - size.height()) // 2
            painter.drawPixmap(room.topLeft() + QPoint(0, above), cell.picture)
            room.setLeft(room.left() + size.width() + _GAP)
        if cell.words:
            font = theme.font(cell.font)
            painter.setFont(font)
            mode = Qt.TextElideMode.ElideMiddle if cell.ends else Qt.TextElideMode.ElideRight
            shown = QFontMetrics(font).elidedText(cell.words, mode, room.width())
            painter.drawText(room, cell.alignment, shown)
