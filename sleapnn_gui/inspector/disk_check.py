"""Looking for the files that a config, or both of a pair, names, away from the window's own thread."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer

from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.files import copy_values
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.findings import Findings
from sleapnn_gui.document.pair import halves

_DELAY_MS = 300


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
        self._task = BackgroundTask(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.check)
        document.changed.connect(self._later)
        document.reloaded.connect(self._start_over)

    def check(self) -> None:
        """Look now."""
        configs = [Findings(copy_values(half.values)) for half in halves(self._document.state)]
        self._task.begin(partial(_find_missing, configs), partial(self._receive, self._number))

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

    def _receive(self, number: int, found: list[Findings]) -> None:
        if number == self._number:
            self._found = found
            self._show()


def _find_missing(configs: Sequence[Findings]) -> list[Findings]:
    """Configs of which nothing was found yet, with what was."""
    return [Findings(one.values, check_files(one.values)) for one in configs]
