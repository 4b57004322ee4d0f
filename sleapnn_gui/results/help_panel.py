"""Did a change help? The answer for the runs that are compared, and more seeds of each where that is not known."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton

from sleapnn_engine.protocol.comparison import Compared
from sleapnn_gui.monitor.panel import Panel
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.language import counted, tr

_CHOICES = (1, 2, 3, 5)
_COUNT_WIDTH = 230
_ONE_KIND = tr(
    "These runs differ in nothing but their seed. To ask whether a change helps, train one of them again with it."
)
_APART = tr(
    "Errors of runs of different types of model or labels, or whose configs are not known, say nothing of a change."
)


class HelpPanel(Panel):
    """Shows the verdicts; `seeds_wanted` carries (folder of a run, seed) of trainings that a person wants."""

    seeds_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(tr("Did it help?"))
        self._compared: Compared | None = None
        self.answer = QLabel("")
        self.answer.setWordWrap(True)
        self.answer.setAccessibleName(tr("Whether the change helped"))
        self.count = QuietComboBox()
        for number in _CHOICES:
            self.count.addItem(counted(number, "more seed of each", "more seeds of each"), number)
        self.count.setMinimumWidth(_COUNT_WIDTH)
        self.count.setAccessibleName(tr("How many more seeds"))
        self.count.setAccessibleDescription(
            tr("Trainings of each kind of run that differ in their seed alone")
        )
        self.add = QPushButton(tr("Add to the queue"))
        tip = tr("Put trainings into the queue that differ from these runs in nothing but their seed")
        self.add.setToolTip(tip)
        self.add.setAccessibleDescription(tip)
        self.add.clicked.connect(lambda _checked=False: self._add())
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.answer, 1)
        row.addWidget(self.count)
        row.addWidget(self.add)
        self.body.addLayout(row)

    def show_compared(self, compared: Compared) -> None:
        """Answer for these runs."""
        self._compared = compared
        verdicts = compared.verdicts
        told = [f"{what}. {verdict.sentence}" if what else verdict.sentence for what, verdict in verdicts]
        alone = _ONE_KIND if len(compared.kinds) == 1 and None not in compared.configs else _APART
        self.answer.setText("\n".join(told) or alone)
        possible = None not in compared.configs
        self.count.setEnabled(possible)
        self.add.setEnabled(possible)
        wanted = max((verdict.more_seeds for _, verdict in verdicts), default=2) or 2
        self.count.setCurrentIndex(max(0, self.count.findData(wanted)))

    def _add(self) -> None:
        if self._compared is not None:
            seeds: Sequence[tuple[Path, int]] = self._compared.further_seeds(self.count.currentData())
            self.seeds_wanted.emit(seeds)
