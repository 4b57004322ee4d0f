"""A scrolled page that grows above the pointer is scrolled along, so that what the pointer is on stays under it."""

import contextlib
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QMargins, QObject, QPoint, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget

from sleapnn_gui.widgets.still import Still, control_under_pointer


class Anchor(QObject):
    """Keeps what the pointer is on at its place on the screen while a page changes around it.

    A page too short to be scrolled that far gets empty room above or below, until the pointer is on no control.
    """

    def __init__(self, scroll: QScrollArea) -> None:
        super().__init__(scroll)
        self._scroll = scroll
        self._still = Still(scroll)
        self._margins: QMargins | None = None

    @contextlib.contextmanager
    def hold(self, rows: Iterable[QWidget]) -> Iterator[None]:
        """Within it the page may change its height; the control or else the row under the pointer stays."""
        page = self._page()
        held = control_under_pointer(page) or next(
            (row for row in rows if row.isVisible() and row.underMouse()), None
        )
        before = (
            None
            if held is None
            else held.mapTo(page, QPoint()).y() - self._scroll.verticalScrollBar().value()
        )
        yield
        if held is not None:
            # The page has its new height once Qt has laid it out, which it does before timers are due.
            QTimer.singleShot(0, held, lambda: self._follow(held, before))

    def _page(self) -> QWidget:
        page = self._scroll.widget()
        assert page is not None
        return page

    def _follow(self, held: QWidget, before: int | None) -> None:
        page = self._page()
        layout = page.layout()
        if before is None or layout is None or not held.isVisible():
            return
        edges = layout.contentsMargins()
        own = self._margins or QMargins(edges)
        added = edges.top() - own.top()
        # Where the page, without the room that was added, would have to be scrolled to; less than 0 is above its top.
        wanted = held.mapTo(page, QPoint()).y() - added - before
        area = self._scroll.viewport().height()
        high = layout.heightForWidth(page.width()) - added - (edges.bottom() - own.bottom())
        above = max(0, -wanted)
        below = max(0, wanted + area - high) if wanted > 0 else 0
        if QMargins(0, above, 0, below) + own != edges:
            self._margins = own
            layout.setContentsMargins(own + QMargins(0, above, 0, below))
            self._still.when_away(self.release)
        QTimer.singleShot(0, held, lambda: self._scroll.verticalScrollBar().setValue(wanted + above))

    def release(self) -> None:
        """Take the empty room away."""
        layout = self._page().layout()
        self._still.drop()
        if self._margins is not None and layout is not None:
            layout.setContentsMargins(self._margins)
            self._margins = None
