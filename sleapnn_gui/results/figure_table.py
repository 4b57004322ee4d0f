"""A small table of figures: a name on the left, a column for each run, what stands out in bold."""

from collections.abc import Sequence

import attrs
from PySide6.QtCore import Qt
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


class FigureTable(QTableWidget):
    """Scrolls by itself where not all of it has room."""

    def __init__(self, name: str) -> None:
        super().__init__()
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
        self.horizontalHeader().setVisible(bool(rows))
        header = self.horizontalHeader()
        for place, name in enumerate(("", *columns)):
            head = QTableWidgetItem(name)
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
