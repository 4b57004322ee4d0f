"""An area whose content stays where it is when its scroll bar comes: while the bar is not there, its room is left free."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class SteadyScroll(QScrollArea):
    """Scrolls a widget downwards; `margins` (left, top, right, bottom) are those of its layout beside a bar."""

    def __init__(self, content: QWidget, *, margins: tuple[int, int, int, int]) -> None:
        super().__init__()
        self._margins = margins
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(content)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()  # Qt tells of a bar that comes or goes as of another size

    def _make_room(self) -> None:
        content = self.widget()
        assert content is not None
        layout = content.layout()
        assert layout is not None
        left, top, right, bottom = self._margins
        taken = self.width() - self.viewport().width()
        right += max(0, self.verticalScrollBar().sizeHint().width() - taken)
        if layout.contentsMargins().right() != right or layout.contentsMargins().left() != left:
            layout.setContentsMargins(left, top, right, bottom)
