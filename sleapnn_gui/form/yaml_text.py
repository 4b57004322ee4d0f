"""A text in YAML to type into: its lines and keys, marks on them, and new text that leaves the cursor where it was."""

import re
from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_LINE = re.compile(r"^(\s*)([^\s#:'\"-][^:]*?)\s*:(\s|$)")
_REST_MS = 120
"""How long the cursor rests before its setting is followed."""


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


class YamlText(QPlainTextEdit):
    """`typed` says that a person has changed the text, `reached` the key of the line that the cursor was put on.

    `settling` says that what was typed should count now, for a command may follow.
    """

    typed = Signal()
    reached = Signal(str)
    settling = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._by_hand = True
        self._breaks = "\n"
        self._reached = ""
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._follow_cursor)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(current_theme().font("caption", mono=True))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(16)
        self.setAccessibleName("YAML")
        self.setAccessibleDescription(
            tr("The configuration as it would be saved. What is typed here counts once it is valid.")
        )
        self.textChanged.connect(self._changed)
        self.cursorPositionChanged.connect(self._moved)

    def text(self) -> str:
        """The text as it stands, with the ends of lines that it came with."""
        return self.document().toRawText().replace("\u2029", self._breaks)

    def show_text(self, text: str) -> None:
        """Show another text. What both have in common stays, and with it the cursor and the place that is scrolled to."""
        self._breaks = "\r\n" if "\r\n" in text else "\n"
        old, new = self.text().replace("\r\n", "\n"), text.replace("\r\n", "\n")
        if old == new:
            return
        start = _alike(old, new)
        end = _alike(old[start:][::-1], new[start:][::-1])
        self._by_hand = False
        try:
            cursor = QTextCursor(self.document())
            cursor.setPosition(_units(old[:start]))
            cursor.setPosition(_units(old[: len(old) - end]), QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(new[start : len(new) - end])
        finally:
            self._by_hand = True

    def forget_steps(self) -> None:
        """What was typed is an edit of the config now, which is taken back as any other."""
        self.document().clearUndoRedoStacks()

    def mark_lines(self, marks: Iterable[tuple[int, str]], *, follow: int = -1) -> None:
        """Colour lines, given by number from 0 and the name of the colour; bring line `follow` into view."""
        found = []
        for number, color in marks:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.document().findBlockByNumber(number))
            mark.format.setBackground(QColor(current_theme().color(color)))
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            found.append(mark)
        self.setExtraSelections(found)
        if follow >= 0:
            self._by_hand = False
            self.setTextCursor(QTextCursor(self.document().findBlockByNumber(follow)))
            self._by_hand = True
            self.centerCursor()
            self.horizontalScrollBar().setValue(0)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.settling.emit()
            steps = self.document()
            undoes, redoes = (
                event.matches(key) for key in (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
            )
            if (undoes and not steps.isUndoAvailable()) or (redoes and not steps.isRedoAvailable()):
                event.ignore()  # the window takes back the last edit of the config
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or self.isReadOnly():
            super().keyPressEvent(event)
            return
        cursor = self.textCursor()
        line = cursor.block().text()[: cursor.positionInBlock()]
        deeper = "  " if line.rstrip().endswith(":") else ""
        cursor.insertText("\n" + line[: len(line) - len(line.lstrip(" "))] + deeper)
        self.ensureCursorVisible()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._reached = ""
        if not self.textCursor().hasSelection():
            self._follow_cursor()

    def _changed(self) -> None:
        if self._by_hand:
            self.typed.emit()

    def _moved(self) -> None:
        if self._by_hand and self.hasFocus():
            self._rest.start()

    def _follow_cursor(self) -> None:
        self._rest.stop()
        path = path_at(self.text(), self.textCursor().blockNumber())
        if path != self._reached and (path in SPEC.keys or path in SPEC.sections):
            self._reached = path
            self.reached.emit(path)


def _alike(first: str, second: str) -> int:
    """How many signs at the beginning of both are the same."""
    both = enumerate(zip(first, second, strict=False))
    return next((place for place, (one, other) in both if one != other), min(len(first), len(second)))


def _units(text: str) -> int:
    """How many places a text takes in Qt, where a rare sign takes two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
