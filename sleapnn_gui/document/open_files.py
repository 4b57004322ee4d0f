"""Whether the file of a document is open in another window too: each window holds a lock for the file it saves to."""

import contextlib
import hashlib
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_gui.document.document import Document
from sleapnn_gui.document.lock_file import LockFile


class OpenFile(QObject):
    """Holds the lock of the document's file while that is open here. `shared` carries a sentence where another has it."""

    shared = Signal(str)

    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document)
        self._document, self.folder = document, folder
        self._path: Path | None = None
        self._held: list[LockFile] = []
        document.state_changed.connect(self._follow)
        document.destroyed.connect(partial(_release, self._held))

    def _follow(self) -> None:
        path = self._document.path
        if path == self._path:
            return
        self._path = path
        _release(self._held)
        if path is None:
            return
        # Without a place for locks there is no news of other windows; saving asks about what they wrote all the same.
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = LockFile(self.folder / f"{_key(path)}.lock")
            if lock.acquire():
                self._held.append(lock)
            else:
                text = f"{path.name} is open in another window too. Whoever saves later is asked about what the other wrote."
                # What opening it says comes first.
                QTimer.singleShot(0, self, lambda: self.shared.emit(text))


def _release(held: list[LockFile], _gone: object = None) -> None:
    while held:
        held.pop().release(remove=True)


def _key(path: Path) -> str:
    """A name for the lock of a file, the same whatever way leads to it."""
    return hashlib.sha256(str(path.absolute().resolve()).encode()).hexdigest()[:24]
