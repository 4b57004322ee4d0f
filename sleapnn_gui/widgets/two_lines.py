"""List entries of two lines: what it is called, and a remark under it, or a doubt in the remark's place."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sleapnn_gui.widgets.theme import current_theme

#: The role under which an entry keeps its remark.
REMARK = Qt.ItemDataRole.UserRole + 7
#: The role under which an entry keeps what speaks against it, '' for nothing.
DOUBT = Qt.ItemDataRole.UserRole + 8
_HEIGHT = 48


class TwoLines(QStyledItemDelegate):
    """Paints an entry's text, its remark in muted type under it, and a tint where it is chosen."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = current_theme()
        box, state = option.rect, option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            ring = chosen and bool(state & QStyle.StateFlag.State_HasFocus)
            painter.setPen(QPen(theme.color("accent"), 1.5) if ring else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_tint" if chosen else "hover"))
            painter.drawRoundedRect(
                QRectF(box).adjusted(1, 1, -1, -1), theme.size("radius"), theme.size("radius")
            )
        room = box.adjusted(12, 6, -12, -6)
        doubt = index.data(DOUBT) or ""
        for text, role, color, where in (
            (
                index.data(),
                "base",
                "accent_text" if chosen else "muted" if doubt else "text",
                Qt.AlignmentFlag.AlignTop,
            ),
            (
                doubt or index.data(REMARK) or "",
                "small",
                "warning" if doubt else "muted",
                Qt.AlignmentFlag.AlignBottom,
            ),
        ):
            font = theme.font(role)
            painter.setFont(font)
            painter.setPen(theme.color(color))
            shown = QFontMetrics(font).elidedText(str(text), Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(where), shown)
        painter.restore()
