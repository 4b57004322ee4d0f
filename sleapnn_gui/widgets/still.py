"""What comes by itself makes room for itself only when that moves no control from under the pointer."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QTabBar, QWidget

_LOOK_MS = 100


class Still(QObject):
    """Keeps areas of the window still while the pointer is on one of their controls.

    One act waits at a time, the latest; it is looked for ten times a second whether it may be done.
    """

    def __init__(self, area: QWidget, *more: QWidget) -> None:
        super().__init__(area)
        self._areas = (area, *more)
        self._act: Callable[[], object] | None = None
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._check)

    def when_away(self, act: Callable[[], object]) -> None:
        """Do what moves the area: now, or as soon as the pointer is on none of its controls."""
        self._act = act
        self._timer.start()
        self._check()

    def drop(self) -> None:
        """Do nothing any more of what waits."""
        self._act = None
        self._timer.stop()

    def _check(self) -> None:
        act = self._act
        if act is not None and not any(points_at_control(area) for area in self._areas):
            self.drop()
            act()


def points_at_control(area: QWidget) -> bool:
    """Whether the pointer is on something in an area that a person may be about to press."""
    return control_under_pointer(area) is not None


def control_under_pointer(area: QWidget) -> QWidget | None:
    """The outermost control in an area that the pointer is on.

    One that is switched off counts: a press that was meant for it must not meet what would come in its place.
    """
    found: QWidget | None = area if area.isVisible() and area.underMouse() else None
    while found is not None:
        inside = [part for part in found.children() if isinstance(part, QWidget) and part.underMouse()]
        found = next((part for part in inside if part.isVisible()), None)
        if found is not None and _is_pressed(found):
            return found
    return None


def _is_pressed(widget: QWidget) -> bool:
    if isinstance(widget, QLabel):
        return "<a " in widget.text()
    takes_clicks = bool(widget.focusPolicy() & Qt.FocusPolicy.ClickFocus) and not isinstance(
        widget, QScrollArea
    )
    return (
        takes_clicks
        or isinstance(widget, (QAbstractButton, QTabBar))  # tabs take the focus from keys only
        or widget.cursor().shape() is Qt.CursorShape.PointingHandCursor
    )
