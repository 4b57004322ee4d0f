"""A label that shortens its text in the middle or at the end and shows all of it in a tooltip."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget


class ElidedLabel(QLabel):
    """One line of text that never asks for more room than it is given."""

    def __init__(
        self,
        text: str = "",
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        least: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        """Of a text that has less than `least` pixels, and not enough, nothing is shown."""
        super().__init__(text, parent)
        self._mode, self._whole, self._least = mode, False, least
        self._brief: tuple[str, str] = ("", "")
        self.setTextFormat(Qt.TextFormat.PlainText)

    def show_words(self, text: str, *, brief: str) -> None:
        """Show a text, and where there is no room for it, one that says the same in fewer words."""
        self._brief = (text, brief)
        self.setText(text)

    def keep_whole(self, whole: bool) -> None:
        """Ask for the room of all of it, or give way again."""
        if whole != self._whole:
            self._whole = whole
            self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return least if self._whole else QSize(24, least.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        text, (whole, brief) = self.text(), self._brief
        if text == whole and self.fontMetrics().horizontalAdvance(text) > self.width():
            text = brief
        shown = self.fontMetrics().elidedText(text, self._mode, self.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        if shown != text and self.width() < self._least:
            return
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment()), shown)
