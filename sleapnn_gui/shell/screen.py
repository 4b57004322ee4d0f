"""How large the window is and where it stands, so that all of it is on a screen that is there."""

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

#: What the window likes to have, and what it can do with, in logical pixels. The smaller one fits a screen of
#: 1366 × 768 at 200 % beside a panel.
WANTED, SMALLEST = QSize(1440, 900), QSize(560, 280)

#: Room for the title and the edges the desktop draws around a window, before they are known.
_TITLE, _EDGES = 36, 4

#: So much of the window's top must be on a screen for a person to take hold of it.
_HOLD = QSize(120, 24)

#: The screen of Qt's platform without a screen; nobody looks at it, so it limits nothing.
_NO_SCREEN = ("offscreen", QSize(800, 800))


def is_seen(screen: QScreen) -> bool:
    """Whether there is a screen at all."""
    return (QGuiApplication.platformName(), screen.size()) != _NO_SCREEN


def room_on(screen: QScreen) -> QRect:
    """Where a window may be on a screen, without panels and without what is drawn around the window."""
    if not is_seen(screen):
        return QRect(0, 0, 1920, 1200)
    return screen.availableGeometry().adjusted(_EDGES, _TITLE, -_EDGES, -_EDGES)


def first_place(screen: QScreen) -> QRect:
    """The window's place at the first start: as large as it likes, or as the screen allows, in its middle."""
    room = room_on(screen)
    place = QRect(QPoint(0, 0), WANTED.boundedTo(room.size()))
    place.moveCenter(room.center())
    return place


def mended_place(place: QRect, screens: list[QScreen]) -> QRect:
    """`place` where it can be taken hold of on one of the `screens` and is no larger than that; else moved or cut."""
    top = QRect(place.topLeft(), QSize(place.width(), _HOLD.height()))
    for screen in screens:
        room = room_on(screen)
        seen = room.intersected(top)
        if seen.width() >= min(_HOLD.width(), place.width()) and seen.height() >= _HOLD.height():
            mended = QRect(place.topLeft(), place.size().boundedTo(room.size()))
            # What was cut to the screen's size starts at its edge; what fits may hang over, as it was left.
            if mended.size() != place.size():
                mended.moveCenter(room.center())
            return mended
    return first_place(screens[0])


def place_window(window: QWidget) -> None:
    """Give a window that was restored a place that its present screens allow."""
    if window.isMaximized() or window.isFullScreen():
        return
    screens = QGuiApplication.screens()
    near = window.screen() or QGuiApplication.primaryScreen()
    window.setGeometry(
        mended_place(window.geometry(), [near, *(other for other in screens if other is not near)])
    )
