"""A small table of figures: a name on the left, a column for each run, what stands out in bold."""

import re
from collections.abc import Sequence
from itertools import takewhile

import attrs
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from sleapnn_gui.widgets.theme import current_theme

_ROW_HEIGHT, _LEAST = 26, 72
#: The column of names is as wide as they are, within these.
_NAME_WIDTHS = (112, 168)
_AROUND_NAME = 16


@attrs.frozen
class Row:
    """One line: its name, a text for each run, the places that stand out, and what a tooltip says."""

    name: str
    texts: tuple[str, ...]
    bold: frozenset[int] = frozenset()
    tip: str = ""


def distinguishing_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names as headings that have no room for all of them: without the words that they begin and end with alike.

    Names that a program gives differ in the middle, which is what is cut where room is short.
    """
    parts = [re.split(r"(?<=[._\- ])|(?=[._\- ])", name) for name in names]
    begin = min(_alike(parts), min(map(len, parts), default=0) - 1)
    end = _alike([part[begin + 1 :][::-1] for part in parts])
    cut = tuple("".join(part[begin : len(part) - end]) for part in parts)
    return cut if len(names) > 1 else tuple(names)


def _alike(lines: Sequence[Sequence[str]]) -> int:
    """With how many of the same words all lines begin."""
    return sum(1 for _ in takewhile(lambda words: len(set(words)) == 1, zip(*lines, strict=False)))


class FigureTable(QTableWidget):
    """Scrolls by itself where not all of it has room. `empty` is said in its middle where there is no line."""

    def __init__(self, name: str, *, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMinimumSize(160, 90)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setMinimumSectionSize(_LEAST)

    def show_rows(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Show these lines, with these names above the columns."""
        theme = current_theme()
        self.clear()
        self.setColumnCount(len(columns) + 1)
        self.setRowCount(len(rows))
        self.setAccessibleDescription("" if rows else self._empty)
        self.horizontalHeader().setVisible(bool(rows))
        header = self.horizontalHeader()
        for place, (name, heading) in enumerate(
            zip(("", *columns), ("", *distinguishing_names(columns)), strict=True)
        ):
            head = QTableWidgetItem(heading)
            head.setToolTip(name)
            head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(place, head)
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        widest = max((self.fontMetrics().horizontalAdvance(row.name) for row in rows), default=0)
        self.setColumnWidth(0, min(max(_NAME_WIDTHS[0], widest + _AROUND_NAME), _NAME_WIDTHS[1]))
        for number, row in enumerate(rows):
            for place, text in enumerate((row.name, *row.texts)):
                item = QTableWidgetItem(text)
                item.setToolTip(row.tip if place == 0 and row.tip else text)
                if place - 1 in row.bold:
                    item.setFont(theme.font("heading"))
                self.setItem(number, place, item)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.rowCount() and self.columnCount():
            painter = QPainter(self.viewport())
            painter.setPen(current_theme().color("muted"))
            box = self.viewport().rect().adjusted(12, 8, -12, -8)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._empty)
            painter.end()
