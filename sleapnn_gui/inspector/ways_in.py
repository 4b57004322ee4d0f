"""What can be done while no labels are open: open something else, see the demonstration, take the tour, go on as before."""

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_MOST = 6


class WaysIn(QWidget):
    """Links with a line about each: commands of the window, and below what was opened lately.

    `chosen` carries a path; `comes_to_view` says that what was opened lately may have changed.
    """

    chosen = Signal(str)
    comes_to_view = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("data:ways_in")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        self._commands, self._recent = QGridLayout(), QGridLayout()
        self._heading = _heading(tr("Opened lately"))
        column.addWidget(_heading(tr("Or begin elsewhere")))
        column.addLayout(self._commands)
        column.addSpacing(current_theme().size("space_3"))
        column.addWidget(self._heading)
        column.addLayout(self._recent)
        column.addStretch(1)
        for grid in (self._commands, self._recent):
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(6)
            grid.setColumnStretch(1, 1)
        self.show_recent(())

    def offer(self, actions: Sequence[QAction]) -> None:
        """Show these commands, each with what it does."""
        for row, action in enumerate(actions):
            button = _link(action.text(), action.statusTip())
            button.clicked.connect(action.trigger)
            self._commands.addWidget(button, row, 0, Qt.AlignmentFlag.AlignLeft)
            self._commands.addWidget(_about(action.statusTip()), row, 1)

    def show_recent(self, paths: Sequence[str]) -> None:
        """List what was opened lately, the latest first; nothing is shown of an empty list."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, path in enumerate(paths[:_MOST]):
            found = PurePath(path)
            button = _link(found.name.replace("&", "&&"), tr("Open {path}", path=path))
            button.clicked.connect(lambda _=False, path=path: self.chosen.emit(path))
            self._recent.addWidget(button, row, 0, Qt.AlignmentFlag.AlignLeft)
            self._recent.addWidget(_about(str(found.parent)), row, 1)
        self._heading.setVisible(bool(paths))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.comes_to_view.emit()


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def _about(text: str) -> ElidedLabel:
    label = ElidedLabel(text)
    label.setProperty("role", "muted")
    return label


def _link(text: str, about: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("link", True)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip(about)
    button.setAccessibleDescription(about)
    return button
