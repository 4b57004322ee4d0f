"""Whether a file of a document is open in another window too: each window holds a lock for each file it saves to."""

import contextlib
import hashlib
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.lock_file import LockFile
from sleapnn_gui.widgets.language import tr


class OpenFile(QObject):
    """Holds the locks of the document's files while they are open here, of a pair two. `shared` carries a sentence where another
    window has one."""

    shared = Signal(str)

    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document)
        self._document, self.folder = document, folder
        self._paths: list[Path] = []
        self._asked: list[Path] = []
        self._held: list[LockFile] = []
        self._work = BackgroundTask(self)
        document.state_changed.connect(self._follow)
        document.destroyed.connect(partial(_release, self._held))

    def _follow(self) -> None:
        paths = sorted(self._document.paths)  # whichever half is in hand
        if paths != self._paths:
            self._paths = paths
            if not self._work.is_at_work:
                self._begin()

    def _begin(self) -> None:
        """Take the locks of what is open now, beside the window: its folder may be on a slow disk."""
        self._asked = self._paths
        self._work.begin(partial(_hold, self._held, self.folder, self._paths), self._done)

    def _done(self, taken: list[Path]) -> None:
        if self._paths != self._asked:
            self._begin()
        elif taken:
            names = tr(" and ").join(path.name for path in taken)
            held = (
                tr("{names} is open in another window too.")
                if len(taken) == 1
                else tr("{names} are open in another window too.")
            )
            self.shared.emit(
                f"{held.format(names=names)} {tr('Whoever saves later is asked about what the other wrote.')}"
            )


def _hold(held: list[LockFile], folder: Path, paths: list[Path]) -> list[Path]:
    """Hold the locks of these files and no others; returns those that another window has."""
    _release(held)
    taken = []
    for path in paths:
        # Without a place for locks there is no news of other windows; saving asks about what they wrote all the same.
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = LockFile(folder / f"{_key(path)}.lock")
            if lock.acquire():
                held.append(lock)
            else:
                taken.append(path)
    return taken


def _release(held: list[LockFile], _gone: object = None) -> None:
    while held:
        held.pop().release(remove=True)


def _key(path: Path) -> str:
    """A name for the lock of a file, the same whatever way leads to it."""
    return hashlib.sha256(str(path.absolute().resolve()).encode()).hexdigest()[:24]
