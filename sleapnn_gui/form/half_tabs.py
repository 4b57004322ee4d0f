"""Which model of a top-down pair the form shows, with what was changed and what is wrong in each; or how to add the other."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from sleapnn_engine.config.pairs import CENTRE, PARTS, WORDS, half_of
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.changes import changes_beside
from sleapnn_gui.form.section_list import Counts
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.segmented import Segmented

_TIPS = {
    PARTS: tr("The model that finds the parts of each animal, in crops around centres"),
    CENTRE: tr("The model that finds where animals are, by their centres"),
}
#: What a lone half lacks, on the button that adds it.
_ADD = {PARTS: tr("Add the centre model"), CENTRE: tr("Add the parts model")}
_HALVES = list(WORDS)


class HalfTabs(QWidget):
    """Shows nothing for a model that is no half of top-down."""

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self._beside: tuple[State | None, int] = (None, 0)
        self.tabs = Segmented([tr(WORDS[half]) for half in _HALVES], tips=list(_TIPS.values()), parent=self)
        self.tabs.setObjectName("half_tabs")
        self.tabs.describe(tr("Model of the pair"), tr("Which of the two models the settings are of."))
        self.tabs.picked.connect(lambda index: document.turn(_HALVES[index]))
        self.add = QToolButton(self)
        self.add.setObjectName("add_half")
        self.add.setProperty("plain", True)
        self.add.setIcon(icon("plus"))
        self.add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.add.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.add.setToolTip(tr("Top-down is two models: edit, save and train both as one"))
        self.add.setAccessibleDescription(self.add.toolTip())
        self.add.clicked.connect(lambda _checked=False: document.pair_wanted.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.addWidget(self.tabs)
        column.addWidget(self.add)
        document.issues_changed.connect(self._mark)
        self._changed = 0
        self.refresh(0)

    def refresh(self, changed: int) -> None:
        """Show what the document has; `changed` is how many settings of the half in hand differ from its file."""
        self._changed = changed
        half = self._document.half
        lone = "" if half else half_of(self._document.values)
        self.tabs.setVisible(bool(half))
        self.add.setVisible(bool(lone))
        self.setVisible(bool(half or lone))
        if half:
            self.tabs.set_index(_HALVES.index(half))
            self._mark()
        elif lone:
            self.add.setText(_ADD[lone])
            self.add.setAccessibleName(_ADD[lone])

    def counts(self, half: str) -> Counts:
        """What a model of the pair has to report."""
        mine = self._document.issues()
        every = self._document.every_issue()
        issues = mine if half == self._document.half else every[len(mine) :]
        changed = self._changed if half == self._document.half else self._changed_beside()
        kinds = [issue.severity for issue in issues]
        return Counts(changed, kinds.count("error"), kinds.count("warning"))

    def _mark(self) -> None:
        if not self._document.half:
            return
        for button, half in zip(self.tabs.buttons, _HALVES, strict=True):
            counts = self.counts(half)
            wrong = counts.errors or counts.warnings
            color = "error" if counts.errors else "warning" if counts.warnings else "accent_text"
            button.show_mark(
                f"! {wrong}" if wrong else f"• {counts.changed}" if counts.changed else "", color
            )
            words = counts.words()
            button.setToolTip(f"{_TIPS[half]}{': ' + words if words else ''}")
            button.setAccessibleDescription(button.toolTip())

    def _changed_beside(self) -> int:
        """How many settings of the other half differ from its file; counted anew only when it is another."""
        other = self._document.state.other
        if self._beside[0] is not other:
            self._beside = (other, len(changes_beside(self._document)))
        return self._beside[1]
