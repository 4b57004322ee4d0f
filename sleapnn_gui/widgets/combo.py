"""A drop-down list that the wheel never changes, with a line chevron in the theme's colour."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QWidget

from sleapnn_gui.widgets.theme import current_theme

_BESIDE = 34
"""What a list needs beside its words, in pixels: padding, border, a scroll bar."""


class QuietComboBox(QComboBox):
    """A combo box for forms: fixed height, no wheel, as wide as its column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(current_theme().size("control"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setMaxVisibleItems(16)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, self.height())

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        """The list is as wide as its longest entry, however narrow the field is."""
        room = self.screen().availableGeometry().width()
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + _BESIDE, room))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """Qt cuts what has no room in the middle of a letter; here three dots say that there is more."""
        super().initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width()
        shown = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room - 4)
        option.currentText = shown  # type: ignore[attr-defined]  # the stubs leave it out

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(current_theme().color("muted" if self.isEnabled() else "faint"), 1.5))
        x, y = self.width() - 15.0, self.height() / 2 + 0.5
        painter.drawPolyline(QPolygonF([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)]))
        painter.end()
