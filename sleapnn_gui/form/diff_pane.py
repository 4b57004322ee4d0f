"""What differs from the opened file, one entry each, to look at and to take back."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from sleapnn_gui.form.changes import Change
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_MOST = 60
_ONE_LINE = 44  # letters that fit beside each other in the pane, or on two lines of it where it is narrow


class ChangeRow(QWidget):
    """One change: label, key, old and new value, and a button that takes it back, where that can be done."""

    asked = Signal(str)

    def __init__(self, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.change = change
        self.setAccessibleName(
            tr("{change}: {old} to {new}", change=change.label, old=change.old, new=change.new)
        )
        self.setAccessibleDescription(change.path)
        theme = current_theme()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 6)
        grid.setVerticalSpacing(2)
        grid.setHorizontalSpacing(8)
        label = ElidedLabel(change.label, parent=self)
        both = f"{change.old} → {change.new}"
        lines = [both] if len(both) <= _ONE_LINE else [change.old, f"→ {change.new}"]
        key = ElidedLabel(change.path, mode=Qt.TextElideMode.ElideLeft, parent=self)
        key.setProperty("role", "caption")
        if change.undo is not None:
            grid.addWidget(self._undo(change.undo), 0, 1, 2, 1, Qt.AlignmentFlag.AlignTop)
        label.setFont(theme.font("heading"))
        grid.addWidget(label, 0, 0)
        for number, line in enumerate(lines):
            grid.addWidget(self._line(line, wraps=len(lines) == 1), 1 + number, 0)
        grid.addWidget(key, 1 + len(lines), 0)
        grid.setColumnStretch(0, 1)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _line(self, text: str, *, wraps: bool) -> QLabel:
        """A line of values; long ones, as paths are, are cut in their middle."""
        if not wraps:
            return ElidedLabel(text, mode=Qt.TextElideMode.ElideMiddle, parent=self)
        line = QLabel(text, self)
        line.setTextFormat(Qt.TextFormat.PlainText)
        line.setWordWrap(True)
        return line

    def _undo(self, act: Callable[[], None]) -> QToolButton:
        undo = QToolButton(self)
        undo.setIcon(icon("arrow-counter-clockwise"))
        undo.setToolTip(tr("Back to {old}", old=self.change.old))
        undo.setAccessibleName(tr("Reset {change}", change=self.change.label))
        undo.setAccessibleDescription(tr("Back to {old}", old=self.change.old))
        undo.clicked.connect(lambda: act())
        return undo

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.asked.emit(self.change.path)


class DiffPane(QScrollArea):
    """The list of changes; `asked` is emitted with the path of one that was clicked."""

    asked = Signal(str)

    def __init__(
        self, parent: QWidget | None = None, *, nothing: str = tr("Nothing differs from what was opened.")
    ) -> None:
        super().__init__(parent)
        self._nothing = nothing
        self._changes: list[Change] = []
        self._stale = False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Differences"))
        self.setAccessibleDescription(tr("What differs from the opened file."))
        self._fill()

    def rows(self) -> list[ChangeRow]:
        """The entries shown."""
        inside = self.widget()
        return [] if inside is None else inside.findChildren(ChangeRow)

    def set_nothing(self, sentence: str) -> None:
        """What is said where nothing differs, or where nothing can be compared."""
        if sentence != self._nothing:
            self._nothing, self._stale = sentence, True
            if self.isVisible():
                self._fill()

    def show_changes(self, found: list[Change]) -> None:
        """Show these changes, now or as soon as the pane is seen."""
        before = [(change.path, change.old, change.new) for change in self._changes]
        self._changes = found
        if before == [(change.path, change.old, change.new) for change in found]:
            return
        self._stale = True
        if self.isVisible():
            self._fill()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        if self._stale:
            self._fill()

    def _fill(self) -> None:
        self._stale = False
        inside = QWidget()
        inside.setProperty("clear", True)
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(0)
        if not self._changes:
            nothing = QLabel(self._nothing, inside)
            nothing.setProperty("role", "muted")
            nothing.setWordWrap(True)
            column.addWidget(nothing)
        for change in self._changes[:_MOST]:
            row = ChangeRow(change, inside)
            row.asked.connect(self.asked)
            column.addWidget(row)
        if len(self._changes) > _MOST:
            rest = QPushButton(tr("and {count} more", count=len(self._changes) - _MOST), inside)
            rest.setProperty("link", True)
            rest.setEnabled(False)
            column.addWidget(rest)
        column.addStretch(1)
        self.setWidget(inside)
