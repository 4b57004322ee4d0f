"""Reading the runs of some folders beside the window, the newest first, a few at a time."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL
from sleapnn_engine.protocol.remarks import FILE_NAME as REMARKS
from sleapnn_engine.protocol.run_state import find_runs
from sleapnn_gui.monitor.run_summary import RunSummary, summarise

#: Rows handed over at a time, so that a long list holds up no turn of the window.
_ROWS_AT_ONCE = 40
_REST_SECONDS = 0.002
"""Between two runs: a thread of plain Python takes the interpreter at each of the window's calls into Qt."""
_Stamp = tuple[int, ...]


class _Task(QRunnable):
    """Reads; runs that are over and whose files have not changed are those that were read before."""

    def __init__(
        self, number: int, folders: Sequence[Path], reading: "RunsReading", replaced: threading.Event
    ) -> None:
        super().__init__()
        self._number, self._folders, self._reading, self._replaced = number, folders, reading, replaced
        self._known: Mapping[Path, tuple[_Stamp, RunSummary]] = reading.known

    def run(self) -> None:
        rows: list[RunSummary] = []
        fresh: dict[Path, tuple[_Stamp, RunSummary]] = {}
        for path in find_runs(self._folders):
            if self._replaced.is_set():
                return
            time.sleep(_REST_SECONDS)
            stamp = _stamp(path)
            before = self._known.get(path)
            kept = before is not None and before[0] == stamp and before[1].is_over
            summary = before[1] if before is not None and kept else summarise(path)
            if summary is not None:
                rows.append(summary)
                fresh[path] = stamp, summary
            if len(rows) == _ROWS_AT_ONCE:
                self._reading.handed.emit(self._number, rows, {}, False)
                rows = []
        self._reading.handed.emit(self._number, rows, fresh, True)


class RunsReading(QObject):
    """One reading at a time, a newer one replaces an older one. `ready` carries runs and whether these were the last."""

    handed = Signal(int, list, object, bool)
    ready = Signal(list, bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.known: dict[Path, tuple[_Stamp, RunSummary]] = {}
        self._number = 0
        self._replaced = threading.Event()
        self.handed.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    def begin(self, folders: Sequence[Path]) -> None:
        """Read the runs of these folders."""
        self._replaced.set()
        self._replaced = threading.Event()
        self._number += 1
        QThreadPool.globalInstance().start(_Task(self._number, list(folders), self, self._replaced))

    @Slot(int, list, object, bool)
    def _receive(self, number: int, runs: list[RunSummary], fresh: object, complete: bool) -> None:
        if number != self._number:
            return
        if complete and isinstance(fresh, dict):
            self.known = fresh
        self.ready.emit(runs, complete)


def _stamp(folder: Path) -> _Stamp:
    found: list[int] = []
    for name in (JOURNAL, REMARKS):
        try:
            state = (folder / name).stat()
            found += [state.st_mtime_ns, state.st_size]
        except OSError:
            found.append(-1)
    return tuple(found)
