"""Ten real steps of the config as it stands, of a pair of each model: what they took, or why they could not be taken."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from sleapnn_engine.config.issue import Fix, Issue, error
from sleapnn_engine.config.pairs import WORDS
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import halves, in_order, same_work
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.widgets.language import tr

_KIND = "measure"


class Measuring(QObject):
    """`changed` says that a measurement began, came, failed or is no longer of the config; `failed` carries a sentence.

    `found` is what the engine said of the config as it stands, by half of a pair in the order they are trained ('' without a
    pair), empty where not all is known. A failure becomes a problem of the setting it is about, with its Fix, until
    something is edited.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document, self._inspect = document, inspect
        self.found: dict[str, dict[str, Any]] = {}
        self._measured: dict[str, dict[str, Any]] = {}
        self._of, self._left = State(), list[State]()
        document.changed.connect(self._edited)
        document.reloaded.connect(self.forget)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    @property
    def is_at_work(self) -> bool:
        """Whether steps are being taken."""
        return bool(self._left)

    def begin(self) -> None:
        """Have ten steps taken."""
        self._clear()
        self._of = self._document.state
        self.found, self._measured, self._left = {}, {}, in_order(self._of)
        self._inspect.ask(_KIND, values=self._left[0].values)
        self.changed.emit()

    @Slot()
    def forget(self) -> None:
        """What was measured is of another config, and nobody waits for what is being measured."""
        was = bool(self.is_at_work or self.found)
        if self.is_at_work:
            self._inspect.cancel(_KIND)
        self.found, self._left = {}, []
        if was:
            self.changed.emit()
        self._clear()

    def _clear(self) -> None:
        for half in halves(self._document.state):
            self._document.set_outside_issues(_KIND, [], half=half.half)

    @Slot(list)
    def _edited(self, paths: list[str]) -> None:
        if paths and not same_work(self._of, self._document.state):
            self.forget()

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind != _KIND or not self.is_at_work:
            return
        half = self._left.pop(0).half
        problem = answer.get("failed")
        if problem is not None:
            self._left = []
            self._document.set_outside_issues(_KIND, [_issue(problem)], half=half)
            self.changed.emit()
            self.failed.emit(tr("The steps{of} failed. {message}", of=_of(half), message=problem["message"]))
            return
        self._measured[half] = answer
        if self._left:
            self._inspect.ask(_KIND, values=self._left[0].values)
        else:
            self.found = self._measured
            self.changed.emit()

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == _KIND and self.is_at_work:
            half, self._left = self._left[0].half, []
            self.changed.emit()
            self.failed.emit(f"{tr(WORDS[half])}: {text}" if half else text)


def _of(half: str) -> str:
    return tr(" of the {words} model", words=tr(WORDS[half]).lower()) if half else ""


def _issue(problem: dict[str, Any]) -> Issue:
    """A failure of the steps as a problem of the setting it is about."""
    fix = problem["fix"]
    return error(
        problem["where"],
        f"{problem['message']} {problem['hint']}".strip(),
        None if fix is None else Fix(fix["label"], fix["set"]),
    )
