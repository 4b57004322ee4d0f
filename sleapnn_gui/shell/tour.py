"""The tour: five sentences through the window, each beside what it is about, to be left at any time."""

from collections.abc import Callable, Sequence

import attrs
from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from sleapnn_gui.widgets.kept_focus import withdraw
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme


@attrs.frozen
class Step:
    """What is said, on which page, and which widget of the window it is about."""

    page: str
    text: str
    about: Callable[[], QWidget]


class TourMark(QWidget):
    """A line around what is spoken of, over everything, through which one can click."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("tour_mark")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._around: QWidget | None = None
        self._window = window
        window.installEventFilter(self)
        self.hide()

    def put_around(self, widget: QWidget | None) -> None:
        """Mark another widget, or none."""
        self._around = widget
        self.setVisible(widget is not None)
        self._follow()
        QTimer.singleShot(0, self, self._follow)  # a page that was made for it is laid out then

    def _follow(self) -> None:
        if self._around is None:
            return
        place = QRect(self._around.mapTo(self._window, self._around.rect().topLeft()), self._around.size())
        self.setGeometry(place.adjusted(-3, -3, 3, 3).intersected(self._window.rect()))
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self._around is not None:
            QTimer.singleShot(0, self, self._follow)
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(current_theme().color("accent"), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 6, 6)


class TourStrip(QFrame):
    """The sentence of a step, and Back, Next and Leave at places that stay. Escape leaves too.

    `page_wanted` carries the name of the page that a step is about, `answered` says that it has ended where the keyboard was.
    """

    answered = Signal()
    page_wanted = Signal(str)

    def __init__(self, window: QWidget, steps: Sequence[Step]) -> None:
        super().__init__()
        self.setObjectName("tour")
        self.setProperty("pane", "top")
        self._steps = tuple(steps)
        self._at = 0
        self._mark = TourMark(window)
        self.text = QLabel()
        self.text.setWordWrap(True)
        # Two lines of room from the first step on: what is longer must not push the page, nor the buttons, down.
        self.text.setMinimumHeight(2 * self.text.fontMetrics().lineSpacing())
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(current_theme().size("space_2"))
        row.addWidget(self.text, 1)
        self.back, self.next, self.leave_button = (
            QPushButton(tr("Back")),
            QPushButton(tr("Next")),
            QPushButton(tr("Leave")),
        )
        for button, about, act in (
            (self.back, tr("The step before"), lambda: self._go(self._at - 1)),
            (self.next, tr("The next step"), lambda: self._go(self._at + 1)),
            (self.leave_button, tr("End the tour; Help has it again"), self.leave),
        ):
            button.setToolTip(about)
            button.setAccessibleDescription(about)
            button.clicked.connect(act)
            row.addWidget(button)
        self.hide()

    @property
    def step(self) -> int | None:
        """Which step is shown, from 0 on; None while no tour is taken."""
        return None if self.isHidden() else self._at

    def begin(self) -> None:
        """Show the first step."""
        self.show()
        self._go(0)

    def leave(self) -> None:
        """End the tour where it is."""
        self._mark.put_around(None)
        withdraw(self, self.answered.emit)

    def _go(self, step: int) -> None:
        if step >= len(self._steps):
            self.leave()
            return
        self._at = step
        shown, held = self._steps[step], self.back if self.back.hasFocus() and step else self.next
        self.page_wanted.emit(shown.page)
        self.text.setText(
            tr("{step} of {count}.  {words}", step=step + 1, count=len(self._steps), words=shown.text)
        )
        self.setAccessibleName(self.text.text())
        self.back.setEnabled(step > 0)
        self.next.setText(tr("Done") if step + 1 == len(self._steps) else tr("Next"))
        self._mark.put_around(shown.about())
        held.setFocus(Qt.FocusReason.OtherFocusReason)  # a page that is shown takes the keyboard to itself

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)
