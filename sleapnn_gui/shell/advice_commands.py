"""Advice in the window: what the engine says of the labels is shown, and what a person wants of it is applied."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config.advice import Advice, all_changes
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.advice_watch import AdviceWatch
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.labels_page import LabelsPage


class AdviceCommands(QObject):
    """Connects what watches the labels, the page that shows advice, and the document. `message` carries a sentence."""

    message = Signal(str, str)

    def __init__(self, document: Document, inspect: Inspect, page: LabelsPage) -> None:
        super().__init__(document)
        self._document = document
        self.watch = AdviceWatch(document, inspect)
        self.watch.known.connect(page.beside.show_advice)
        page.beside.advice_wanted.connect(self.apply)

    def apply(self, pieces: Sequence[Advice]) -> None:
        """Change what these pieces say, as one step that Undo takes back."""
        if not pieces:
            return
        name = pieces[0].title if len(pieces) == 1 else f"all {len(pieces)}"
        self._document.apply_values(all_changes(list(pieces)), f"Apply advice: {name}")
        self.message.emit(f"Advice applied: {name}. Undo takes it back.", "info")

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self.watch.stop()
