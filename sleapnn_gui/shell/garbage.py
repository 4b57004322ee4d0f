"""The search for what nothing refers to any more: in a turn of the event loop of its own, and never anywhere else.

Python would begin it by itself, in whatever thread makes one object too many and wherever that thread stands. What it then
ends may be parts of a window: in a thread that is not theirs, or in the middle of a call of Qt or pyqtgraph that is about to
make others. Either ends the app, or leaves it waiting for itself without end.
"""

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1000
#: Objects more than at the last search of what is young, after which it is due; as Python has it by itself.
_OBJECTS = 700
#: Searches of what is young, and of what is older, after which what is older still is due.
_ROUNDS = 5


def hold_garbage() -> None:
    """From here on Python searches for nothing by itself; while a window is being made nearly all that comes will stay."""
    gc.disable()


def search_garbage() -> None:
    """Go through what has come since the last time, and now and then through what has lasted longer."""
    objects, young, older = gc.get_count()
    if objects > _OBJECTS:
        gc.collect(2 if older >= _ROUNDS else 1 if young >= _ROUNDS else 0)


class GarbageSearch(QObject):
    """Has Python search between two turns, and not in the middle of an edit. Made after `hold_garbage`.

    What there is when this is made lasts as long as the window and is left out: to go through it takes a tenth of a
    second. What has come since takes some ten milliseconds, which is no more than a turn but would be added to one.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.freeze()
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(search_garbage)
        self._timer.start()
