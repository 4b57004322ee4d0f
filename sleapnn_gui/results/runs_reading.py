"""Reading the runs of some folders beside the window, the newest first, a few at a time."""

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL
from sleapnn_engine.protocol.remarks import FILE_NAME as REMARKS
from sleapnn_engine.protocol.run_state import find_runs
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor.run_summary import RunSummary, summarise

#: Rows handed over at a time, so that a long list holds up no turn of the window.
_ROWS_AT_ONCE = 40
_LOOK_MS = 20
_REST_SECONDS = 0.002
"""Between two runs: a thread of plain Python takes the interpreter at each of the window's calls into Qt."""
_Stamp = tuple[int, ...]


class _Reader:
    """Reads in a thread; runs that are over and whose files have not changed are those that were read before."""

    def __init__(self, folders: Sequence[Path], known: Mapping[Path, tuple[_Stamp, RunSummary]]) -> None:
        self._folders, self._known = folders, known
        self._rows: deque[RunSummary] = deque()
        self._replaced = threading.Event()
        self.fresh: dict[Path, tuple[_Stamp, RunSummary]] = {}

    def read(self) -> None:
        """All of them, unless another takes this one's place."""
        for path in find_runs(self._folders):
            if self._replaced.is_set():
                return
            time.sleep(_REST_SECONDS)
            stamp = _stamp(path)
            before = self._known.get(path)
            kept = before is not None and before[0] == stamp and before[1].is_over
            summary = before[1] if before is not None and kept else summarise(path)
            if summary is not None:
                self.fresh[path] = stamp, summary
                self._rows.append(summary)

    def replace(self) -> None:
        """Nobody waits for it any more."""
        self._replaced.set()

    def rows(self, *, but_few: bool) -> list[RunSummary]:
        """What was read since the last time, so many at once; few are not worth a turn while more come."""
        if but_few and len(self._rows) < _ROWS_AT_ONCE:
            return []
        return [self._rows.popleft() for _ in range(min(_ROWS_AT_ONCE, len(self._rows)))]


class RunsReading(QObject):
    """One reading at a time, a newer one replaces an older one. `ready` carries runs and whether these were the last."""

    ready = Signal(list, bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: Mapping[Path, tuple[_Stamp, RunSummary]] = {}
        self._reader = _Reader([], {})
        self._task = BackgroundTask(self)
        self._looks = QTimer(self, interval=_LOOK_MS)
        self._looks.timeout.connect(self._poll)

    def begin(self, folders: Sequence[Path]) -> None:
        """Read the runs of these folders."""
        self._reader.replace()
        self._reader = _Reader(list(folders), self._known)
        self._task.begin(self._reader.read, lambda _: None)
        self._looks.start()

    def _poll(self) -> None:
        rows = self._reader.rows(but_few=self._task.is_at_work)
        last = not rows and not self._task.is_at_work
        if last:
            self._looks.stop()
            self._known = self._reader.fresh
        if rows or last:
            self.ready.emit(rows, last)


def _stamp(folder: Path) -> _Stamp:
    found: list[int] = []
    for name in (JOURNAL, REMARKS):
        try:
            state = (folder / name).stat()
            found += [state.st_mtime_ns, state.st_size]
        except OSError:
            found.append(-1)
    return tuple(found)
