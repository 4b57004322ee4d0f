"""Making a preset of one's own: a name, a note, and what others shall leave alone."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.own_presets import label_of, lockable
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.form.codecs import show_chosen
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.tick import Tick


class SavePreset(QDialog):
    """`wanted` carries the title, the note and the locked paths."""

    wanted = Signal(str, str, list)

    def __init__(self, values: dict[str, Any], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("save_preset")
        self.setWindowTitle(tr("Save as a preset"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(min(560, parent.width()), min(600, parent.height()))
        self.name, self.note = Line(), QPlainTextEdit()
        self.locks: dict[str, Tick] = {}
        self.name.setPlaceholderText(tr("Flies, our lab"))
        self.name.setAccessibleName(tr("Name"))
        self.name.textChanged.connect(lambda _: self._judge())
        self.note.setPlaceholderText(tr("What it is for, and why it is as it is"))
        self.note.setAccessibleName(tr("Note"))
        self.note.setProperty("field", True)
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(72)
        hint = QLabel(
            tr(
                "Every setting is saved but the labels and the run's name. What is ticked is locked: whoever uses this "
                "preset keeps it when another preset or advice is applied."
            )
        )
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(tr("Name"), self.name)
        form.addRow(tr("Note"), self.note)
        form.addRow(tr("Locked"), self._boxes(values))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(hint)
        column.addLayout(form, 1)
        column.addLayout(self._buttons())
        self._judge()

    def _boxes(self, values: dict[str, Any]) -> QScrollArea:
        """A box for everything that can be locked."""
        view, inside = ConfigReader(values), QWidget()
        inside.setProperty("clear", True)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for path in lockable(values):
            names = (
                [tr(label_of(f"{path}.{name}")) for name in view.chosen(path)]
                if path in SPEC.sections
                else []
            )
            said = ", ".join(names) or show_chosen(path, view.value(path))
            box = self.locks[path] = Tick(f"{tr(label_of(path))}: {said}".replace("&", "&&"))
            box.setToolTip(path)
            box.setAccessibleDescription(path)
            column.addWidget(box)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName(tr("Locked settings"))
        scroll.setWidget(inside)
        return scroll

    def _buttons(self) -> QHBoxLayout:
        self.save, close = QPushButton(tr("Save the preset")), QPushButton(tr("Cancel"))
        self.save.setProperty("primary", True)
        self.save.clicked.connect(self._save)
        close.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        row.addWidget(self.save)
        return row

    def _judge(self) -> None:
        self.save.setEnabled(bool(self.name.text().strip()))

    def _save(self) -> None:
        locked = [path for path, box in self.locks.items() if box.isChecked()]
        self.accept()
        self.wanted.emit(self.name.text().strip(), self.note.toPlainText(), locked)
