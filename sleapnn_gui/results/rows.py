"""One row of a sheet: label at the left, what one types or chooses, and a sentence under it where something is wrong."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.predict_options import Option, read_value
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.segmented import Segmented
from sleapnn_gui.widgets.theme import set_state

LABEL_WIDTH = 136
_FIELD_WIDTH = 220


class SheetRow(QWidget):
    """A label and a field beside it, with a line under them for what there is to say. `link_followed` is that line's link."""

    link_followed = Signal()

    def __init__(self, label: str, field: QWidget, *, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.label = QLabel(label)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setToolTip(tip)
        field.setToolTip(tip)
        self._inner: QWidget = getattr(field, "line", field)
        for part in (field, self._inner):
            if not part.accessibleName():
                part.setAccessibleName(label)
            part.setAccessibleDescription(tip)
        self.message = MessageLine()
        self.message.hide()
        self.message.followed.connect(self.link_followed)
        beside = QHBoxLayout()
        beside.setSpacing(8)
        beside.addWidget(self.label)
        beside.addWidget(field, 1)
        beside.addStretch()  # for fields that do not want all the room
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 3, 0, 3)
        column.setSpacing(4)
        column.addLayout(beside)
        column.addWidget(self.message)

    def show_message(self, text: str, *, severity: str = "error", link: str = "") -> None:
        """Show a sentence under the row; an empty one takes it away."""
        self.message.show_message(text, severity=severity, link=link)
        self.message.setVisible(bool(text))
        set_state(self._inner, "problem", severity if text and severity in ("error", "warning") else "")


class OptionRow(SheetRow):
    """The row of one option of the table. `edited` is emitted when a person changes it."""

    edited = Signal()

    def __init__(self, option: Option) -> None:
        self.option = option
        super().__init__(tr(option.label), self._make(option), tip=_sentence(tr(option.help)))
        field = self.field
        self._line = field if isinstance(field, Line) else None
        self._list = field if isinstance(field, QuietComboBox) else None
        self._switch = field if isinstance(field, Segmented) else None
        field.setMaximumWidth(_FIELD_WIDTH)
        if self._switch is not None:
            self._switch.describe(tr(option.label), _sentence(tr(option.help)))

    def _make(self, option: Option) -> QWidget:
        if option.kind is bool:
            switch = Segmented([tr("No"), tr("Yes")])
            switch.set_index(int(bool(option.default)))
            switch.picked.connect(lambda _: self.edited.emit())
            return switch
        if option.choices:
            listed = QuietComboBox()
            if option.default is None:
                listed.addItem(tr(option.absent), None)
            for choice in option.choices:
                listed.addItem(tr(option.choice_words.get(choice, choice)), choice)
            listed.setCurrentIndex(listed.findData(option.default))
            listed.currentIndexChanged.connect(lambda _: self.edited.emit())
            return listed
        line = Line()
        line.setPlaceholderText(tr(option.absent) or f"{option.default}")
        line.textEdited.connect(lambda _: self.edited.emit())
        return line

    def value(self) -> Any:
        """What is typed or chosen. Raises UserError for a text that means nothing."""
        if self._switch is not None:
            return self._switch.index() == 1
        if self._list is not None:
            return self._list.currentData()
        assert self._line is not None
        return read_value(self.option, self._line.text())

    def set_value(self, value: Any) -> None:
        """Show a value."""
        if self._switch is not None:
            self._switch.set_index(int(bool(value)))
        elif self._list is not None:
            self._list.setCurrentIndex(self._list.findData(value))
        elif self._line is not None:
            self._line.setText("" if value == self.option.default else str(value))

    def judged(self) -> str:
        """The sentence on what is wrong with the text, which the row now shows; '' where nothing is."""
        try:
            self.value()
        except UserError as error:
            self.show_message(f"{error.message} {error.hint}".strip())
            return error.message
        self.show_message("")
        return ""


class PathField(QWidget):
    """A line for a path with buttons beside it. `edited` is emitted when a person changes it, by typing or by a button."""

    edited = Signal()

    def __init__(
        self,
        *,
        placeholder: str,
        buttons: Sequence[tuple[str, str, Callable[[], None]]],
        names: Callable[[], list[str]] | None = None,
    ) -> None:
        """`buttons` are words, help and what each does; `names` gives paths to offer while one types."""
        super().__init__()
        self.line = Line(names=names)
        self.line.setPlaceholderText(placeholder)
        self.line.textEdited.connect(lambda _: self.edited.emit())
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        self.buttons = []
        for words, tip, act in buttons:
            button = QPushButton(words)
            button.setToolTip(tip)
            button.setAccessibleDescription(tip)
            button.clicked.connect(lambda _checked=False, act=act: act())
            row.addWidget(button)
            self.buttons.append(button)

    def text(self) -> str:
        return self.line.text().strip()

    def choose(self, path: str) -> None:
        """Take a path as a person would have typed it."""
        self.line.setText(path)
        self.edited.emit()

    def show_path(self, path: str) -> None:
        """Show a path without telling anybody."""
        self.line.setText(path)
        self.line.setCursorPosition(0)


def heading(text: str) -> QLabel:
    """Words above a group of rows."""
    label = QLabel(text)
    label.setProperty("role", "caption")
    label.setAlignment(Qt.AlignmentFlag.AlignBottom)
    label.setContentsMargins(0, 10, 0, 2)
    return label


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
