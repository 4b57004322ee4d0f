"""The queue below the list of runs: what waits, what is at work, what became of the rest, and what can be done with it."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QPushButton, QTableView

from sleapnn_engine.protocol.queue_records import QueuedTraining, QueueState
from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_gui.monitor.panel import Panel
from sleapnn_gui.results.queue_model import COLUMNS, QueueModel
from sleapnn_gui.run.queue_watch import QueueWatch, queue_words
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.theme import set_state
from sleapnn_gui.widgets.tick import Tick

_HEIGHT, _ROW_HEIGHT = 270, 28
_IN_HEAD = 2


class QueuePanel(Panel):
    """Shows what a watch sees. `run_chosen` carries the folder of a run to show."""

    run_chosen = Signal(Path)

    def __init__(self, watch: QueueWatch) -> None:
        super().__init__(tr("Queue"))
        self.setObjectName("runs:queue")
        self.watch = watch
        self.model = QueueModel()
        self.setFixedHeight(_HEIGHT)
        self.words = ElidedLabel("")
        self.words.setProperty("role", "muted")
        self.words.setAccessibleName(tr("What the queue does"))
        self.go_on = Tick(tr("Go on after a failure"))
        self.go_on.setToolTip(tr("Train the next one also after one has failed"))
        self.go_on.clicked.connect(self._set_go_on)
        self.head.addWidget(self.go_on)
        self._make_table()
        self.body.addWidget(self.words)
        self.body.addWidget(self.table, 1)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(8)
        self.body.addLayout(self._foot)
        self.sooner = self._button(
            tr("Sooner"), tr("Have the chosen training, with its group, come one place earlier")
        )
        self.later = self._button(
            tr("Later"), tr("Have the chosen training, with its group, come one place later")
        )
        self.out = self._button(
            tr("Take out"), tr("Take the chosen trainings out of the queue; their runs stay")
        )
        self.clear = self._button(tr("Clear"), tr("Take out what is over; the runs stay"))
        self.sooner.clicked.connect(lambda _checked=False: self._shift(-1))
        self.later.clicked.connect(lambda _checked=False: self._shift(1))
        self.out.clicked.connect(lambda _checked=False: self._remove_chosen())
        self.clear.clicked.connect(lambda _checked=False: self._clear())
        watch.changed.connect(self._show)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._refresh())
        self.hide()
        self._show()

    def _make_table(self) -> None:
        table = self.table = QTableView()
        table.setAccessibleName(tr("Trainings in the queue"))
        table.setAccessibleDescription(tr("In the order in which they are trained"))
        table.setModel(self.model)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setSectionsClickable(False)
        table.horizontalHeader().setStretchLastSection(True)
        for place, (_, width) in enumerate(COLUMNS):
            table.setColumnWidth(place, width)
        table.activated.connect(self._activate)

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)
        self._foot.addWidget(button)
        return button

    def offer(self, actions: Sequence[tuple[str, QAction]]) -> None:
        """Have a button for each of these commands, in few words; the last is the one most likely wanted.

        All in one row would be wider than a small window: the first two stand in the head.
        """
        self._foot.addStretch(1)
        for place, (text, action) in enumerate(actions):
            button = self._button(text, action.statusTip())
            if place < _IN_HEAD:
                self.head.addWidget(button)
            set_state(button, "primary", value=action is actions[-1][1])
            button.setEnabled(action.isEnabled())
            button.clicked.connect(lambda _checked=False, action=action: action.trigger())
            action.enabledChanged.connect(button.setEnabled)

    # -- what is chosen --------------------------------------------------------------------------------------

    @property
    def selected(self) -> list[QueuedTraining]:
        """The trainings that are chosen, in their order."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.rows[row] for row in rows]

    def _shift(self, places: int) -> None:
        chosen = self.selected
        if len(chosen) == 1:
            number, name = chosen[0].number, self.model.name_of(chosen[0])
            told = tr("{name} comes {when}.", name=name, when=tr("sooner") if places < 0 else tr("later"))
            held = tr("{name} stays where it is: nothing that waits is on that side of it.", name=name)
            self.watch.change(lambda queue: told if queue.shift(number, places=places) else held)

    def _remove_chosen(self) -> None:
        numbers = {one.number for one in self.selected}
        self.watch.change(lambda queue: _removed(queue, lambda one: one.number in numbers))

    def _clear(self) -> None:
        self.watch.change(lambda queue: _removed(queue, lambda one: one.state is not QueueState.WAITING))

    def _set_go_on(self) -> None:
        wanted = self.go_on.isChecked()

        def act(queue: TrainingQueue) -> str:
            queue.set_go_on(wanted)
            return ""

        self.watch.change(act)

    def _activate(self, index: QModelIndex) -> None:
        place = self.model.rows[index.row()].run_dir
        if place is not None:
            self.run_chosen.emit(Path(place))

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show(self) -> None:
        sight = self.watch.sight
        self.model.show_sight(sight)
        self.words.setText(queue_words(sight, asked=self.watch.asked))
        if not self.go_on.isDown():
            self.go_on.setChecked(sight.standing.go_on)
        self._refresh()

    def _refresh(self) -> None:
        chosen = self.selected
        waits = len(chosen) == 1 and chosen[0].state is QueueState.WAITING
        self.sooner.setEnabled(waits)
        self.later.setEnabled(waits)
        self.out.setEnabled(any(one.state is not QueueState.RUNNING for one in chosen))
        over = (QueueState.WAITING, QueueState.RUNNING)
        self.clear.setEnabled(any(one.state not in over for one in self.model.rows))


def _removed(queue: TrainingQueue, wanted: Callable[[QueuedTraining], bool]) -> str:
    """Take trainings out, with the copies of configs that were made for them. Runs aside."""
    gone = queue.remove(wanted)
    for one in gone:
        copy = Path(one.config)
        if copy.parent == queue.copies:
            with contextlib.suppress(OSError):  # it does no harm where it lies
                copy.unlink()
    return (
        tr("{trainings} taken out of the queue.", trainings=counted(len(gone), "training"))
        if gone
        else tr("Nothing was taken out.")
    )
