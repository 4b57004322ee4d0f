"""Whether another program writes to the document's file while it is open: looked for beside the window, now and then."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import attrs
from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import parse_config, read_text
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened

_LOOK_MS = 2000

#: Place, time and size of a file: another after each writing, also where a new file takes the old one's name.
_Stamp = tuple[int, int, int]


@attrs.frozen
class _Look:
    """What was seen of a file: its stamp, and its text where that was read."""

    stamp: _Stamp | None = None
    text: str | None = None
    theirs: Opened | UserError | None = None


class FileWatch(QObject):
    """`overtaken` carries what another program wrote, as a config or as the reason why it is none; `settled` says that the
    file is again what is known here. `busy` says whether the file is being written by this window."""

    overtaken = Signal(object)
    settled = Signal()

    def __init__(self, document: Document, *, busy: Callable[[], bool]) -> None:
        super().__init__(document)
        self._document, self._busy = document, busy
        self._path: Path | None = None
        self._seen = _Look()
        self._told = ""
        self._looking = BackgroundTask(self)
        # Asking again and again sees what a notice of the system misses: network folders, and files that are replaced.
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.check)
        document.state_changed.connect(self._follow)
        document.reloaded.connect(self._forget)

    def check(self) -> None:
        """Look now."""
        if self._path is not None and not self._looking.is_at_work and not self._busy():
            known = self._document.state.text
            self._looking.begin(
                partial(_read_if_new, self._path, self._seen.stamp),
                partial(self._was_seen, self._path, known),
            )

    def stop(self) -> None:
        """Look no more; for when the window closes."""
        self._timer.stop()
        self._looking.drop()

    def _follow(self) -> None:
        if self._document.path != self._path:
            self._forget()
            self._path = self._document.path
            self._timer.start() if self._path is not None else self._timer.stop()
        elif self._told and self._told == self._document.state.text:
            self._settle()

    def _forget(self) -> None:
        self._seen = _Look()
        self._settle()

    def _settle(self) -> None:
        if self._told:
            self._told = ""
            self.settled.emit()

    def _was_seen(self, path: Path, known: str, found: _Look) -> None:
        # While this window writes, what is there may be its own; it is looked at the next time.
        if path != self._path or known != self._document.state.text or self._busy():
            return
        self._seen = (
            found
            if found.text is not None or found.stamp is None
            else attrs.evolve(self._seen, stamp=found.stamp)
        )
        if found.text is None or found.text == self._told:
            return
        if found.text == known:
            self._settle()
        elif found.theirs is not None:
            self._told = found.text
            self.overtaken.emit(found.theirs)


def _read_if_new(path: Path, stamp: _Stamp | None) -> _Look:
    """What is in a file, unless nobody wrote to it since it had this stamp."""
    try:
        found = os.stat(path)
    except OSError:
        return _Look()  # it may come back at once, where it is replaced by another
    now = (found.st_ino, found.st_mtime_ns, found.st_size)
    if now == stamp:
        return _Look(now)
    try:
        text = read_text(path)
    except UserError as problem:
        return _Look(now, str(problem), problem)
    try:
        values = parse_config(text, path=path).values
    except UserError as problem:
        return _Look(now, text, problem)
    return _Look(now, text, Opened(values=values, title=path.name, text=text, path=path))
