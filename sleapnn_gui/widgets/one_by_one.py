"""Large widgets that come into view together are drawn one after the other, so that keys and clicks get in between."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget


class OneByOne(QObject):
    """Draws each of some widgets in a turn of the event loop of its own."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._waiting: list[QWidget] = []
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._draw_next)

    def draw(self, widgets: Sequence[QWidget]) -> None:
        """Hold these back, and let them draw themselves in this order."""
        for widget in widgets:
            if widget not in self._waiting:
                widget.setUpdatesEnabled(False)
                self._waiting.append(widget)
        self._timer.start()

    def _draw_next(self) -> None:
        if self._waiting:
            self._waiting.pop(0).setUpdatesEnabled(True)
        if not self._waiting:
            self._timer.stop()
