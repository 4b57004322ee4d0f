"""Work in a thread beside the window, and what becomes of it handed over in the window's own.

No thread knows an object of Qt: such an object may go while it is at work, and would be ended by whoever lets go of it
last, or have the window's thread wait for one that waits for it.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer

from sleapnn_gui.widgets.language import tr

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


class WorkInOrder:
    """Does one piece of work after the other, in the order they were asked for, and keeps the process until all are done."""

    def __init__(self) -> None:
        self._works: deque[Callable[[], object]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, work: Callable[[], object]) -> None:
        """Have it done after all that was put before. It deals with its own faults."""
        with self._lock:
            self._works.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._do, name=tr("in order"))
                self._thread.start()

    @property
    def is_at_work(self) -> bool:
        return self._thread is not None

    def wait(self, seconds: float) -> None:
        """Until what was put is done, but no longer than this."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _do(self) -> None:
        while True:
            with self._lock:
                if not self._works:
                    self._thread = None
                    return
                work = self._works.popleft()
            work()


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
