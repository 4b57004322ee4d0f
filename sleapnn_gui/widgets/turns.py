"""Whether the window is in the middle of something, for threads that would hold it up."""

import threading

from PySide6.QtCore import QAbstractEventDispatcher, QObject

_MOST_SECONDS = 0.003


class Turns(QObject):
    """Tells a thread when the window waits for its user.

    A thread of plain Python takes the interpreter at each of the window's calls into Qt, so that painting a page takes
    three times as long beside it. Made in the window's thread.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._idle = threading.Event()
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.aboutToBlock.connect(self._idle.set)
        dispatcher.awake.connect(self._idle.clear)

    def give_way(self) -> None:
        """Wait until the window is idle, though not for long: a busy window must not keep work from being done."""
        self._idle.wait(_MOST_SECONDS)
