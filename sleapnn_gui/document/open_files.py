"""Whether the file of a document is open in another window too: each window holds a lock for the file it saves to."""

import contextlib
import hashlib
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.lock_file import LockFile


class OpenFile(QObject):
    """Holds the lock of the document's file while that is open here. `shared` carries a sentence where another has it."""

    shared = Signal(str)

    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document)
        self._document, self.folder = document, folder
        self._path: Path | None = None
        self._asked: Path | None = None
        self._held: list[LockFile] = []
        self._work = BackgroundTask(self)
        document.state_changed.connect(self._follow)
        document.destroyed.connect(partial(_release, self._held))

    def _follow(self) -> None:
        if self._document.path != self._path:
            self._path = self._document.path
            if not self._work.is_at_work:
                self._begin()

    def _begin(self) -> None:
        """Take the lock of the file that is open now, beside the window: its folder may be on a slow disk."""
        self._asked = self._path
        self._work.begin(partial(_hold, self._held, self.folder, self._path), self._done)

    def _done(self, is_alone: bool) -> None:
        if self._path != self._asked:
            self._begin()
        elif not is_alone and self._path is not None:
            name = self._path.name
            self.shared.emit(
                f"{name} is open in another window too. Whoever saves later is asked about what the other wrote."
            )


def _hold(held: list[LockFile], folder: Path, path: Path | None) -> bool:
    """Hold the lock of a file and no other; False where another window has it."""
    _release(held)
    if path is None:
        return True
    # Without a place for locks there is no news of other windows; saving asks about what they wrote all the same.
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = LockFile(folder / f"{_key(path)}.lock")
        if not lock.acquire():
            return False
        held.append(lock)
    return True


def _release(held: list[LockFile], _gone: object = None) -> None:
    while held:
        held.pop().release(remove=True)


def _key(path: Path) -> str:
    """A name for the lock of a file, the same whatever way leads to it."""
    return hashlib.sha256(str(path.absolute().resolve()).encode()).hexdigest()[:24]
