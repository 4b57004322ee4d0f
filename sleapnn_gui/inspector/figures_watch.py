"""Keeps what the engine makes of the settings (steps, crop, parameters) in step with the document."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import halves
from sleapnn_gui.inspector.client import Inspect

_DELAY_MS = 150


class FiguresWatch(QObject):
    """Asks for figures a moment after each change of the config, as long as labels are chosen.

    Of a pair those of both models, one after the other: first of the half in hand.
    """

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document, self._inspect = document, inspect
        self._left: list[State] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.refresh)
        document.changed.connect(self._changed)
        document.reloaded.connect(self.later)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    @Slot()
    def later(self) -> None:
        """Ask in a moment; until the answer comes the figures count as not known yet."""
        if not self._document.value("data_config.train_labels_path"):
            self._timer.stop()
            self._inspect.cancel("derive")
            self._left = []
            for half in halves(self._document.state):
                self._document.set_figures(None, half=half.half)
            return
        self._document.set_figures(self._document.figures, pending=True)
        self._timer.start()

    @Slot()
    def refresh(self) -> None:
        """Ask now."""
        self._left = halves(self._document.state)
        self._ask()

    def _ask(self) -> None:
        if self._left:
            self._inspect.ask("derive", values=self._left[0].values)

    @Slot(list)
    def _changed(self, paths: list[str]) -> None:
        is_asked = bool(self._left) or self._timer.isActive()
        beside = self._document.state.other
        if paths or (beside is not None and not is_asked and self._document.figures_of(beside.half) is None):
            self.later()

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind == "derive":
            self._show(answer)

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == "derive":
            self._show({"failed": text})

    def _show(self, figures: dict[str, Any]) -> None:
        # An edit since the question was asked has a question of its own on its way.
        if self._left and not self._timer.isActive():
            self._document.set_figures(figures, half=self._left.pop(0).half)
            self._ask()

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self._timer.stop()
