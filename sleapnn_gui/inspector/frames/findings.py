"""What is worth a look in the labels: a sentence each, with the frames to step through and what would mend it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_gui.inspector.frames.table import Choice
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.still import Still

#: The kind of finding that another split would mend.
LEAKS = "leaks"


class FindingList(QWidget):
    """`shown` carries the frames of a finding, `fixed` the changes and the name of its fix; `split_wanted` none."""

    shown = Signal(object)
    fixed = Signal(object, str)
    split_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[FindingRow] = []
        self.title = QLabel(tr("Worth a look"))
        self.title.setProperty("role", "heading")
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self.title)
        self._column.addWidget(self.status)
        self._still = Still(self)
        self.clear()

    @Slot()
    def clear(self) -> None:
        """The labels are being looked through."""
        self._still.drop()
        self._show([], tr("The labels are looked through …"))

    @Slot(list)
    def show_findings(self, findings: Sequence[dict[str, Any]]) -> None:
        """List what was found, once nothing is moved from under the pointer by it."""
        self._still.when_away(
            lambda: self._show(findings, "" if findings else tr("Nothing odd was found in the labels."))
        )

    def _show(self, findings: Sequence[dict[str, Any]], said: str) -> None:
        self.status.setText(said)
        self.status.setVisible(bool(said))
        for row in self.rows:
            self._column.removeWidget(row)
            row.deleteLater()
        self.rows = [FindingRow(finding, self) for finding in findings]
        for row in self.rows:
            self._column.addWidget(row)


class FindingRow(QFrame):
    """One finding with its buttons."""

    def __init__(self, finding: dict[str, Any], owner: FindingList) -> None:
        super().__init__(owner)
        self.finding = finding
        self.setProperty("rule", "below")
        title, detail = QLabel(finding["title"]), QLabel(finding["detail"])
        title.setProperty("role", "heading")
        detail.setProperty("role", "caption")
        for label in (title, detail):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(title)
        words.addWidget(detail)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 8)
        row.setSpacing(8)
        row.addLayout(words, 1)
        self.buttons: list[QPushButton] = []
        if finding["places"]:
            self._add(row, tr("Show"), lambda: owner.shown.emit(choice_of(finding)))
        if finding["kind"] == LEAKS:
            self._add(row, tr("Split…"), owner.split_wanted.emit)
        fix = finding["fix"]
        if fix is not None:
            self._add(row, fix["label"], lambda: owner.fixed.emit(fix["set"], fix["label"]))

    def _add(self, row: QHBoxLayout, text: str, act: Any) -> None:
        button = QPushButton(text, self)
        button.setAccessibleDescription(self.finding["title"])
        button.clicked.connect(lambda _checked=False: act())
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.buttons.append(button)


def choice_of(finding: dict[str, Any]) -> Choice:
    """The frames of a finding in its order, its animals pointed out."""
    places, animals = _gathered([finding])
    name = finding["title"].partition(": ")[2] or finding["title"]
    return Choice(name[:1].upper() + name[1:], np.array(places), animals)


def worth_a_look(findings: Sequence[dict[str, Any]]) -> Choice | None:
    """All frames on which labels may be wrong; None without any."""
    places, animals = _gathered([finding for finding in findings if finding["doubt"]])
    return Choice(tr("Worth a look"), np.array(sorted(places)), animals) if places else None


def _gathered(findings: Sequence[dict[str, Any]]) -> tuple[list[int], dict[int, list[int]]]:
    """Frames of some findings, each once, and which of their animals they are about."""
    animals: dict[int, list[int]] = {}
    for finding in findings:
        for frame, animal in finding["places"]:
            known = animals.setdefault(frame, [])
            if animal >= 0 and animal not in known:
                known.append(animal)
    return list(animals), animals
