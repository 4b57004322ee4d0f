"""Commands on settings: from problem to problem, and the key of the one in hand."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from sleapnn_gui.document.document import Document
from sleapnn_gui.shell.status_line import by_weight, sentence_of
from sleapnn_gui.widgets.language import tr


class SettingCommands(QObject):
    """`setting_chosen` carries the key to go to, `message` a sentence; `in_hand` gives the key or section in hand."""

    message = Signal(str, str)
    setting_chosen = Signal(str)

    def __init__(self, document: Document, *, in_hand: Callable[[], str]) -> None:
        super().__init__(document)
        self._document, self._in_hand = document, in_hand
        self._last = ""

    def do_next_problem(self) -> None:
        self._step(1)

    def do_previous_problem(self) -> None:
        self._step(-1)

    def do_copy_key(self) -> None:
        path = self._in_hand()
        if path:
            QGuiApplication.clipboard().setText(path)
            self.message.emit(tr("Copied: {path}", path=path), "info")
        else:
            self.message.emit(tr("Go to a setting first; its key is copied then."), "info")

    def _step(self, by: int) -> None:
        """Go round through what is wrong, errors first, each setting once."""
        issues = by_weight(self._document.every_issue())
        paths = list(dict.fromkeys(issue.path for issue in issues))
        if not paths:
            self.message.emit(tr("No problems found."), "info")
            return
        before = paths.index(self._last) if self._last in paths else -1 if by > 0 else 0
        place = (before + by) % len(paths)
        self._last = paths[place]
        issue = next(issue for issue in issues if issue.path == self._last)
        self.message.emit(
            tr(
                "{place} of {count}: {sentence_of}",
                place=place + 1,
                count=len(paths),
                sentence_of=sentence_of(issue),
            ),
            issue.severity,
        )
        self.setting_chosen.emit(self._last)
