"""The sheet before training: what will run, where it saves, what differs, what is doubtful, and the command line."""

from collections.abc import Sequence
from itertools import takewhile

import attrs
from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.issue import Issue
from sleapnn_gui.form.changes import Change
from sleapnn_gui.shell.status_line import sentence_of
from sleapnn_gui.shell.stop_choice import StopChoice
from sleapnn_gui.shell.training_review import FOLDER, LABELS, LENGTH, MEMORY, MODEL, TIME
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.tick import Tick

_MOST_CHANGES, _MOST_ISSUES = 6, 4


@attrs.frozen
class _Line:
    """A sentence, and the setting that it is about."""

    text: str
    path: str = ""
    severity: str = "hint"


class _Lines(QVBoxLayout):
    """Sentences under one another; `chosen` is told the setting of one whose link is followed."""

    def __init__(self, parent: QWidget, chosen: SignalInstance) -> None:
        super().__init__()
        self._parent, self._chosen = parent, chosen
        self._told: list[_Line] = []

    def show_lines(self, told: list[_Line]) -> None:
        """Show these; a sentence that stands where it stood stays, for somebody may be pressing it."""
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._told, told, strict=False)))
        while (item := self.takeAt(kept)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._told = told
        for line in told[kept:]:
            self._add(line)

    def _add(self, told: _Line) -> None:
        line = MessageLine(self._parent)
        line.show_message(told.text, severity=told.severity, link=tr("Show") if told.path else "")
        line.followed.connect(lambda: self._chosen.emit(told.path))
        self.addWidget(line)
        line.show()


class TrainSheet(QDialog):
    """Beside the window rather than in its way.

    `train_wanted` begins the training, `setting_chosen` carries the path of a setting to go to, `always_wanted` whether
    the sheet shall come before each training.
    """

    train_wanted = Signal()
    setting_chosen = Signal(str)
    always_wanted = Signal(bool)

    def __init__(self, parent: QWidget, *, always: bool) -> None:
        super().__init__(parent)
        self.setObjectName("train_sheet")
        self.setWindowTitle(tr("Before training"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(min(720, parent.width()), min(660, parent.height()))
        self._values = {name: QLabel() for name in (MODEL, LABELS, LENGTH, FOLDER, MEMORY, TIME)}
        self._inside = QWidget()
        self._inside.setProperty("clear", True)
        self.stops = StopChoice(self._inside)
        self.differences, self.issues = (_Lines(self._inside, self.setting_chosen) for _ in range(2))
        self.differing, self.doubts = _heading(""), _heading(tr("Worth a look"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._content(), 1)
        column.addWidget(self._foot(always))

    def _content(self) -> QWidget:
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        title = QLabel(tr("Before training"))
        title.setProperty("role", "title")
        column.addWidget(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(self._values.items()):
            label = QLabel(name)
            label.setProperty("role", "muted")
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setAccessibleName(name)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        label = QLabel(tr("Stops by itself"))
        label.setProperty("role", "muted")
        grid.addWidget(label, len(self._values), 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.stops.line, len(self._values), 1)
        column.addLayout(grid)
        column.addWidget(self.stops.panel)
        for heading, lines in ((self.differing, self.differences), (self.doubts, self.issues)):
            lines.setSpacing(2)
            column.addSpacing(8)
            column.addWidget(heading)
            column.addLayout(lines)
        column.addSpacing(8)
        column.addWidget(_heading(tr("The same in a terminal")))
        self.command_note = MessageLine()
        self.command = QPlainTextEdit()
        self.command.setObjectName("train_command")
        self.command.setAccessibleName(tr("Command line"))
        self.command.setProperty("field", True)
        self.command.setReadOnly(True)
        self.command.setTabChangesFocus(True)
        self.command.setFixedHeight(60)
        column.addWidget(self.command)
        column.addWidget(self.command_note)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self._inside)
        return scroll

    def _foot(self, always: bool) -> QWidget:
        foot = QFrame()
        foot.setProperty("pane", "plain")
        row = QHBoxLayout(foot)
        row.setContentsMargins(24, 12, 24, 16)
        self.always = Tick(tr("Show this before each training"))
        self.always.setChecked(always)
        self.always.toggled.connect(self.always_wanted)
        self.copy = QPushButton(tr("Copy the command"))
        self.copy.clicked.connect(self._copy)
        self.measure = QPushButton(tr("Measure ten steps"))
        self.measure.setObjectName("measure_from_sheet")
        self.measure.setAccessibleDescription(tr("Takes ten real steps, to know memory and time before."))
        self.train = QPushButton(tr("Train"))
        self.train.setObjectName("train_from_sheet")
        self.train.setProperty("primary", True)
        self.train.clicked.connect(self._train)
        row.addWidget(self.always)
        row.addStretch(1)
        row.addWidget(self.measure)
        row.addWidget(self.copy)
        row.addWidget(self.train)
        return foot

    # -- what is shown ---------------------------------------------------------------------------------------

    def show_row(self, name: str, words: str) -> None:
        """Fill in one row."""
        self._values[name].setText(words)

    def row(self, name: str) -> str:
        """What stands in a row."""
        return self._values[name].text()

    def show_differences(self, changes: Sequence[Change], *, title: str) -> None:
        """What differs from what was opened, which is called `title`."""
        self.differing.setText(tr("What differs from “{title}”", title=title))
        told = [
            _Line(f"{change.label}: {change.old} → {change.new}", change.path)
            for change in changes[:_MOST_CHANGES]
        ]
        if len(changes) > _MOST_CHANGES:
            told.append(_Line(tr("and {count} more, under Diff", count=len(changes) - _MOST_CHANGES)))
        self.differences.show_lines(told or [_Line(tr("Nothing."))])

    def show_issues(self, found: Sequence[Issue]) -> None:
        """What is wrong or doubtful."""
        self.doubts.setVisible(bool(found))
        told = [_Line(sentence_of(issue), issue.path, issue.severity) for issue in found[:_MOST_ISSUES]]
        if len(found) > _MOST_ISSUES:
            told.append(
                _Line(tr("and {count} more, at the bottom of the window", count=len(found) - _MOST_ISSUES))
            )
        self.issues.show_lines(told)
        self.train.setEnabled(not any(issue.severity == "error" for issue in found))

    def show_command(self, command: str, note: str) -> None:
        """The command line, and what is to be done before it; '' where it works as it stands."""
        self.command.setPlainText(command)
        self.command_note.show_message(note)
        self.command_note.setVisible(bool(note))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command.toPlainText())
        self.copy.setText(tr("Copied"))

    def _train(self) -> None:
        if not self.stops.panel.settle():
            return  # trained without a rule that somebody is typing, it would not end when they think
        self.accept()
        self.train_wanted.emit()


def _heading(text: str) -> QLabel:
    heading = QLabel(text)
    heading.setProperty("role", "heading")
    heading.setWordWrap(True)
    return heading
