"""Looking for the files a config names, away from the window's own thread."""

from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal, Slot

from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.issue import Issue
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
    """Checks a document's files a moment after each change; a slow network folder never holds up typing.

    What was found of a path that is no longer in the config is forgotten with it, and an answer that comes too late is
    none.
    """

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._number = 0
        self._found: list[Issue] = []
        self._answer = _Answer(self)
        self._answer.ready.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.check)
        document.changed.connect(self._later)
        document.reloaded.connect(self._start_over)

    def check(self) -> None:
        """Look now."""
        QThreadPool.globalInstance().start(
            _Task(self._number, copy_values(self._document.values), self._answer)
        )

    def _start_over(self) -> None:
        self._found = []  # the document has forgotten it as well
        self._later([])

    def _later(self, paths: list[str]) -> None:
        self._number += 1
        self._timer.start()
        still = [issue for issue in self._found if issue.path not in paths]
        if still != self._found:
            self._show(still)

    def _show(self, issues: list[Issue]) -> None:
        self._found = issues
        self._document.set_outside_issues("disk", issues)

    @Slot(int, list)
    def _receive(self, number: int, issues: list[Any]) -> None:
        if number == self._number:
            self._show(issues)
