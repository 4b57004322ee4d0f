"""Keeps a draft of unsaved work up to date, in a thread, while a document is edited."""

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_gui.document.background import WorkInOrder
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.drafts import Draft, DraftStore
from sleapnn_gui.widgets.language import tr

DELAY_MS = 500
"""How long after an edit its draft is written. Not longer with every further letter: work is lost by waiting."""


class DraftKeeper(QObject):
    """Writes a draft soon after an edit and removes it when nothing is unsaved any more.

    `failed` carries a sentence, once, when drafts cannot be written, and `mended` the same one when they can again.
    """

    failed = Signal(str)
    mended = Signal(str)

    def __init__(self, document: Document, store: DraftStore) -> None:
        super().__init__(document)
        self._document = document
        self._store = store
        #: What stands in the draft: the state, and what is typed beside it and no config.
        self._kept: tuple[State, Mapping[str, tuple[str, str]]] | None = None
        self._told = ""
        self._thread = WorkInOrder()
        #: Why what was done in the thread failed, or '' where a draft was written.
        self._results: deque[str] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._write)
        self._looks = QTimer(self, interval=DELAY_MS)
        self._looks.timeout.connect(self._report)
        document.state_changed.connect(self._check)
        document.unread_changed.connect(self._check)

    def abandoned(self) -> list[Draft]:
        """Drafts of windows that are gone, newest first."""
        return self._store.claim_abandoned()

    def restore(self, draft: Draft) -> None:
        """Put a draft into the document; it stays on the disk as this window's own until it is saved."""
        self._timer.stop()
        self._in_thread(lambda: self._store.adopt(draft))
        self._kept = draft.state, draft.unread
        self._document.restore(draft.state, draft.unread)

    def discard(self) -> None:
        """The unsaved work is given up; comes back once that is done."""
        self._timer.stop()
        self._kept = None
        self._in_thread(self._store.remove)
        self._thread.wait(1.0)

    def _check(self) -> None:
        document = self._document
        if not document.is_dirty and not document.unread_texts:
            self._timer.stop()
            if self._kept is not None:
                self._kept = None
                self._in_thread(self._store.remove)
        elif not self._timer.isActive() and not self._is_kept():
            self._timer.start()

    def _is_kept(self) -> bool:
        state, unread = self._kept or (None, {})
        return state is self._document.state and unread == self._document.unread_texts

    def _write(self) -> None:
        state, unread = self._kept = self._document.state, self._document.unread_texts
        self._in_thread(lambda: self._store.write(state, unread), writes=True)

    def _in_thread(self, work: Callable[[], None], *, writes: bool = False) -> None:
        self._thread.put(partial(_do, work, self._results, writes=writes))
        self._looks.start()

    def _report(self) -> None:
        # Asked first: what is done between two questions is told the next time.
        goes_on = self._thread.is_at_work
        while self._results:
            why = self._results.popleft()
            if why and not self._told:
                self._told = tr(
                    "No draft of unsaved edits can be kept in {folder}: {faults}. "
                    "Save often; a crash would lose what is not saved.",
                    folder=self._store.folder,
                    faults=why,
                )
                self.failed.emit(self._told)
            elif self._told and not why:
                told, self._told = self._told, ""
                self.mended.emit(told)
        if not goes_on:
            self._looks.stop()


def _do(work: Callable[[], None], results: deque[str], *, writes: bool) -> None:
    try:
        work()
    except OSError as problem:
        results.append(problem.strerror or str(problem))
    else:
        results.extend([""] if writes else [])
