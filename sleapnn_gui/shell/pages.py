"""The pages of the window, one shown at a time, that scroll where the window is smaller than what they can do with."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from sleapnn_gui.widgets.one_by_one import style_ahead

#: Pages that are reached from another one, and the one of the rail that they belong to.
_INSIDE = {"predict": "runs", "frames": "runs", "evaluation": "runs", "compare": "runs"}


def home_of(name: str) -> str:
    """The page of the rail that a page belongs to."""
    return _INSIDE.get(name, name)


class Pages(QStackedWidget):
    """Asks for no more room than the page that is shown, rather than for that of the largest."""

    def __init__(self) -> None:
        super().__init__()
        self._pages: dict[str, QWidget] = {}
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def fill(self, pages: Mapping[str, QWidget]) -> None:
        """Take in the pages, each by its name; what is not seen yet is styled while nobody waits for it."""
        self._pages = dict(pages)
        for page in pages.values():
            self.addWidget(page)
        style_ahead(self)

    @property
    def name(self) -> str:
        """Name of the page that is shown."""
        return next(name for name, page in self._pages.items() if page is self.currentWidget())

    def show_page(self, name: str) -> QWidget:
        """Show the page of this name; returns it."""
        page = self._pages[name]
        self.setCurrentWidget(page)
        return page

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        if page is None:
            return QSize()
        least = page.minimumSizeHint()
        return QSize(least.width(), self.heightForWidth(max(least.width(), self.width())))

    def heightForWidth(self, width: int) -> int:
        """What the page needs at least: what it would like is no reason to scroll."""
        page = self.currentWidget()
        if page is None:
            return 0
        layout = page.layout()
        if layout is not None and layout.hasHeightForWidth():
            return layout.minimumHeightForWidth(width)
        return page.minimumSizeHint().height()

    def scrolled(self) -> QScrollArea:
        """This in an area that scrolls where it must."""
        area = QScrollArea()
        area.setObjectName("pages")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self)
        return area
