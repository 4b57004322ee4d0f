"""Asking the engine what there is to see, anew with every edit, and never more than it can answer."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.see.sights import SIGHTS, nothing_to_see

#: Edits within this time are asked about together.
_DELAY_MS = 20
#: A question that is older than this is given up for a newer one; before, its answer is worth waiting for, or somebody
#: who drags would see nothing until the hand rests.
_PATIENCE_S = 0.6

_ASKS = {sight.kind: sight.asks for sight in SIGHTS}


class SeeWatch(QObject):
    """Keeps what is seen in step with the document, for one sight at a time and only while somebody looks.

    `answered` carries the kind and the engine's answer, `failed` a sentence, `empty` why there is nothing to see.
    `is_pending` says whether what is shown may be of an earlier config; `pending_changed` that this changes.
    """

    answered = Signal(str, object)
    failed = Signal(str)
    empty = Signal(str)
    pending_changed = Signal()

    def __init__(
        self, document: Document, inspect: Inspect, *, folders: Callable[[], Sequence[Path]] = tuple
    ) -> None:
        super().__init__(document)
        self._document, self._inspect, self._folders = document, inspect, folders
        self.kind = SIGHTS[0].kind
        self.index, self.seed = 0, 0
        self.part: int | None = None
        self.is_pending = False
        self.milliseconds = 0
        self._looked_at = False
        self._stale = True
        self._since = 0.0
        self._preview: dict[str, Any] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._ask)
        document.changed.connect(self._changed)
        document.reloaded.connect(self.later)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    @property
    def is_idle(self) -> bool:
        """Whether what was shown last is of the config as it stands."""
        return not (self._stale or self.is_pending or self._timer.isActive())

    @property
    def has_samples(self) -> bool:
        """Whether the sight that is looked at shows one of many samples."""
        return "index" in _ASKS[self.kind]

    def set_watched(self, on: bool) -> None:
        """Somebody looks, or nobody does any more: then nothing is asked."""
        self._looked_at = on
        if on and self._stale:
            self.later()

    def show(self, kind: str) -> None:
        """Look at another sight."""
        if kind != self.kind:
            self._drop()
            self.kind = kind
            self.later()

    def step(self, by: int, *, count: int) -> None:
        """Look at another sample; behind the last one comes the first."""
        self.index = (self.index + by) % max(count, 1)
        self.later()

    def draw_again(self) -> None:
        """Start chance somewhere else."""
        self.seed += 1
        self.later()

    def show_part(self, part: int | None) -> None:
        """Show the bumps of one part, or of all."""
        self.part = part
        self.later()

    def preview(self, changes: dict[str, Any]) -> None:
        """See the config as it would be with other values, without an edit; {} for as it is."""
        self._preview = changes
        self.later()

    @Slot()
    def later(self) -> None:
        """What is shown is out of date; ask in a moment."""
        self._stale = True
        if self._looked_at and not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self._looked_at = False
        self._timer.stop()

    @Slot()
    def _ask(self) -> None:
        if not self._looked_at:
            return
        reason = nothing_to_see(self.kind, self._document.view)
        if reason:
            self._stale = False
            self._drop()
            self.empty.emit(reason)
            return
        if self._inspect.is_asking(self.kind) and time.monotonic() - self._since < _PATIENCE_S:
            self._timer.start()
            return
        self._stale, self._since = False, time.monotonic()
        self._inspect.ask(self.kind, values=self._values(), **self._more())
        self._set_pending(True)

    def _values(self) -> dict[str, Any]:
        if not self._preview:
            return self._document.values
        values: dict[str, Any] = copy_values(self._document.values)
        for path, value in self._preview.items():
            tree.put(values, path, value)
        return values

    def _more(self) -> dict[str, Any]:
        known: dict[str, Any] = {"index": self.index, "seed": self.seed, "part": self.part}
        if "folders" in _ASKS[self.kind]:
            known["folders"] = [str(folder) for folder in self._folders()]
        return {name: known[name] for name in _ASKS[self.kind] if known[name] is not None}

    @Slot(list)
    def _changed(self, _paths: list[str]) -> None:
        self.later()

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind == self.kind:
            self.milliseconds = round(1000 * (time.monotonic() - self._since))
            self._set_pending(self._stale)
            self.answered.emit(kind, answer)

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind not in _ASKS or kind != self.kind:
            return
        self._set_pending(self._stale)
        if self.index and "There is no sample" in text:
            # The labels have changed, and there are fewer of them.
            self.index = 0
            self.later()
        else:
            self.failed.emit(text)

    def _drop(self) -> None:
        self._inspect.cancel(self.kind)
        self._set_pending(False)

    def _set_pending(self, pending: bool) -> None:
        if pending != self.is_pending:
            self.is_pending = pending
            self.pending_changed.emit()
