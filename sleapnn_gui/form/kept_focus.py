"""Where the keyboard goes when what it was on is not there any more: to what says where one is, never out of the form."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid


@contextmanager
def focus_kept(area: QWidget, rest: QWidget) -> Iterator[None]:
    """While this lasts, things in `area` may be hidden; where the focus was on one of them, `rest` gets it."""
    was = QApplication.focusWidget()
    yield
    if (
        was is not None
        and isValid(was)
        and area.isAncestorOf(was)
        and area.isVisible()
        and not was.isVisible()
    ):
        rest.setFocus(Qt.FocusReason.OtherFocusReason)
