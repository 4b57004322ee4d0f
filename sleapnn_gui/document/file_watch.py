"""Whether another program writes to the document's files while they are open: looked for beside the window, now and then."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import attrs
from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import parse_config, read_text
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened
from sleapnn_gui.document.pair import halves

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
    """`overtaken` carries the file and what another program wrote to it, as a config or as the reason why it is none; `settled`
    says of a file that it is again what is known here. `busy` says whether this window is writing now."""

    overtaken = Signal(Path, object)
    settled = Signal(Path)

    def __init__(self, document: Document, *, busy: Callable[[], bool]) -> None:
        super().__init__(document)
        self._document, self._busy = document, busy
        self._seen: dict[Path, _Look] = {}
        self._told: dict[Path, str] = {}
        self._looking = BackgroundTask(self)
        # Asking again and again sees what a notice of the system misses: network folders, and files that are replaced.
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.check)
        document.state_changed.connect(self._follow)
        document.reloaded.connect(lambda: self._forget(self._seen))

    def check(self) -> None:
        """Look now."""
        if self._seen and not self._looking.is_at_work and not self._busy():
            stamps = {path: seen.stamp for path, seen in self._seen.items()}
            self._looking.begin(partial(_read_new, stamps), partial(self._were_seen, self._known()))

    def stop(self) -> None:
        """Look no more; for when the window closes."""
        self._timer.stop()
        self._looking.drop()

    def _known(self) -> dict[Path, str]:
        """The files of the document, of a pair those of both, and what is known to stand in them."""
        return {half.path: half.text for half in halves(self._document.state) if half.path is not None}

    def _follow(self) -> None:
        known = self._known()
        if known.keys() != self._seen.keys():
            self._forget(set(self._seen) - set(known))
            self._seen = {path: self._seen.get(path, _Look()) for path in known}
            self._timer.start() if known else self._timer.stop()
        for path, text in known.items():
            if self._told.get(path) == text:
                self._settle(path)

    def _forget(self, paths: Iterable[Path]) -> None:
        for path in list(paths):
            self._seen[path] = _Look()
            self._settle(path)

    def _settle(self, path: Path) -> None:
        if self._told.pop(path, None) is not None:
            self.settled.emit(path)

    def _were_seen(self, known: Mapping[Path, str], found: Mapping[Path, _Look]) -> None:
        # While this window writes, what is there may be its own; it is looked at the next time.
        if known == self._known() and not self._busy():
            for path, look in found.items():
                self._was_seen(path, known[path], look)

    def _was_seen(self, path: Path, known: str, found: _Look) -> None:
        before = self._seen[path]
        is_new = found.text is not None or found.stamp is None
        self._seen[path] = found if is_new else attrs.evolve(before, stamp=found.stamp)
        if found.text is None or found.text == self._told.get(path):
            return
        if found.text == known:
            self._settle(path)
        elif found.theirs is not None:
            self._told[path] = found.text
            self.overtaken.emit(path, found.theirs)


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


def _read_new(stamps: Mapping[Path, _Stamp | None]) -> dict[Path, _Look]:
    """What is in each of several files, likewise. Runs aside."""
    return {path: _read_if_new(path, stamp) for path, stamp in stamps.items()}
