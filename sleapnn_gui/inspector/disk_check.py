"""Looking for the files that a config, or both of a pair, names, away from the window's own thread."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal, Slot

from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.files import copy_values
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.findings import Findings
from sleapnn_gui.document.pair import halves

_DELAY_MS = 300


class _Answer(QObject):
    ready = Signal(int, object)


class _Task(QRunnable):
    """Looks for the files of some configs, of which nothing was found yet."""

    def __init__(self, number: int, configs: Sequence[Findings], answer: _Answer) -> None:
        super().__init__()
        self._number, self._configs, self._answer = number, configs, answer

    def run(self) -> None:
        found = [Findings(one.values, check_files(one.values)) for one in self._configs]
        self._answer.ready.emit(self._number, found)


class DiskCheck(QObject):
    """Checks a document's files a moment after each change; a slow network folder never holds up typing.

    What was found of a path that is no longer in the config is forgotten with it, and an answer that comes too late is
    none.
    """

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._number = 0
        self._found: list[Findings] = []
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
        configs = [Findings(copy_values(half.values)) for half in halves(self._document.state)]
        QThreadPool.globalInstance().start(_Task(self._number, configs, self._answer))

    def _start_over(self) -> None:
        self._found = []  # the document has forgotten it as well
        self._later([])

    def _later(self, _paths: list[str]) -> None:
        self._number += 1
        self._timer.start()
        self._show()

    def _show(self) -> None:
        """A file that one model names is as missing for the other one that names it too."""
        for half in halves(self._document.state):
            issues = [issue for one in self._found for issue in one.about(half.values)]
            self._document.set_outside_issues("disk", issues, half=half.half)

    @Slot(int, object)
    def _receive(self, number: int, found: list[Findings]) -> None:
        if number == self._number:
            self._found = found
            self._show()
