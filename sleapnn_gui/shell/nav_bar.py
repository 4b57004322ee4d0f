"""The four pages at the left edge."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout

from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr

PAGES = (
    ("data", tr("Data"), "database"),
    ("configure", tr("Configure"), "sliders-horizontal"),
    ("train", tr("Train"), "chart-line"),
    ("runs", tr("Runs"), "list"),
)


class NavBar(QFrame):
    """One button per page."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("pane", "left")
        self.setFixedWidth(76)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 8)
        column.setSpacing(4)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        for name, text, glyph in PAGES:
            button = QToolButton()
            button.setText(text)
            button.setIcon(icon(glyph))
            button.setIconSize(QSize(20, 20))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setCheckable(True)
            button.setFixedWidth(64)
            # On a small screen they move together rather than out of it.
            button.setMinimumHeight(38)
            button.setMaximumHeight(52)
            button.setProperty("rail", True)
            button.setObjectName(f"rail:{name}")
            button.setAccessibleName(text)
            button.setAccessibleDescription(tr("Show the page {words}", words=text))
            button.clicked.connect(lambda _checked=False, page=name: self.chosen.emit(page))
            self._group.addButton(button)
            self._buttons[name] = button
            column.addWidget(button, 52)
        column.addStretch(1)

    def show_page(self, name: str) -> None:
        """Mark the page that is shown."""
        self._buttons[name].setChecked(True)
