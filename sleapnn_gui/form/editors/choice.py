"""Editors that offer every value there is: off and on, a few words side by side, or a drop-down list."""

from typing import Any

import attrs
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.tree import same
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.segmented import Segmented
from sleapnn_gui.widgets.theme import set_state

_MOST_SEGMENTS = 3
_SEGMENT_LETTERS = 26  # all words together, so that none is cut off in the form's editor column


@attrs.frozen
class Option:
    """One value with its word and its sentence."""

    value: Any
    word: str
    sentence: str


def options_of(meta: Meta) -> list[Option]:
    """Every value a bool or choice setting can have, null first where it can be null."""
    if meta.kind == "bool":
        options = [Option(False, tr("Off"), ""), Option(True, tr("On"), "")]
    else:
        options = [Option(choice.value, tr(choice.label), tr(choice.doc)) for choice in meta.choices]
    return [Option(None, tr(meta.null_label), tr(meta.null)), *options] if meta.nullable else options


def fits_side_by_side(options: list[Option]) -> bool:
    """Whether the words are few and short enough to stand beside each other."""
    longest = max(len(option.word) for option in options)
    return 1 < len(options) <= _MOST_SEGMENTS and longest * len(options) <= _SEGMENT_LETTERS


class SegmentedEditor(Segmented):
    """Two or three values side by side. A value that is none of them is kept and shows none chosen."""

    value_edited = Signal(object)
    wide = False

    def __init__(self, meta: Meta, *, parent: QWidget | None = None) -> None:
        self._options = options_of(meta)
        super().__init__(
            [option.word for option in self._options],
            tips=[option.sentence for option in self._options],
            parent=parent,
        )
        self._value: Any = None
        self.show_value(None)
        self.picked.connect(self._picked)

    def value(self) -> Any:
        return self._value

    def show_value(self, value: Any) -> None:
        self._value = value
        self.set_index(next((i for i, option in enumerate(self._options) if same(option.value, value)), -1))

    def set_value(self, value: Any) -> None:
        if not same(self._value, value):
            self.show_value(value)
            self.value_edited.emit(value)

    def mark(self, severity: str) -> None:
        if self.property("problem") != severity:
            self.setProperty("problem", severity)
            for button in self.buttons:
                button.update()

    def hint(self) -> str:
        return self._options[self.index()].sentence if self.index() >= 0 else ""

    def is_blank(self) -> bool:
        return False

    def forget(self) -> None:
        return

    def _picked(self, index: int) -> None:
        self._value = self._options[index].value
        self.value_edited.emit(self._value)


class ComboEditor(QuietComboBox):
    """A drop-down list of values. A value that is none of them is kept as one more item."""

    value_edited = Signal(object)
    wide = False

    def __init__(self, meta: Meta, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = options_of(meta)
        self._value: Any = None
        self._open = meta.open_choices
        self.setEditable(self._open)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for row, option in enumerate(self._options):
            self.addItem(option.word)
            self.setItemData(row, option.sentence, Qt.ItemDataRole.ToolTipRole)
            self.setItemData(row, f"{option.word}. {option.sentence}", Qt.ItemDataRole.AccessibleTextRole)
        self.show_value(None)
        self.activated.connect(self._activated)
        line = self.lineEdit()
        if line is not None:
            self.setCompleter(None)  # type: ignore[arg-type]
            line.textEdited.connect(self._typed)

    def value(self) -> Any:
        return self._value

    def show_value(self, value: Any) -> None:
        if self.currentIndex() >= 0 and same(self._value, value) and self._shows(value):
            return
        self._value = value
        while self.count() > len(self._options):
            self.removeItem(self.count() - 1)
        row = next((i for i, option in enumerate(self._options) if same(option.value, value)), -1)
        if row < 0 and value is not None and not self._open:
            self.addItem(str(value))
            row = self.count() - 1
        self.setCurrentIndex(row)
        if self._open and row < 0:
            self.setEditText("" if value is None else str(value))

    def set_value(self, value: Any) -> None:
        if not same(self._value, value):
            self.show_value(value)
            self.value_edited.emit(value)

    def describe(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        self.setAccessibleDescription(description)
        self.view().setAccessibleName(name)
        self.view().setAccessibleDescription(description)
        line = self.lineEdit()
        if line is not None:
            line.setAccessibleName(name)
            line.setAccessibleDescription(description)

    def mark(self, severity: str) -> None:
        set_state(self, "problem", severity)

    def hint(self) -> str:
        return next((option.sentence for option in self._options if same(option.value, self._value)), "")

    def is_blank(self) -> bool:
        return False

    def forget(self) -> None:
        return

    def _shows(self, value: Any) -> bool:
        row = self.currentIndex()
        return row < len(self._options) and same(self._options[row].value, value)

    def _activated(self, row: int) -> None:
        value = self._options[row].value if row < len(self._options) else self._value
        if not same(self._value, value):
            self._value = value
            self.value_edited.emit(value)

    def _typed(self, text: str) -> None:
        named = next((option for option in self._options if text in (option.word, option.value)), None)
        self._value = named.value if named is not None else text
        self.value_edited.emit(self._value)
