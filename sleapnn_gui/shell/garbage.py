"""The search for what nothing refers to any more, in a turn of the event loop of its own."""

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 5000
#: Rounds over what is young, after which the whole is due; as Python has it by itself.
_ROUNDS = 10
_NEVER = 1_000_000


def hold_garbage() -> None:
    """Search for nothing while a window is being made: nearly all that comes will stay."""
    gc.disable()


class GarbageSearch(QObject):
    """Has Python go through the whole of memory between two turns, and not in the middle of an edit.

    Until this is made, a program that starts had better not search at all: see `hold_garbage`.

    What there is when this is made lasts as long as the window and is left out: to go through it takes a tenth of a
    second. What has come since takes some ten milliseconds, which is no more than a turn but would be added to one.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.freeze()
        youngest, young, _ = gc.get_threshold()
        gc.set_threshold(youngest, young, _NEVER)
        gc.enable()
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.search)
        self._timer.start()

    def search(self) -> None:
        """Go through all that has come since the beginning, where enough has come since the last time."""
        if gc.get_count()[2] >= _ROUNDS:
            gc.collect()
