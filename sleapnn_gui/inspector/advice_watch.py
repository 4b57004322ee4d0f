"""Keeps the advice in step with the labels and the document."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sleapnn_engine.config.advice import advice_from
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect

_DELAY_MS = 250


class AdviceWatch(QObject):
    """Has the engine asked how to train on the labels, a moment after labels are known and after each edit.

    `known` carries a list of `Advice`; an empty one where there are no labels or they allow no advice.
    """

    known = Signal(list)

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document, self._inspect = document, inspect
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.refresh)
        document.changed.connect(self._later)
        document.reloaded.connect(self._later)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    @Slot()
    def refresh(self) -> None:
        """Ask now."""
        if self._document.facts is None:
            self._inspect.cancel("advise")
            self.known.emit([])
        else:
            self._inspect.ask("advise", values=self._document.values)

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self._timer.stop()
        self._inspect.cancel("advise")

    def _later(self, _paths: list[str] | None = None) -> None:
        self._timer.start()

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        # An edit since the question was asked has a question of its own on its way.
        if kind == "advise" and not self._timer.isActive():
            self.known.emit([advice_from(piece) for piece in answer["advice"]])

    @Slot(str, str)
    def _failed(self, kind: str, _text: str) -> None:
        # What is wrong with the labels or with the engine is said where labels are described.
        if kind == "advise":
            self.known.emit([])
