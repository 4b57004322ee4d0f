"""Ten real steps of the config as it stands, asked of the engine: what they took, or why they could not be taken."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from sleapnn_engine.config.issue import Fix, Issue, error
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect

_KIND = "measure"


class Measuring(QObject):
    """`changed` says that a measurement began, came, failed or is no longer of the config; `failed` carries a sentence.

    `found` is what the engine said of the config as it stands, None where nothing is known. A failure becomes a problem of
    the setting it is about, with its Fix, until something is edited.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document, self._inspect = document, inspect
        self.found: dict[str, Any] | None = None
        self.is_at_work = False
        document.changed.connect(self._edited)
        document.reloaded.connect(self.forget)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    def begin(self) -> None:
        """Have ten steps taken."""
        self._document.set_outside_issues(_KIND, [])
        self.found, self.is_at_work = None, True
        self._inspect.ask(_KIND, values=self._document.values)
        self.changed.emit()

    @Slot()
    def forget(self) -> None:
        """What was measured is of another config, and nobody waits for what is being measured."""
        if self.is_at_work:
            self._inspect.cancel(_KIND)
        if self.is_at_work or self.found is not None:
            self.found, self.is_at_work = None, False
            self.changed.emit()
        self._document.set_outside_issues(_KIND, [])

    @Slot(list)
    def _edited(self, paths: list[str]) -> None:
        if paths:
            self.forget()

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind != _KIND or not self.is_at_work:
            return
        self.is_at_work = False
        problem = answer.get("failed")
        if problem is None:
            self.found = answer
            self.changed.emit()
        else:
            self._document.set_outside_issues(_KIND, [_issue(problem)])
            self.changed.emit()
            self.failed.emit(f"The steps failed. {problem['message']}")

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == _KIND and self.is_at_work:
            self.is_at_work = False
            self.changed.emit()
            self.failed.emit(text)


def _issue(problem: dict[str, Any]) -> Issue:
    """A failure of the steps as a problem of the setting it is about."""
    fix = problem["fix"]
    return error(
        problem["where"],
        f"{problem['message']} {problem['hint']}".strip(),
        None if fix is None else Fix(fix["label"], fix["set"]),
    )
