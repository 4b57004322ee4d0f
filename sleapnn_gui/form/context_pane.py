"""The pane beside the rows: tabs of words, one of them open."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from sleapnn_gui.document.document import Document
from sleapnn_gui.form.changes import Change
from sleapnn_gui.form.compared_pane import ComparedPane
from sleapnn_gui.form.help_pane import HelpPane
from sleapnn_gui.form.layout import Page
from sleapnn_gui.form.yaml_pane import YamlPane
from sleapnn_gui.widgets.language import tr


class ContextPane(QFrame):
    """Help, YAML and Diff of the form; other parts of the window add tabs of their own."""

    asked = Signal(str)
    #: The key of a line that the cursor was put on, which is to be shown while the cursor stays there.
    reached = Signal(str)
    #: The key or section in hand, or the first key of a page that was opened.
    followed = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("pane", "plain")
        self.help = HelpPane(document, self)
        self.yaml = YamlPane(document, self)
        self.diff = ComparedPane(document, self)
        self.diff.counted.connect(self._count)
        self.diff.asked.connect(self.asked)
        self.yaml.reached.connect(self.reached)
        self._tabs = QTabBar(self)
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setUsesScrollButtons(False)
        self._tabs.setAccessibleName(tr("Beside the form"))
        self._tabs.setAccessibleDescription(tr("What is shown beside the settings."))
        self._stack = QStackedWidget(self)
        for widget, title in ((self.help, tr("Help")), (self.yaml, "YAML"), (self.diff, tr("Diff"))):
            widget.setObjectName(f"pane:{title.lower()}")
            self._tabs.addTab(title)
            self._stack.addWidget(widget)
        self._tabs.currentChanged.connect(self._stack.setCurrentIndex)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QFrame(self)
        head.setProperty("pane", "top")
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self._tabs)
        row.addStretch(1)
        column.addWidget(head)
        column.addWidget(self._stack, 1)
        self.setMinimumWidth(260)

    def add_tab(self, widget: QWidget, title: str, *, index: int = 1) -> None:
        """Add a tab of another part of the window."""
        open_widget = self._stack.currentWidget()
        assert open_widget is not None
        self._stack.insertWidget(index, widget)
        self._tabs.insertTab(index, title)
        self.open(open_widget)

    def open(self, widget: QWidget) -> None:
        """Open the tab of this widget."""
        self._tabs.setCurrentIndex(self._stack.indexOf(widget))
        self._stack.setCurrentWidget(widget)

    def tab(self, title: str) -> QWidget:
        """What stands under the tab with these words."""
        found = self._stack.widget([words.partition(" ")[0] for words in self.titles()].index(title))
        assert found is not None
        return found

    @property
    def title(self) -> str:
        """The words on the tab that is open, without what it counts."""
        return self._tabs.tabText(self._tabs.currentIndex()).partition(" ")[0]

    def open_title(self, title: str) -> None:
        """Open the tab with these words, if there is one."""
        found = [index for index, words in enumerate(self.titles()) if words.partition(" ")[0] == title]
        if found:
            self._tabs.setCurrentIndex(found[0])

    def titles(self) -> list[str]:
        """The words on the tabs."""
        return [self._tabs.tabText(index) for index in range(self._tabs.count())]

    def show_path(self, path: str) -> None:
        """Tell the tabs which key or section has the focus."""
        self.help.show_path(path)
        self.yaml.show_path(path)
        self.followed.emit(path)

    def show_page(self, page: Page) -> None:
        """Tell the help which page was opened."""
        self.help.show_page(page)
        self.followed.emit(page.choose or page.switch or page.keys[0])

    def refresh(self, found: list[Change]) -> None:
        """Values have changed; `found` is what now differs from the opened file."""
        if self.help.isVisible():
            self.help.refresh()
        self.yaml.invalidate()
        self.diff.refresh(found)

    def _count(self, differences: int) -> None:
        words = tr("Diff {differences}", differences=differences) if differences else tr("Diff")
        self._tabs.setTabText(self._stack.indexOf(self.diff), words)
