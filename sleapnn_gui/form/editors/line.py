"""Editors of one typed line: numbers, texts, number lists, mappings, files and folders."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.tree import same
from sleapnn_gui.form.codecs import codec_for, range_text, stepped
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file, ask_for_folder
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.theme import set_state

_NUMBERS = ("int", "float", "int_or_auto", "float_or_floats")


class LineEditor(Line):
    """One line of text read by its kind's codec. Numbers step with the up and down keys; nothing is corrected."""

    value_edited = Signal(object)

    def __init__(
        self, meta: Meta, *, names: Callable[[], list[str]] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, names=names)
        self._meta = meta
        self._codec = codec_for(meta)
        self._shown: Any = None
        self._shown_text = ""
        self._touched = False
        self.wide = meta.kind == "mapping"
        self.setPlaceholderText(tr(meta.placeholder) or (range_text(meta) if meta.kind in _NUMBERS else ""))
        if meta.secret:
            self._hide_text()
        self.textEdited.connect(self._typed)

    def value(self) -> Any:
        """What the text stands for."""
        text = self.text()
        # An emptied field says an empty text; only one that was never touched says null.
        if text == self._shown_text and not (self._touched and self._shown is None):
            return self._shown
        return self._codec.parse(text)

    def show_value(self, value: Any) -> None:
        """Show `value`; text that already stands for it stays as typed."""
        if same(self.value(), value):
            return
        self._shown, self._shown_text, self._touched = value, self._codec.show(value), False
        self.setText(self._shown_text)
        self.setCursorPosition(0)

    def set_value(self, value: Any) -> None:
        """Show `value` and tell."""
        if not same(self.value(), value):
            self.show_value(value)
            self._emit_value()

    def describe(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        self.setAccessibleDescription(description)
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(f"{name}: {button.toolTip()}")
            button.setAccessibleDescription(button.toolTip())

    def mark(self, severity: str) -> None:
        set_state(self, "problem", severity)

    def hint(self) -> str:
        return ""

    def is_blank(self) -> bool:
        return not self.text().strip()

    def forget(self) -> None:
        self._shown, self._shown_text, self._touched = None, "", False
        self.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_PageUp: 10,
            Qt.Key.Key_PageDown: -10,
        }.get(Qt.Key(event.key()))
        if steps is not None and self._meta.kind in _NUMBERS and not self.isReadOnly():
            self._step(steps)
            return
        super().keyPressEvent(event)

    def _step(self, steps: int) -> None:
        after = stepped(self._meta, self.value(), steps)
        if after is not None:
            self.set_value(after)
            self.selectAll()

    def _typed(self, _: str) -> None:
        self._touched = True
        self._emit_value()

    def _emit_value(self) -> None:
        self.value_edited.emit(self.value())

    def _hide_text(self) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Password)
        show = QAction(icon("eye"), tr("Show"), self)
        show.setToolTip(tr("Show what is typed"))
        show.setCheckable(True)
        show.toggled.connect(
            lambda on: self.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password)
        )
        self.addAction(show, QLineEdit.ActionPosition.TrailingPosition)


class PathEditor(LineEditor):
    """A file or folder: typed, chosen in a dialog, or dropped."""

    def __init__(self, meta: Meta, *, parent: QWidget | None = None) -> None:
        super().__init__(meta, parent=parent)
        self.wide = True
        browse = QAction(icon("folder-open"), tr("Choose…"), self)
        browse.setToolTip(tr("Choose a folder…") if meta.kind == "folder" else tr("Choose a file…"))
        browse.triggered.connect(self.browse)
        self.addAction(browse, QLineEdit.ActionPosition.TrailingPosition)
        self.setAcceptDrops(True)

    def browse(self) -> None:
        """Ask for a file or folder and take it as the value."""
        if self._meta.kind == "folder":
            ask_for_folder(self, tr(self._meta.label), self.set_value, start=self.text())
        else:
            ask_for_file(self, tr(self._meta.label), self.set_value, filters=filters_of(self._meta))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.set_value(files[0])
        else:
            super().dropEvent(event)


def filters_of(meta: Meta) -> str:
    """What a file dialog lists for a setting."""
    pattern = " ".join(f"*{suffix}" for suffix in meta.suffixes)
    return f"{tr(meta.label)} ({pattern});;{ALL_FILES}" if pattern else ALL_FILES
