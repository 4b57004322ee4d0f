"""What is taller the wider it is can be scrolled at every size, and nothing is wider where no bar is seen."""

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from sleapnn_gui.inspector.see.tiles import Tiles
from sleapnn_gui.widgets.steady_scroll import SteadyScroll
from sleapnn_gui.widgets.theme import Theme


class Wide(Tiles):
    """Tells how often it was sized anew while it was being sized; the real one would go on until the stack is full."""

    depth = deepest = 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        if self.depth < 20:
            super().resizeEvent(event)
        self.depth -= 1


def test_no_size_makes_the_bar_come_and_go(app: QApplication, theme: Theme) -> None:
    holder = QWidget()
    column, pictures = QVBoxLayout(holder), Wide(columns=3, rows=2, name="Pictures")
    column.addWidget(pictures)
    area = SteadyScroll(holder, margins=(8, 8, 8, 8))
    area.resize(400, 300)
    area.show()
    app.processEvents()
    wide, bar = pictures.width(), area.verticalScrollBar()
    seen = set()
    for tall in range(160, 300):
        area.resize(400, tall)
        app.processEvents()
        assert pictures.deepest < 5, tall
        assert pictures.width() == wide, tall
        seen.add(bar.maximum() > 0)
    assert seen == {True, False}, "both with and without something to scroll"
    area.close()
    area.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
