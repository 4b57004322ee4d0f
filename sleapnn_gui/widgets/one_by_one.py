"""Large widgets that come into view together are styled and drawn one after the other; keys and clicks get in between."""

from collections.abc import Sequence

import shiboken6
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

_STYLED = 4
"""Widgets that are styled in one turn of the event loop; each takes a millisecond."""


def style_ahead(area: QWidget, *, after_ms: int = 1500) -> None:
    """Have Qt style what is in an area before it is shown for the first time, some of it in each turn."""
    turns = QTimer(area, interval=0)
    left: list[QWidget] = []

    def begin() -> None:
        left.extend(area.findChildren(QWidget))  # a widget before those in it: the last ones are styled first
        turns.start()

    def go_on() -> None:
        for widget in [left.pop() for _ in range(min(_STYLED, len(left)))]:
            if shiboken6.isValid(widget):
                widget.ensurePolished()
        if not left:
            turns.stop()

    turns.timeout.connect(go_on)
    QTimer.singleShot(after_ms, area, begin)


class OneByOne(QObject):
    """Draws or shows each of some widgets in a turn of the event loop of its own."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._waiting: list[QWidget] = []
        self._coming: list[QWidget] = []
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)

    def draw(self, widgets: Sequence[QWidget]) -> None:
        """Hold these back, and let them draw themselves in this order."""
        for widget in widgets:
            if widget not in self._waiting:
                widget.setUpdatesEnabled(False)
                self._waiting.append(widget)
        self._timer.start()

    def show(self, widgets: Sequence[QWidget]) -> None:
        """Show these in this order, before anything is drawn that was held back."""
        self._coming = [widget for widget in widgets if widget.isHidden()]
        self._timer.start()

    def hide(self, widgets: Sequence[QWidget]) -> None:
        """Hide these now, and show none that was to come."""
        self._coming = []
        for widget in widgets:
            widget.hide()

    def _go_on(self) -> None:
        if self._coming:
            self._coming.pop(0).show()
        elif self._waiting:
            self._waiting.pop(0).setUpdatesEnabled(True)
        if not self._coming and not self._waiting:
            self._timer.stop()
