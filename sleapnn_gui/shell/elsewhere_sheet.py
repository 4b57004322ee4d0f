"""A small sheet that asks where a training is that this program did not start, and says why it cannot be reached."""

from collections.abc import Mapping

import attrs
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.theme import set_state


@attrs.frozen
class Asked:
    """One field: its name in the answer, its label, what it stands at, and an example of what it wants."""

    name: str
    label: str
    text: str = ""
    example: str = ""


class ElsewhereSheet(QDialog):
    """Beside the window rather than in its way; `wanted` carries the texts of the fields by name. It stays until `accept`."""

    wanted = Signal(object)

    def __init__(
        self, parent: QWidget, *, name: str, title: str, told: str, asked: tuple[Asked, ...], act: str
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._act = act
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        heading, about = QLabel(title), QLabel(told)
        heading.setProperty("role", "title")
        about.setWordWrap(True)
        about.setProperty("role", "muted")
        about.setFixedWidth(480)
        about.setMinimumHeight(about.heightForWidth(480))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.fields = {one.name: self._field(form, one) for one in asked}
        self.problem = MessageLine()
        self.problem.setFixedWidth(480)
        self.go = QPushButton(act)
        set_state(self.go, "primary", value=True)
        self.go.setDefault(True)
        close = QPushButton(tr("Close"))
        self.go.clicked.connect(lambda _checked=False: self.wanted.emit(self.texts))
        close.clicked.connect(lambda _checked=False: self.reject())
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        row.addWidget(self.go)
        for widget in (heading, about):
            column.addWidget(widget)
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addLayout(row)

    @staticmethod
    def _field(form: QFormLayout, asked: Asked) -> Line:
        line = Line()
        line.setText(asked.text)
        line.setPlaceholderText(asked.example)
        line.setAccessibleName(asked.label)
        label = QLabel(asked.label)
        label.setBuddy(line)
        form.addRow(label, line)
        return line

    @property
    def texts(self) -> Mapping[str, str]:
        """What was typed, without spaces around it."""
        return {name: line.text().strip() for name, line in self.fields.items()}

    def show_problem(self, text: str) -> None:
        """Say why it cannot be done, and let it be tried again."""
        self.set_busy("")
        self.problem.show_message(text, severity="error")
        self.adjustSize()

    def set_busy(self, text: str) -> None:
        """Say what is under way, '' when nothing is."""
        self.go.setEnabled(not text)
        self.go.setText(self._act)
        self.problem.show_message(text)
