"""An area whose content is as wide with a scroll bar as without: the bar always has its room, and is seen where it scrolls.

Were there more room without it, a content that is taller the wider it is would call for the bar, become lower beside it,
need it no more, and so on without end: Qt goes round in that until the stack is full.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QWidget


class _QuietBar(QScrollBar):
    """Paints nothing while there is nothing to scroll."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.minimum() < self.maximum():
            super().paintEvent(event)


class SteadyScroll(QScrollArea):
    """Scrolls a widget downwards; `margins` (left, top, right, bottom) are those of its layout beside the bar."""

    def __init__(self, content: QWidget, *, margins: tuple[int, int, int, int]) -> None:
        super().__init__()
        layout = content.layout()
        assert layout is not None
        layout.setContentsMargins(*margins)
        self.setVerticalScrollBar(_QuietBar(self))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(content)
