"""The Check command: the engine looks at config, files and labels as a training would, and the document learns of it."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sleapnn_engine.config.issue import issue_from
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.findings import Findings
from sleapnn_gui.document.pair import halves, same_work
from sleapnn_gui.inspector.client import Inspect

_DELAY_MS = 600


class FullCheck(QObject):
    """Asks the engine for everything that is wrong; what the window found by itself is not listed twice.

    `done` comes with the answer to `ask`, `failed` with a sentence where there was none. Findings are looked for again
    after an edit, until none is left. Both models of a pair are looked at, one after the other.
    """

    done = Signal()
    failed = Signal(str)

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document, self._inspect = document, inspect
        self._found: dict[str, Findings] = {}
        self._looked, self._left = State(), list[State]()
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
        self._again()

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self._timer.stop()

    @Slot()
    def _again(self) -> None:
        self._overtaken = False
        self._looked = self._document.state
        self._left = halves(self._looked)
        self._ask_next()

    def _ask_next(self) -> None:
        self._inspect.ask("check", values=self._left[0].values)

    @Slot(list)
    def _changed(self, paths: list[str]) -> None:
        if not paths or same_work(self._looked, self._document.state):
            return  # the other half of a pair was taken in hand
        if any(one.issues for one in self._found.values()) or self._inspect.is_asking("check"):
            self._overtaken = True
            self._timer.start()
        self._show()  # what was found of a setting is no news of its new value

    def _show(self) -> None:
        for half in halves(self._document.state):
            found = self._found.get(half.half, Findings()).about(half.values)
            self._document.set_outside_issues("check", found, half=half.half)

    @Slot()
    def _forget(self) -> None:
        self._found, self._left, self._quiet = {}, [], True
        self._timer.stop()
        self._inspect.cancel("check")

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind != "check" or self._overtaken or not self._left:
            return  # what was found of other settings is no news of these; they are looked at in a moment
        half = self._left.pop(0)
        self._document.set_outside_issues("check", [], half=half.half)
        known = {(issue.path, issue.message) for issue in self._document.issues_of(half)}
        found = map(issue_from, answer["issues"])
        new = [issue for issue in found if (issue.path, issue.message) not in known]
        self._found[half.half] = Findings(half.values, new)
        self._show()
        if self._left:
            self._ask_next()
            return
        quiet, self._quiet = self._quiet, True
        if not quiet:
            self.done.emit()

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == "check" and not self._quiet:
            self._quiet = True
            self.failed.emit(text)
