"""What stands in the middle of See where there is nothing to see: why, and a button that goes where that changes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_gui.inspector.see.sights import Way
from sleapnn_gui.widgets.theme import current_theme

_WIDTH = 300


class NothingToSee(QWidget):
    """A sentence and its way out. `command_wanted` carries a command of the window, `setting_wanted` a setting or section."""

    command_wanted = Signal(str)
    setting_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("see:nothing")
        self._way: Way | None = None
        self._label = QLabel(self)
        self._label.setProperty("role", "muted")
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._label.setMaximumWidth(_WIDTH)
        self.button = QPushButton(self)
        self.button.clicked.connect(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(current_theme().size("space_4"))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(
            self._label, _WIDTH
        )  # all there is up to its most; less is what a wrapped label would ask for
        row.addStretch(1)
        column.addStretch(2)
        column.addLayout(row)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def text(self) -> str:
        """Why there is nothing to see."""
        return self._label.text()

    def show_reason(self, text: str, way: Way | None) -> None:
        """Say why, and offer the way out, if there is one."""
        self._way = way
        self._label.setText(text)
        self.button.setVisible(way is not None)
        if way is not None:
            self.button.setText(way.words)
            self.button.setAccessibleDescription(text)

    def _go(self) -> None:
        if self._way is not None and self._way.command:
            self.command_wanted.emit(self._way.command)
        elif self._way is not None:
            self.setting_wanted.emit(self._way.setting)
