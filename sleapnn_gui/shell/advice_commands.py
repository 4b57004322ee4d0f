"""Advice in the window: what the engine says of the labels is shown, and what a person wants of it is applied."""

from collections.abc import Sequence

import attrs
from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config.advice import Advice, all_changes
from sleapnn_engine.config.own_presets import touched_locks
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.locks import kept_words
from sleapnn_gui.inspector.advice_watch import AdviceWatch
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.labels_page import LabelsPage
from sleapnn_gui.widgets.language import tr

#: What the title of a config without a file ends with, once advice has changed what it began as.
_ADVISED = tr(", as advised")
_BOTH = tr(
    "Parts and Centre stand above the sections of Configure; each has advice of its own while it is in hand. "
)


class AdviceCommands(QObject):
    """Connects what watches the labels, the page that shows advice, and the document. `message` carries a sentence."""

    message = Signal(str, str)

    def __init__(self, document: Document, inspect: Inspect, page: LabelsPage) -> None:
        super().__init__(document)
        self._document, self._beside = document, page.beside
        self.watch = AdviceWatch(document, inspect)
        self.watch.known.connect(self._show)
        document.locks_changed.connect(self.watch.refresh)
        page.beside.advice_wanted.connect(self.apply)

    def _show(self, pieces: list[Advice]) -> None:
        locks, is_pair = self._document.locks, bool(self._document.half)
        # The engine is asked about one config at a time, and knows of no other beside it.
        pieces = [attrs.evolve(piece, done=piece.done or (piece.pairs and is_pair)) for piece in pieces]
        locked = {piece.name for piece in pieces if touched_locks(piece.changes, locks)}
        self._beside.show_advice(pieces, locked=locked)

    def apply(self, pieces: Sequence[Advice]) -> None:
        """Change what these pieces say, as one step that Undo takes back; a piece that touches a lock is left out."""
        touched = {piece.name: touched_locks(piece.changes, self._document.locks) for piece in pieces}
        free = [piece for piece in pieces if not touched[piece.name]]
        kept = kept_words(dict.fromkeys(path for paths in touched.values() for path in paths))
        if free:
            name = free[0].title if len(free) == 1 else tr("{count} pieces", count=len(free))
            called = f"{self._document.state.title.removesuffix(_ADVISED)}{_ADVISED}"
            pairs = any(piece.pairs for piece in free) and not self._document.half
            self._document.apply_values(
                all_changes(free), tr("Apply advice: {name}", name=name), called=called, pairs=pairs
            )
            both = _BOTH if pairs and self._document.half else ""
            kept = tr(
                "Advice applied: {name}. {both}Undo takes it back. {kept}", name=name, both=both, kept=kept
            ).strip()
        self.message.emit(kept, "info")

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self.watch.stop()
