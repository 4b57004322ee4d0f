"""One piece of work at a time in a thread beside the window, and what becomes of it handed over in the window's own."""

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer

_LOOK_MS = 10


class _Work:
    """It knows nothing of Qt, so that the window may go before it is done."""

    def __init__(self, work: Callable[[], Any], then: Callable[[Any], None], *, abandon: bool) -> None:
        self._work, self._then = work, then
        self._result: Any = None
        self._fault: BaseException | None = None
        self.thread = threading.Thread(target=self._do, name="aside", daemon=abandon)
        self.thread.start()

    def _do(self) -> None:
        try:
            self._result = self._work()
        except BaseException as fault:  # any fault comes up in the window's thread, where faults are told
            self._fault = fault

    def hand_over(self) -> None:
        if self._fault is not None:
            raise self._fault
        self._then(self._result)


class BackgroundTask(QObject):
    """Does work that the window must not wait for.

    The work gets nothing that is changed meanwhile and touches no widget. With `abandon`, the process may end in the
    midst of it.
    """

    def __init__(self, parent: QObject, *, abandon: bool = True) -> None:
        super().__init__(parent)
        self._abandon = abandon
        self._current: _Work | None = None
        self._looks = QTimer(self, interval=_LOOK_MS)
        self._looks.timeout.connect(self._poll)

    @property
    def is_at_work(self) -> bool:
        return self._current is not None

    def begin(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do `work`, and `then` with what it gave; nothing more is heard of work that was begun before."""
        self._current = _Work(work, then, abandon=self._abandon)
        self._looks.start()

    def drop(self) -> None:
        """Hear nothing more of what is at work."""
        self._looks.stop()
        self._current = None

    def finish(self) -> None:
        """Wait for what is at work; for those who have no event loop to wait in."""
        while self._current is not None:
            self._current.thread.join()
            self._poll()

    def _poll(self) -> None:
        done = self._current
        if done is None or done.thread.is_alive():
            return
        self.drop()
        done.hand_over()
