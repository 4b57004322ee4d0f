"""A scrolled page that grows above the pointer is scrolled along, so that what the pointer is on stays under it."""

import contextlib
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget


@contextlib.contextmanager
def anchored(scroll: QScrollArea, rows: Iterable[QWidget]) -> Iterator[None]:
    """Within it the page may change its height; the row under the pointer keeps its place on the screen.

    A page that is shorter than its area cannot be scrolled, and moves.
    """
    page = scroll.widget()
    row = next((row for row in rows if row.isVisible() and row.underMouse()), None)
    before = None if row is None else row.mapTo(page, QPoint()).y()
    yield

    def follow() -> None:
        if row is not None and before is not None and row.isVisible():
            bar = scroll.verticalScrollBar()
            bar.setValue(bar.value() + row.mapTo(page, QPoint()).y() - before)

    if row is not None:
        # The page has its new height once Qt has laid it out, which it does before timers are due.
        QTimer.singleShot(0, row, follow)
