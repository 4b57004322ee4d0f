"""Where the keyboard goes when what it was on is not there any more: to what is near, never out of the page."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid


@contextmanager
def focus_kept(area: QWidget, rest: QWidget) -> Iterator[None]:
    """While this lasts, things in `area` may be hidden or switched off; where the focus was on one of them, `rest` gets it."""
    was = QApplication.focusWidget()
    yield
    if was is None or not isValid(was) or not area.isAncestorOf(was) or not area.isVisible():
        return
    if not was.isVisible() or not was.isEnabled():
        rest.setFocus(Qt.FocusReason.OtherFocusReason)
