"""The file as it would be saved, with the line of the focused setting marked."""

import re

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent, QShowEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.wording import Wording
from sleapnn_gui.widgets.theme import current_theme

_SEEN_MS, _UNSEEN_MS = 60, 1000
_LINE = re.compile(r"^(\s*)([^\s#:'\"-][^:]*?)\s*:(\s|$)")


def line_of(text: str, path: str) -> int:
    """Number of the line (from 0) that holds the dotted key in block-style YAML, or -1."""
    names = path.split(".")
    open_at: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines()):
        found = _LINE.match(line)
        if not found:
            continue
        indent = len(found[1])
        while open_at and open_at[-1][0] >= indent:
            open_at.pop()
        open_at.append((indent, found[2]))
        if [name for _, name in open_at] == names:
            return number
    return -1


def path_at(text: str, number: int) -> str:
    """The dotted key of the line of this number (from 0) in block-style YAML; of an item of a list, that of the list."""
    open_at: list[tuple[int, str]] = []
    for line in text.splitlines()[: number + 1]:
        found = _LINE.match(line)
        if not found:
            continue
        while open_at and open_at[-1][0] >= len(found[1]):
            open_at.pop()
        open_at.append((len(found[1]), found[2]))
    return ".".join(name for _, name in open_at)


class YamlPane(QPlainTextEdit):
    """Read-only text, brought up to date shortly after an edit and only while it can be seen.

    `asked` carries the key of a line that was clicked.
    """

    asked = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._path = ""
        self._follow = False
        self._wording = Wording(document)
        self._wording.ready.connect(self._show_text)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(current_theme().font("caption", mono=True))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.document().setDocumentMargin(16)
        self.setAccessibleName("YAML")
        self.setAccessibleDescription("The configuration as it would be saved; read only.")

    def invalidate(self) -> None:
        """The text is out of date. It is made anew even while nobody looks, for saving needs it as well."""
        self._wording.ask(_SEEN_MS if self.isVisible() else _UNSEEN_MS)

    def show_path(self, path: str) -> None:
        """Mark the line of this key and bring it into view."""
        self._path = path
        if self.isVisible():
            self._mark(follow=True)

    def marked_line(self) -> int:
        """Number of the marked line from 0, or -1."""
        return line_of(self.toPlainText(), self._path) if self._path else -1

    def _show_text(self) -> None:
        if not self.isVisible():
            return
        text = self._document.to_yaml()
        if text != self.toPlainText():
            at = self.verticalScrollBar().value()
            self.setPlainText(text)
            self.verticalScrollBar().setValue(at)
        self._mark(follow=self._follow)
        self._follow = False

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        path = path_at(self.toPlainText(), self.textCursor().blockNumber())
        if not self.textCursor().hasSelection() and (path in SPEC.keys or path in SPEC.sections):
            self.asked.emit(path)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow = True
        self._wording.ask(0)

    def _mark(self, *, follow: bool) -> None:
        number = self.marked_line()
        if number < 0:
            self.setExtraSelections([])
            return
        cursor = QTextCursor(self.document().findBlockByNumber(number))
        mark = QTextEdit.ExtraSelection()
        mark.cursor = cursor
        mark.format.setBackground(current_theme().color("accent_tint"))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        self.setExtraSelections([mark])
        if follow:
            self.setTextCursor(cursor)
            self.centerCursor()
            self.horizontalScrollBar().setValue(0)
