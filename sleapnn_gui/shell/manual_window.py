"""The manual in a window of its own: pages and what is found in them on the left, the page that is read beside them."""

from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QListView, QToolButton, QVBoxLayout, QWidget

from sleapnn_gui.shell.manual_pages import SETTINGS, Hit, Page, Section, find, read_pages
from sleapnn_gui.shell.manual_text import ManualText
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.two_lines import REMARK, TwoLines

#: One page, and the section of it that was gone to, None for its beginning.
_Place = tuple[Page, Section | None]


class _Entries(QAbstractListModel):
    """The pages, or what was found in them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[Page | Hit] = []

    def show(self, entries: list[Page | Hit]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(self.entries)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        entry = self.entries[index.row()]
        title, remark = _words(entry)
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{title}, {remark}"
        return remark if role in (REMARK, Qt.ItemDataRole.ToolTipRole) else None


def _words(entry: Page | Hit) -> tuple[str, str]:
    """What the list says of a page or a hit: a title, and a remark."""
    if isinstance(entry, Hit):
        title = entry.section.title
        if entry.page.file == SETTINGS:  # the end of a key tells more than its beginning
            title = ".".join(title.split(".")[-2:])
        return title, f"{entry.page.title}: {entry.around}"
    return entry.title, entry.about


class ManualWindow(QDialog):
    """Beside the main window, not in its way. `message` carries a sentence and its severity."""

    message = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("manual")
        self.setWindowTitle(tr("Manual"))
        self.setWindowFlag(Qt.WindowType.Window)
        room = parent.screen().availableSize() - QSize(40, 60)  # the frame around it as well
        self.resize(QSize(1080, 760).boundedTo(room))
        self._pages = read_pages()
        self._past: list[_Place] = []
        self._future: list[_Place] = []
        self._place: _Place = (self._pages[0], None)
        self.search = Line()
        self.search.setPlaceholderText(tr("Find in the manual"))
        self.search.setAccessibleName(tr("Find in the manual"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._open_first)
        self.entries = _Entries(self)
        self.list = QListView()
        self.list.setModel(self.entries)
        self.list.setItemDelegate(TwoLines(self.list))
        self.list.setAccessibleName(tr("Pages of the manual"))
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.selectionModel().currentChanged.connect(lambda index, _before: self._open_row(index.row()))
        self.nothing = QLabel(tr("Nothing in the manual has all of these words."))
        self.nothing.setProperty("role", "muted")
        self.nothing.setWordWrap(True)
        self.nothing.hide()
        self.text = ManualText()
        self.text.anchorClicked.connect(self._follow)
        self.back = self._button("arrow-left", tr("Back"), "Alt+Left", self.go_back)
        self.forward = self._button("arrow-right", tr("Forward"), "Alt+Right", self.go_forward)
        self._lay_out()
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        self._find("")
        self._show(self._place)

    def _button(self, name: str, said: str, keys: str, act: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setAccessibleName(said)
        button.setToolTip(f"{said} ({QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)})")
        QShortcut(QKeySequence(keys), self, act)  # a button's own would press it a tenth of a second long
        button.clicked.connect(act)
        return button

    def _lay_out(self) -> None:
        left = QWidget()
        left.setFixedWidth(300)
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 12, 0, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(4)
        for widget in (self.back, self.forward):
            row.addWidget(widget)
        row.addWidget(self.search, 1)
        column.addLayout(row)
        column.addWidget(self.nothing)
        column.addWidget(self.list, 1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(left)
        whole.addWidget(self.text, 1)

    @property
    def page(self) -> Page:
        """The page that is read."""
        return self._place[0]

    def open_setting(self, path: str) -> None:
        """Show what the manual says of a setting or section, by its dotted key; the page of all where it knows none."""
        page = next(page for page in self._pages if page.file == SETTINGS)
        section = next((one for one in page.sections if one.title == path), None)
        self.go_to(page, section)

    def go_to(self, page: Page, section: Section | None = None) -> None:
        """Show a page, or a section of it; Back leads to where one was."""
        if (page, section) != self._place:
            self._past.append(self._place)
            self._future.clear()
        self._show((page, section))

    def go_back(self) -> None:
        self._step(self._past, self._future)

    def go_forward(self) -> None:
        self._step(self._future, self._past)

    def _step(self, taken: list[_Place], left: list[_Place]) -> None:
        if taken:
            left.append(self._place)
            self._show(taken.pop())

    def _show(self, place: _Place) -> None:
        page, section = self._place = place
        if self.text.page is not page:
            self.text.show_page(page)
        if section is not None:
            self.text.go_to(section)
        else:
            self.text.verticalScrollBar().setValue(0)
        self.text.mark(self.search.text().split())
        self.setWindowTitle(tr("{page} · Manual", page=page.title))
        self.back.setEnabled(bool(self._past))
        self.forward.setEnabled(bool(self._future))
        self._choose_row()

    def _choose_row(self) -> None:
        """Have the list stand at the page that is read, where it lists pages."""
        if self.page in self.entries.entries:
            index = self.entries.index(self.entries.entries.index(self.page))
            with_signals = self.list.selectionModel().blockSignals(True)
            self.list.setCurrentIndex(index)
            self.list.selectionModel().blockSignals(with_signals)

    def _find(self, words: str) -> None:
        found: list[Page | Hit] = [*find(self._pages, words)] if words.strip() else [*self._pages]
        self.entries.show(found)
        self.nothing.setHidden(bool(found))
        self._choose_row()
        self.text.mark(words.split())

    def _open_first(self) -> None:
        if self.entries.entries:
            self.list.setCurrentIndex(self.entries.index(0))
            self._open_row(0)

    def _open_row(self, row: int) -> None:
        if 0 <= row < len(self.entries.entries):
            entry = self.entries.entries[row]
            self.go_to(*((entry.page, entry.section) if isinstance(entry, Hit) else (entry, None)))

    def _follow(self, link: QUrl) -> None:
        if link.scheme():
            if not QDesktopServices.openUrl(link):
                self.message.emit(
                    tr("No program of this desktop opens {to_string}.", to_string=link.toString()), "warning"
                )
            return
        page = next((one for one in self._pages if one.file == link.path()), self.page)
        section = next((one for one in page.sections if one.anchor == link.fragment()), None)
        self.go_to(page, section)
