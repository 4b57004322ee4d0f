"""A short list of texts that a person adds to, takes from, edits and puts in order. It never scrolls by itself."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QDragEnterEvent, QDropEvent, QIcon, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.theme import current_theme, set_state

_ITEM = 26


class _Items(QListWidget):
    """The list itself: as tall as its items, so that only the page around it scrolls."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    def sizeHint(self) -> QSize:
        return QSize(120, self.count() * _ITEM + (4 if self.count() else 0))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class StringList(QFrame):
    """Texts in order. `edited` is emitted after each change a person made, never for `set_items`.

    `names` offers completions for the field at the bottom; `browse` hands over texts chosen elsewhere (a file
    dialog); dropped files are taken when `files` is true.
    """

    edited = Signal()

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        placeholder: str = "",
        names: Callable[[], list[str]] | None = None,
        browse: Callable[[Callable[[list[str]], None]], None] | None = None,
        files: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setProperty("field", True)
        self._browse = browse
        self._names = names
        self._problems: dict[str, str] = {}
        self._items = _Items(self)
        self._add = Line(self, names=self._left_names)
        self._add.setPlaceholderText(placeholder)
        self._buttons: dict[str, QToolButton] = {}
        self._filling = False
        self._build()
        self.setAcceptDrops(files)
        self.setFocusProxy(self._add)
        # Tab comes in by the field; what stands before that in its order would never be come to.
        self.setTabOrder(self._add, self._items)
        self._items.itemChanged.connect(self._item_edited)
        self._items.model().rowsMoved.connect(lambda *_: self._emit_value())
        self._items.currentRowChanged.connect(lambda _: self._refresh_buttons())
        self._items.installEventFilter(self)
        self._add.returnPressed.connect(self.add_typed)
        self._add.editingFinished.connect(self.add_typed)

    def items(self) -> list[str]:
        """The texts in order."""
        return [self._items.item(row).text() for row in range(self._items.count())]

    def set_items(self, texts: Iterable[str]) -> None:
        """Show these texts without telling anybody."""
        texts = list(texts)
        if texts == self.items():
            return
        self._filling = True
        row = self._items.currentRow()
        self._items.clear()
        for text in texts:
            self._items.addItem(self._item(text))
        self._items.setCurrentRow(min(row, len(texts) - 1))
        self._filling = False
        self._resized()

    def mark_items(self, problems: dict[str, str]) -> None:
        """Mark items that something is wrong with, by icon, colour and a tooltip that says what."""
        if problems == self._problems:
            return
        self._problems = dict(problems)
        self._dress_all()

    def describe(self, name: str, description: str) -> None:
        """Accessible names of the parts."""
        self.setAccessibleName(name)
        self.setAccessibleDescription(description)
        self._items.setAccessibleName(name)
        self._items.setAccessibleDescription(
            tr("{description} Delete removes, Alt with up and down moves, F2 edits.", description=description)
        )
        self._add.setAccessibleName(tr("{name}: add", name=name))
        self._add.setAccessibleDescription(description)
        for what, button in self._buttons.items():
            button.setAccessibleName(f"{name}: {what}")
            button.setAccessibleDescription(button.toolTip())

    def mark(self, severity: str) -> None:
        """Draw the frame in the colour of an error or warning; '' for neither."""
        set_state(self, "problem", severity)

    def add(self, texts: Iterable[str]) -> None:
        """Append texts as a person's edit, leaving out those already there."""
        new = [text for text in dict.fromkeys(texts) if text and text not in self.items()]
        if not new:
            return
        self._filling = True
        for text in new:
            self._items.addItem(self._item(text))
        self._filling = False
        self._emit_value()

    def add_typed(self) -> None:
        """Move what was typed at the bottom into the list."""
        text = self._add.text().strip()
        if text:
            self._add.clear()
            self.add([text])

    def remove_current(self) -> None:
        """Take out the selected text."""
        if self._items.currentRow() >= 0:
            self._items.takeItem(self._items.currentRow())
            self._emit_value()

    def move_current(self, step: int) -> None:
        """Move the selected text up (-1) or down (+1)."""
        row = self._items.currentRow()
        if row >= 0 and 0 <= row + step < self._items.count():
            self._filling = True
            item = self._items.takeItem(row)
            self._items.insertItem(row + step, item)
            self._items.setCurrentRow(row + step)
            self._filling = False
            self._emit_value()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._items and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self.remove_current()
                return True
            if event.modifiers() == Qt.KeyboardModifier.AltModifier and event.key() in (
                Qt.Key.Key_Up,
                Qt.Key.Key_Down,
            ):
                self.move_current(-1 if event.key() == Qt.Key.Key_Up else 1)
                return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress_all()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.add(files)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self._items)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(0)
        row.addWidget(self._add, 1)
        for what, glyph, tip, action in (
            (tr("move up"), "arrow-up", tr("Move up (Alt+Up)"), lambda: self.move_current(-1)),
            (tr("move down"), "arrow-down", tr("Move down (Alt+Down)"), lambda: self.move_current(1)),
            (tr("remove"), "trash", tr("Remove (Delete)"), self.remove_current),
            (tr("browse"), "folder-open", tr("Choose files…"), self._browsed),
        ):
            if action == self._browsed and self._browse is None:
                continue
            button = QToolButton(self)
            button.setIcon(icon(glyph))
            button.setToolTip(tip)
            button.clicked.connect(action)
            row.addWidget(button)
            self._buttons[what] = button
        column.addLayout(row)
        self._resized()

    def _left_names(self) -> list[str]:
        taken = set(self.items())
        return [name for name in (self._names() if self._names else []) if name not in taken]

    def _item(self, text: str) -> QListWidgetItem:
        item = QListWidgetItem(text)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        item.setSizeHint(QSize(80, _ITEM))
        self._dress(item)
        return item

    def _dress(self, item: QListWidgetItem) -> None:
        problem = self._problems.get(item.text(), "")
        item.setIcon(icon("warning", color="error") if problem else QIcon())
        item.setToolTip(problem or item.text())
        item.setForeground(current_theme().color("error") if problem else QBrush())

    def _dress_all(self) -> None:
        self._filling = True
        for row in range(self._items.count()):
            self._dress(self._items.item(row))
        self._filling = False

    def _browsed(self) -> None:
        if self._browse is not None:
            self._browse(self.add)

    def _item_edited(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        if not item.text().strip():
            self._items.takeItem(self._items.row(item))
        self._emit_value()

    def _emit_value(self) -> None:
        if not self._filling:
            self._resized()
            self.edited.emit()

    def _resized(self) -> None:
        self._items.setVisible(self._items.count() > 0)
        self._items.setFixedHeight(self._items.sizeHint().height())
        self._refresh_buttons()
        self.updateGeometry()

    def _refresh_buttons(self) -> None:
        row, count = self._items.currentRow(), self._items.count()
        for what, on in (
            (tr("move up"), row > 0),
            (tr("move down"), 0 <= row < count - 1),
            (tr("remove"), row >= 0),
        ):
            self._buttons[what].setVisible(count > 0)
            self._buttons[what].setEnabled(on)
