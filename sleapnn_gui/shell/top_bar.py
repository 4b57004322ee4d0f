"""What is open, at the top: labels, config, search, Check and Train."""

from functools import partial

from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from sleapnn_gui.document.document import Document
from sleapnn_gui.form.reach import remark_of
from sleapnn_gui.form.search import search_index
from sleapnn_gui.form.search_field import SearchField
from sleapnn_gui.shell.commands import command_hits
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr


class TopBar(QFrame):
    """The bar above every page: labels and config at the left, search and the two main commands at the right."""

    def __init__(self, search: QWidget, check: QAction, train: QAction, review: QAction) -> None:
        super().__init__()
        self.setProperty("pane", "top")
        self.setFixedHeight(52)
        self.labels = ElidedLabel()
        self.labels.setProperty("role", "heading")
        self.facts = ElidedLabel()
        self.facts.setProperty("role", "muted")
        self.config = ElidedLabel()
        self.config.setProperty("role", "heading")
        self.state = QLabel()
        self.state.setProperty("role", "muted")
        line = QFrame()
        line.setFixedSize(1, 20)
        line.setProperty("rule", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(10)
        for widget in (self.labels, self.facts, line, self.config, self.state):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(search)
        self.check, self.train = button_for(check), button_for(train, primary=True)
        row.addWidget(self.check)
        row.addWidget(self.train)
        self.review = _icon_for(review, icon("list"))
        row.addWidget(self.review)
        self.show_labels(tr("No labels"), "")

    def show_labels(self, name: str, facts: str) -> None:
        """The open labels and what is in them."""
        self.labels.setText(name)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))

    def show_config(self, name: str, edited: bool) -> None:
        """The open config and whether it differs from its file."""
        self.config.setText(name)
        self.state.setText(tr("edited") if edited else "")


def search_everything(document: Document) -> SearchField:
    """The field that finds settings and commands."""
    field = SearchField(
        [*search_index(), *command_hits()],
        remark=partial(remark_of, document),
    )
    field.setObjectName("search")
    field.setPlaceholderText(tr("Search settings and commands   Ctrl+K"))
    return field


def _icon_for(action: QAction, picture: QIcon) -> QToolButton:
    """A small button that is its action, told by an icon."""
    button = QToolButton()
    button.setIcon(picture)
    button.setToolTip(action.toolTip())
    button.setAccessibleName(action.text())
    button.setAccessibleDescription(action.statusTip())
    button.clicked.connect(action.trigger)
    return button


def button_for(action: QAction, *, primary: bool = False) -> QPushButton:
    """A push button that is its action: same words, help, enabled state."""
    button = QPushButton(action.text())
    button.setProperty("primary", primary)
    button.setToolTip(action.toolTip())
    button.setAccessibleName(action.text())
    button.setAccessibleDescription(action.statusTip())
    button.clicked.connect(action.trigger)
    action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
    button.setEnabled(action.isEnabled())
    return button
