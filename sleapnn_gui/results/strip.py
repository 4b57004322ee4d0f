"""The bar above a page of results: what it is about, how far something is, and what can be done with it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from sleapnn_gui.monitor.state_chip import StateChip
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import set_state

_NO_ABOUT_BELOW = 900


class ResultStrip(QFrame):
    """A name, a chip with the kind or the state, a few muted words; buttons stand at the right in the order they are added."""

    def __init__(self, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("pane", "top")
        self.setFixedHeight(52)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(16, 0, 16, 0)
        self.row.setSpacing(8)
        self.name = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        self.name.setProperty("role", "heading")
        self.name.setAccessibleName(tr("What this is of"))
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.chip = StateChip()
        self.chip.setAccessibleName(tr("What is shown"))
        self.chip.show_state(kind, "accent")
        self.about = ElidedLabel("", least=90)
        self.about.setProperty("role", "muted")
        self.about.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.row.addWidget(self.name)
        self.row.addSpacing(4)
        self.row.addWidget(self.chip)
        self.row.addSpacing(4)
        self.row.addWidget(self.about, 1)
        self.row.addStretch(1)

    def add_button(self, text: str, tip: str, *, primary: bool = False) -> QPushButton:
        """Add a button at the right; connect its `clicked` to what it does."""
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleName(text.rstrip("…"))
        button.setAccessibleDescription(tip)
        if primary:
            set_state(button, "primary", value=True)
        self.row.addWidget(button)
        return button

    def show_message(self, name: str, about: str) -> None:
        """What the page is of, and the words beside it."""
        self.name.setText(name)
        self.about.setText(about)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.about.setVisible(self.width() >= _NO_ABOUT_BELOW)
