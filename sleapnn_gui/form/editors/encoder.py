"""The editor of an encoder's name: a field that offers those there are, with their sizes and strides."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QCompleter, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sleapnn_engine.config.encoders import Encoder, about, find_encoder, search_encoders, size_text
from sleapnn_engine.config.meta import Meta
from sleapnn_gui.form.editors.line import LineEditor
from sleapnn_gui.widgets.completion import list_of, on_row
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_ENCODER = Qt.ItemDataRole.UserRole
_HOW = tr("Part of a name; <20M and /16 narrow by parameters and stride")


class _Found(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.encoders: list[Encoder] = []

    def show(self, encoders: list[Encoder]) -> None:
        self.beginResetModel()
        self.encoders = encoders
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(self.encoders)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        encoder = self.encoders[index.row()]
        if role == _ENCODER:
            return encoder
        if role == Qt.ItemDataRole.ToolTipRole:
            return about(encoder)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{encoder.name}, {size_text(encoder)}"
        return encoder.name if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) else None


class _RowPainter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(360, 28)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, encoder = current_theme(), index.data(_ENCODER)
        painter.save()
        box: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, theme.color("accent_tint"))
        inside = box.adjusted(10, 0, -10, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        size, small = size_text(encoder), theme.font("small")
        painter.setFont(small)
        painter.setPen(theme.color("muted"))
        painter.drawText(inside, middle | Qt.AlignmentFlag.AlignRight, size)
        room = inside.width() - QFontMetrics(small).horizontalAdvance(size) - 12
        painter.setFont(theme.font())
        painter.setPen(theme.color("text"))
        name = QFontMetrics(theme.font()).elidedText(encoder.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(inside, middle, name)
        painter.restore()


class EncoderEditor(LineEditor):
    """One line for a name; while one types, the encoders found stand below it, and what is known of one under the row."""

    def __init__(self, meta: Meta, *, parent: QWidget | None = None) -> None:
        super().__init__(meta, parent=parent)
        self.wide = True
        self.setPlaceholderText(_HOW)
        self.setToolTip(_HOW)
        self._found = _Found(self)
        completer = QCompleter(self._found, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(12)
        popup = list_of(completer)
        popup.setProperty("popup", True)
        popup.setItemDelegate(_RowPainter(popup))
        popup.setAccessibleName(tr("Encoders found"))
        on_row(completer, self._choose)
        self.setCompleter(completer)
        self.textEdited.connect(self._search)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and not list_of(self.completer()).isVisible():
            self._found.show(search_encoders("" if find_encoder(self.text()) else self.text()))
            self.completer().complete()
            return
        super().keyPressEvent(event)

    def hint(self) -> str:
        known = find_encoder(self.value())
        return about(known) if known is not None else ""

    def _search(self, text: str) -> None:
        self._found.show(search_encoders(text))

    def _choose(self, row: int) -> None:
        name = self._found.encoders[row].name
        self.show_value(name)
        self.setText(name)
        self._emit_value()
