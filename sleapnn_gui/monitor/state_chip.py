"""The state of a run in a few words on a tint."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme


class StateChip(QLabel):
    """A rounded tint with the state in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token, self._narrow = "accent", False
        self.setAccessibleName(tr("State of the run"))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedHeight(24)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        current_theme().changed.connect(self.update)

    def show_state(self, text: str, token: str) -> None:
        """Show the state in a theme colour."""
        if (text, token) != (self.text(), self._token):
            self._token = token
            self.setText(text)
            self.setAccessibleDescription(text)

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self._font()).horizontalAdvance(self.text()) + 24, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 24) if self._narrow else self.sizeHint()

    def set_narrow(self, narrow: bool) -> None:
        """Let the words be cut where the buttons need the room."""
        if narrow != self._narrow:
            self._narrow = narrow
            self.setToolTip(self.text() if narrow else "")
            self.setSizePolicy(
                QSizePolicy.Policy.Preferred if narrow else QSizePolicy.Policy.Minimum,
                QSizePolicy.Policy.Fixed,
            )

    @staticmethod
    def _font() -> QFont:
        font = current_theme().font("caption")
        font.setWeight(font.Weight.DemiBold)
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tints = {"accent": "accent_tint", "warning": "warning_tint", "error": "error_tint"}
        if self._token in tints:
            fill = theme.color(tints[self._token])
        else:
            fill = QColor(theme.color(self._token))
            fill.setAlpha(30)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()), 12, 12)
        painter.setPen(theme.color(self._token))
        painter.setFont(self._font())
        room = self.width() - 16 if self._narrow else self.width()
        shown = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), shown)
