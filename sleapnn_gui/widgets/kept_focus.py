"""Where the keyboard goes when what it was on is not there any more: to what is near, never out of the page."""

from collections.abc import Callable, Iterator
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


def holds_keyboard(area: QWidget) -> bool:
    """Whether the keyboard is in an area, or will be once its window is in front again."""
    focus = area.window().focusWidget()
    return focus is not None and area.isAncestorOf(focus)


def withdraw(area: QWidget, go_on: Callable[[], object]) -> None:
    """Hide something; where the keyboard was in it, `go_on` gives it to what comes next for the person.

    Qt would give it to whatever control is the next one, which may be far off, or one that ends a run.
    """
    held = not area.isHidden() and holds_keyboard(area)
    area.hide()
    if held:
        go_on()


def rest_on_page(line: QWidget) -> None:
    """The keyboard goes on from the beginning of the page that a line stands on, and is on none of its buttons."""
    page = line.parentWidget()
    if page is not None:
        page.setFocus(Qt.FocusReason.OtherFocusReason)
