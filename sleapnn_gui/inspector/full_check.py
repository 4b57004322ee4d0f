"""The Check command: the engine looks at config, files and labels as a training would, and the document learns of it."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sleapnn_engine.config.issue import Issue, issue_from
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect

_DELAY_MS = 600


class FullCheck(QObject):
    """Asks the engine for everything that is wrong; what the window found by itself is not listed twice.

    `done` comes with the answer to `ask`, `failed` with a sentence where there was none. Findings are looked for again
    after an edit, until none is left.
    """

    done = Signal()
    failed = Signal(str)

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document, self._inspect = document, inspect
        self._found: list[Issue] = []
        self._quiet = True
        self._overtaken = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._again)
        document.changed.connect(self._changed)
        document.reloaded.connect(self._forget)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    def ask(self) -> None:
        """Look at everything now."""
        self._quiet = False
        self._timer.stop()
        self._overtaken = False
        self._inspect.ask("check", values=self._document.values)

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self._timer.stop()

    @Slot()
    def _again(self) -> None:
        self._overtaken = False
        self._inspect.ask("check", values=self._document.values)

    @Slot(list)
    def _changed(self, paths: list[str]) -> None:
        if paths and (self._found or self._inspect.is_asking("check")):
            self._overtaken = True
            self._timer.start()
        still = [issue for issue in self._found if issue.path not in paths]
        if still != self._found:  # what was found of a setting is no news of its new value
            self._found = still
            self._document.set_outside_issues("check", still)

    @Slot()
    def _forget(self) -> None:
        self._found, self._quiet = [], True
        self._timer.stop()
        self._inspect.cancel("check")

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind != "check" or self._overtaken:
            return  # what was found of other settings is no news of these; they are looked at in a moment
        self._document.set_outside_issues("check", [])
        known = {(issue.path, issue.message) for issue in self._document.issues()}
        found = map(issue_from, answer["issues"])
        self._found = [issue for issue in found if (issue.path, issue.message) not in known]
        self._document.set_outside_issues("check", self._found)
        quiet, self._quiet = self._quiet, True
        if not quiet:
            self.done.emit()

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == "check" and not self._quiet:
            self._quiet = True
            self.failed.emit(text)
