"""The small parts the Train page is put together from: a titled panel, a text toggle, a quiet slider."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.theme import current_theme, set_state

HEAD = 22
"""Height in pixels of every panel's heading, so that headings side by side stand on one line."""


class Panel(QFrame):
    """A rounded surface with a heading at the left and what belongs to it at the right."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("panel", True)
        self.setAccessibleName(title)
        theme = current_theme()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(theme.size("space_4") - 2, 10, theme.size("space_4") - 2, 12)
        self.body.setSpacing(theme.size("space_1"))
        self.head = QHBoxLayout()
        self.head.setSpacing(theme.size("space_2"))
        self.title = ElidedLabel(title)
        self.title.setProperty("role", "heading")
        self.title.setMinimumHeight(HEAD)
        self.title.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.head.addWidget(self.title, 1)
        self.body.addLayout(self.head)

    def add_caption(self, text: str = "") -> QLabel:
        """Add a muted word at the right of the heading."""
        label = caption(text)
        self.head.addWidget(label)
        return label


def caption(text: str = "") -> QLabel:
    """Small muted words with figures of equal width."""
    label = QLabel(text)
    label.setProperty("role", "caption")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(current_theme().font("caption"))
    return label


def link_button(text: str, *, tip: str) -> QPushButton:
    """Words that act like a link, no taller than the heading beside them."""
    button = QPushButton(text)
    set_state(button, "link", value=True)
    button.setFont(current_theme().font("caption"))
    button.setStyleSheet("QPushButton { min-height: 16px; }")
    button.setToolTip(tip)
    button.setAccessibleDescription(tip)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


def icon_button(name: str, *, tip: str) -> QToolButton:
    """A small picture to press; `tip` says what it does."""
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFixedSize(24, 24)
    return button


class TextToggle(QToolButton):
    """A word that is on or off; on is said by a tint, and to screen readers by its checked state."""

    def __init__(self, text: str, *, name: str, checked: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setAccessibleName(name)
        self.setToolTip(name)
        set_state(self, "plain", value=True)
        self.setFixedHeight(HEAD)
        self.setStyleSheet("QToolButton { min-height: 18px; padding: 0 6px; }")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFont(current_theme().font("caption"))


class QuietSlider(QSlider):
    """A level slider drawn as a thin bar, filled up to its handle. The wheel is left to the page."""

    _HANDLE = 6.0

    def __init__(self, *, name: str, most: int = 100, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, most)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedHeight(20)
        self.setMinimumWidth(48)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        current_theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(90, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        bar = QRectF(0, middle - 2.5, self.width(), 5)
        painter.setBrush(theme.color("line"))
        painter.drawRoundedRect(bar, 2.5, 2.5)
        place = self._place()
        painter.setBrush(theme.color("accent" if self.isEnabled() else "faint"))
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), place, bar.height()), 2.5, 2.5)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("text"), 1.5))
        painter.drawEllipse(QPointF(place, middle), self._HANDLE, self._HANDLE)

    def _place(self) -> float:
        span = max(1, self.maximum() - self.minimum())
        room = self.width() - 2 * self._HANDLE - 2
        return self._HANDLE + 1 + room * (self.value() - self.minimum()) / span

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._set_from(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._set_from(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _set_from(self, x: float) -> None:
        room = max(1.0, self.width() - 2 * self._HANDLE - 2)
        share = min(max((x - self._HANDLE - 1) / room, 0.0), 1.0)
        self.setValue(self.minimum() + round(share * (self.maximum() - self.minimum())))
