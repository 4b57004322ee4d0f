"""A choice of two or three words side by side, of which one is chosen."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QSizePolicy, QWidget

from sleapnn_gui.widgets.theme import current_theme


class SegmentButton(QRadioButton):
    """One word of a `Segmented`. A radio button to the keyboard and to screen readers, painted as a segment."""

    def __init__(self, text: str, *, first: bool, last: bool, parent: QWidget) -> None:
        super().__init__(text.replace("&", "&&"), parent)
        self._first, self._last = first, last
        self._mark, self._mark_color = "", "accent"
        self.setAccessibleName(text)
        self.setFixedHeight(current_theme().size("control"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_mark(self, text: str, color: str) -> None:
        """A count behind the word, in a colour of the theme; '' for none."""
        if (text, color) != (self._mark, self._mark_color):
            self._mark, self._mark_color = text, color
            self.update()

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802 - Qt's name
        return self.rect().contains(pos)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 24, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 12, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, enabled = self.isChecked(), self.isEnabled()
        fill = (
            "accent_tint"
            if chosen and enabled
            else "control"
            if not self.underMouse() or not enabled
            else "hover"
        )
        if chosen and not enabled:
            fill = "line"
        path = self._outline()
        painter.fillPath(path, theme.color(fill))
        owner = self.parentWidget()
        problem = owner.property("problem") if owner is not None else None
        ring = self.hasFocus() and enabled
        line = "accent" if ring else problem or ("control_line" if enabled else "line")
        painter.setPen(QPen(theme.color(line), 1.5 if ring else 1))
        painter.drawPath(path)
        font = self.font()
        if chosen:
            font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.color("muted" if not enabled else "accent_text" if chosen else "text"))
        room = self.rect()
        if self._mark:
            taken = painter.fontMetrics().horizontalAdvance(f"{self.accessibleName()}  {self._mark}")
            left = max(4, (room.width() - taken) // 2)
            side = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                room.adjusted(left, 0, 0, 0), side | Qt.AlignmentFlag.AlignLeft, self.accessibleName()
            )
            painter.setPen(theme.color(self._mark_color))
            painter.drawText(room.adjusted(0, 0, -left, 0), side | Qt.AlignmentFlag.AlignRight, self._mark)
        else:
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.accessibleName())

    def _outline(self) -> QPainterPath:
        radius = current_theme().size("radius")
        left, right = (0.5 if self._first else 0.0), (0.5 if self._last else -0.5)
        box = QRectF(self.rect()).adjusted(left, 0.5, -right, -0.5)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        if not self._first and not self._last:
            path.addRect(box)
            return path
        path.addRoundedRect(box, radius, radius)
        square = QRectF(box)
        if self._first:
            square.setLeft(box.right() - radius)
        if self._last:
            square.setRight(box.left() + radius)
        if not (self._first and self._last):
            path.addRect(square)
        return path.simplified()


class Segmented(QWidget):
    """Words side by side; `picked` is emitted with the index a person chose, never for `set_index`."""

    picked = Signal(int)

    def __init__(
        self, words: Sequence[str], *, tips: Sequence[str] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.buttons: list[SegmentButton] = []
        self._group = QButtonGroup(self)
        for index, word in enumerate(words):
            button = SegmentButton(word, first=index == 0, last=index == len(words) - 1, parent=self)
            if index < len(tips):
                button.setToolTip(tips[index])
                button.setAccessibleDescription(tips[index])
            self._group.addButton(button, index)
            row.addWidget(button, 1)
            self.buttons.append(button)
        self._index = -1
        self._group.idClicked.connect(self._clicked)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(current_theme().size("control"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self.buttons[0])

    def index(self) -> int:
        """Which word is chosen, or -1."""
        return self._index

    def set_index(self, index: int) -> None:
        """Choose a word, or none with -1, without telling anybody."""
        self._index = index
        # An exclusive group refuses to have none chosen, which is right where the file says something else.
        self._group.setExclusive(False)
        for number, button in enumerate(self.buttons):
            button.setChecked(number == index)
        self._group.setExclusive(True)
        had_focus = any(button.hasFocus() for button in self.buttons)
        self.setFocusProxy(self.buttons[max(index, 0)])
        if had_focus:  # the keyboard is on what is chosen, whoever chose it
            self.buttons[max(index, 0)].setFocus(Qt.FocusReason.OtherFocusReason)

    def describe(self, name: str, description: str) -> None:
        """Tell screen readers which setting the words belong to."""
        self.setAccessibleName(name)
        self.setAccessibleDescription(description)
        for button in self.buttons:
            button.setAccessibleDescription(button.toolTip() or f"{name}. {description}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.DynamicPropertyChange:
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _clicked(self, index: int) -> None:
        if index != self._index:
            self._index = index
            self.setFocusProxy(self.buttons[index])
            self.picked.emit(index)
