"""Rows of what was found: words at the left, a figure at the right, one of them with something to do about it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QWidget

from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_ROW = 24


class FactRows(QFrame):
    """As many rows as there are names; none comes or goes, so that nothing moves when another answer comes."""

    used = Signal()

    def __init__(self, names: Sequence[str], *, use: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(2, 1)
        self._values: dict[str, ElidedLabel] = {}
        font = current_theme().font("caption")
        for row, name in enumerate(names):
            label, value = QLabel(name, self), ElidedLabel(parent=self)
            label.setProperty("role", "muted")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for part in (label, value):
                part.setFont(font)
                part.setFixedHeight(_ROW)
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 2)
            self._values[name] = value
        self.use = QPushButton(tr("Use"), self)
        self.use.setProperty("link", True)
        self.use.setCursor(Qt.CursorShape.PointingHandCursor)
        self.use.setAccessibleName(tr("Use {use}", use=use.lower()))
        self.use.clicked.connect(self.used)
        room = self.use.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.use.setSizePolicy(room)
        self.use.hide()
        if use:
            grid.addWidget(self.use, list(names).index(use), 1)

    def set_value(self, name: str, value: str) -> None:
        """Fill in one row; '' where it is not known."""
        self._values[name].setText(value)

    def value(self, name: str) -> str:
        """What stands in a row."""
        return self._values[name].text()

    def clear(self) -> None:
        """Nothing is known."""
        for value in self._values.values():
            value.setText("")
        self.use.hide()
