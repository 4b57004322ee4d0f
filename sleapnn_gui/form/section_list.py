"""The list of the form's pages with how much was changed and what is wrong on each."""

from collections.abc import Sequence

import attrs
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from sleapnn_engine.config.issue import Issue
from sleapnn_gui.form.layout import Layout
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.theme import current_theme

_PAGE, _COUNTS = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_ITEM, _HEADING = 28, 31


@attrs.frozen
class Counts:
    """What one page has to report."""

    changed: int = 0
    errors: int = 0
    warnings: int = 0

    def words(self) -> str:
        """The counts as a phrase, '' when there is nothing."""
        parts = [
            (self.errors, counted(self.errors, "problem")),
            (self.warnings, counted(self.warnings, "warning")),
            (self.changed, counted(self.changed, "change")),
        ]
        return ", ".join(words for count, words in parts if count)


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(180, _ITEM if index.data(_PAGE) else _HEADING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = current_theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box: QRect = option.rect
        if not index.data(_PAGE):
            font = theme.font("small")
            font.setWeight(font.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(theme.color("muted"))
            words = box.adjusted(8, 6, -8, 0)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), str(index.data()).upper())
            painter.restore()
            return
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_tint" if chosen else "hover"))
            painter.drawRoundedRect(
                QRectF(box).adjusted(0, 0.5, 0, -0.5), theme.size("radius"), theme.size("radius")
            )
        font = theme.font()
        room = box.adjusted(8, 0, -8, 0)
        used = self._paint_counts(painter, room, index.data(_COUNTS) or Counts())
        if chosen:
            font = heavier(font, index.data(), room.width() - used)
        painter.setFont(font)
        painter.setPen(theme.color("accent_text" if chosen else "text"))
        label = QFontMetrics(font).elidedText(index.data(), Qt.TextElideMode.ElideRight, room.width() - used)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), label)
        painter.restore()

    def _paint_counts(self, painter: QPainter, room: QRect, counts: Counts) -> int:
        """Paint the most pressing count at the right; returns the pixels it takes."""
        theme = current_theme()
        font = theme.font("small")
        painter.setFont(font)
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        if counts.errors or counts.warnings:
            worst = Counts(errors=counts.errors) if counts.errors else Counts(warnings=counts.warnings)
            font.setWeight(font.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(theme.color("error" if counts.errors else "warning"))
            painter.drawText(room, right, worst.words())
            return QFontMetrics(font).horizontalAdvance(worst.words()) + 8
        if not counts.changed:
            return 0
        painter.setPen(theme.color("accent_text"))
        painter.drawText(room, right, str(counts.changed))
        width = QFontMetrics(font).horizontalAdvance(str(counts.changed))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        painter.drawEllipse(QRectF(room.right() - width - 13, room.center().y() - 3.5, 8, 8))
        return width + 22


def heavier(font: QFont, text: str, room: int) -> QFont:
    """The type of what is chosen, unless that would cut its words."""
    heavy = QFont(font)
    heavy.setWeight(font.Weight.DemiBold)
    return heavy if QFontMetrics(heavy).horizontalAdvance(text) <= room else font


class SectionList(QListWidget):
    """Headings and pages; `opened` is emitted with a page's id when a person or `open` goes to it."""

    opened = Signal(str)

    def __init__(self, layout: Layout, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = layout
        self._items: dict[str, QListWidgetItem] = {}
        self.setItemDelegate(_Painter(self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(tr("Sections"))
        self.setAccessibleDescription(tr("The pages of the configuration, with their changes and problems."))
        rail = ""
        for page in layout.pages:
            if page.rail != rail:
                rail = page.rail
                heading = QListWidgetItem(rail, self)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
            item = QListWidgetItem(page.label, self)
            item.setData(_PAGE, page.id)
            item.setToolTip(page.doc)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, page.doc)
            self._items[page.id] = item
        self.currentItemChanged.connect(self._go)

    def _go(self, item: QListWidgetItem | None, _: QListWidgetItem | None) -> None:
        if item is not None:
            self.opened.emit(item.data(_PAGE))

    def open(self, page: str) -> None:
        """Go to the page with this id."""
        self.setCurrentItem(self._items[page])

    def page(self) -> str:
        """Id of the open page, or ''."""
        item = self.currentItem()
        return str(item.data(_PAGE)) if item is not None else ""

    def step(self, by: int) -> None:
        """Go to a neighbouring page."""
        pages = list(self._items)
        if self.page():
            self.open(pages[(pages.index(self.page()) + by) % len(pages)])

    def counts(self, page: str) -> Counts:
        """What is shown beside a page."""
        return self._items[page].data(_COUNTS) or Counts()

    def count_marks(self, changed: Sequence[str], issues: Sequence[Issue]) -> None:
        """Show beside each page how many of its keys are among the changed ones, and how many issues it has."""
        tally: dict[str, list[int]] = {page.id: [0, 0, 0] for page in self._layout.pages}
        marks = [(path, 0) for path in changed]
        marks += [(issue.path, {"error": 1, "warning": 2}.get(issue.severity, -1)) for issue in issues]
        for path, column in marks:
            page = self._layout.page_of(path)
            if page is not None and column >= 0:
                tally[page.id][column] += 1
        for page_id, numbers in tally.items():
            self.set_counts(page_id, Counts(*numbers))

    def set_counts(self, page: str, counts: Counts) -> None:
        """Show counts beside a page."""
        item = self._items[page]
        if (item.data(_COUNTS) or Counts()) == counts:
            return
        item.setData(_COUNTS, counts)
        words = counts.words()
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {words}" if words else item.text())
        item.setToolTip(words)
