"""Looking for the files a config names, away from the window's own thread."""

from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal, Slot

from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.files import copy_values
from sleapnn_gui.document.document import Document

_DELAY_MS = 300


class _Answer(QObject):
    ready = Signal(int, list)


class _Task(QRunnable):
    def __init__(self, number: int, values: dict[str, Any], answer: _Answer) -> None:
        super().__init__()
        self._number, self._values, self._answer = number, values, answer

    def run(self) -> None:
        self._answer.ready.emit(self._number, check_files(self._values))


class DiskCheck(QObject):
    """Checks a document's files a moment after each change; a slow network folder never holds up typing."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._number = 0
        self._answer = _Answer(self)
        self._answer.ready.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.check)
        document.changed.connect(self._later)
        document.reloaded.connect(self._later)

    def check(self) -> None:
        """Look now."""
        self._number += 1
        QThreadPool.globalInstance().start(
            _Task(self._number, copy_values(self._document.values), self._answer)
        )

    def _later(self, _paths: object = None) -> None:
        self._timer.start()

    @Slot(int, list)
    def _receive(self, number: int, issues: list[Any]) -> None:
        if number == self._number:
            self._document.set_outside_issues("disk", issues)
