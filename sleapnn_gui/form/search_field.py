"""The field that finds a setting: a list of hits while one types, Enter goes to the first."""

from collections.abc import Callable

import attrs
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QCompleter,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from sleapnn_gui.form.search import Hit, find
from sleapnn_gui.widgets.completion import list_of, on_row
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.theme import current_theme

_HIT = Qt.ItemDataRole.UserRole


class _Hits(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hits: list[Hit] = []

    def show(self, hits: list[Hit]) -> None:
        self.beginResetModel()
        self.hits = hits
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(self.hits)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        hit = self.hits[index.row()]
        if role == _HIT:
            return hit
        if role == Qt.ItemDataRole.ToolTipRole:
            return hit.path
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{hit.label}, {hit.place}"
        return hit.label if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) else None


class _HitPainter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(360, 44)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, hit = current_theme(), index.data(_HIT)
        painter.save()
        box: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, theme.color("accent_tint"))
        inside = box.adjusted(10, 5, -10, -5)
        top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        for text, font, color, align in (
            (hit.label, theme.font(), "text", top),
            (hit.name, theme.font("small", mono=True), "muted", top | Qt.AlignmentFlag.AlignRight),
            (hit.place, theme.font("small"), "muted", bottom),
        ):
            painter.setFont(font)
            painter.setPen(theme.color(color))
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, inside.width())
            painter.drawText(inside, align, shown)
        painter.restore()


class SearchField(Line):
    """Finds settings; `revealed` is emitted with the dotted path of the one gone to.

    Hits of which there is a `remark` (not in use, no effect now) say so and stand after those of equal fit without.
    """

    revealed = Signal(str)

    def __init__(
        self,
        hits: list[Hit],
        *,
        remark: Callable[[str], str] = lambda _path: "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._hits = hits
        self._remark = remark
        self._model = _Hits(self)
        self.setPlaceholderText(tr("Search settings"))
        self.setAccessibleName(tr("Search settings"))
        self.setAccessibleDescription(
            tr("Finds a setting by its name, help, YAML key or choices; Enter goes to it.")
        )
        self.setClearButtonEnabled(True)
        self.addAction(QAction(icon("magnifying-glass"), "", self), QLineEdit.ActionPosition.LeadingPosition)
        completer = QCompleter(self._model, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(9)
        popup = list_of(completer)
        popup.setProperty("popup", True)
        popup.setItemDelegate(_HitPainter(popup))
        popup.setMinimumWidth(380)
        popup.setAccessibleName(tr("Settings found"))
        on_row(completer, self._go)
        self._finder = completer
        self.setCompleter(completer)
        self.textEdited.connect(self._search)
        self.returnPressed.connect(self._entered)

    def sizeHint(self) -> QSize:
        """Room for the whole hint: the glass, the button that clears, and the paddings stand beside it."""
        return QSize(self.fontMetrics().horizontalAdvance(self.placeholderText()) + 64, self.height())

    def found(self) -> list[Hit]:
        """What the text in the field finds."""
        hits = find(self._hits, self.text(), prefers=lambda path: not self._remark(path))
        told = [(hit, self._remark(hit.path)) for hit in hits]
        return [attrs.evolve(hit, place=f"{hit.place}  ·  {said}") if said else hit for hit, said in told]

    def _search(self, _: str) -> None:
        self._model.show(self.found())

    def _entered(self) -> None:
        # Enter reaches the field before the list under it; the row marked there is the one that is meant.
        popup = list_of(self._finder)
        self._go(max(0, popup.currentIndex().row()) if popup.isVisible() else 0)

    def _go(self, row: int) -> None:
        hits = self._model.hits or self.found()
        if row < len(hits):
            path = hits[row].path
            self._model.show([])
            self.clear()
            self.revealed.emit(path)
