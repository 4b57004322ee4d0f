"""The Runs page: every run in the models folder, newest first; one opens by a double click."""

import threading
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.protocol.measures import MEASURES
from sleapnn_engine.protocol.run_state import find_runs
from sleapnn_gui.monitor.run_summary import RunSummary, summarise
from sleapnn_gui.widgets.one_by_one import OneByOne
from sleapnn_gui.widgets.still import Still

#: Rows handed over at a time, so that a long list holds up no turn of the window.
_ROWS_AT_ONCE = 40

#: Rows that tell how wide the columns are.
_ROWS_MEASURED = 30

#: Milliseconds for which looking again is told, also where it takes none.
_SEEN_MS = 250

#: What a validation measured and has a column here.
_MEASURED = tuple(measure for measure in MEASURES if measure.heading)

_COLUMNS = {
    "Run": "",
    "Started": "",
    "State": "Point at it to read how this is known",
    "Model": "What the network was asked to find",
    "Epochs": "",
    "Validation loss": "Of the epoch whose model was kept; losses of different types of model cannot be compared",
    **{measure.heading: measure.heading_help for measure in _MEASURED},
    "Folder": "",
}


class _Answer(QObject):
    ready = Signal(int, list, bool)


class _Task(QRunnable):
    """Reads the runs of a folder, the newest first, and hands them over a few at a time."""

    def __init__(self, number: int, folder: Path, answer: _Answer, replaced: threading.Event) -> None:
        super().__init__()
        self._number, self._folder, self._answer, self._replaced = number, folder, answer, replaced

    def run(self) -> None:
        rows: list[RunSummary] = []
        for path in find_runs([self._folder]):
            if self._replaced.is_set():
                return
            summary = summarise(path)
            if summary is not None:
                rows.append(summary)
            if len(rows) == _ROWS_AT_ONCE:
                self._answer.ready.emit(self._number, rows, False)
                rows = []
        self._answer.ready.emit(self._number, rows, True)


class RunsPage(QWidget):
    """A table of runs; `run_chosen` carries the folder of the one to show.

    `predict_wanted` and `evaluation_wanted` are about the run that is `chosen` in it.
    """

    run_chosen = Signal(Path)
    predict_wanted = Signal()
    evaluation_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page:runs")
        self.setAccessibleName("Runs")
        self._folder: Path | None = None
        self._number = self._shown = 0
        self._wanted: Path | None = None
        self._read: list[tuple[int, list[RunSummary], bool]] = []
        self._replaced = threading.Event()
        self._answer = _Answer(self)
        self._answer.ready.connect(self._show, Qt.ConnectionType.QueuedConnection)
        title = QLabel("Runs")
        title.setProperty("role", "title")
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self.table = QTreeWidget()
        self.table.setObjectName("runs")
        self.table.setAccessibleName("Runs")
        self.table.setHeaderLabels(list(_COLUMNS))
        for place, tip in enumerate(_COLUMNS.values()):
            self.table.headerItem().setToolTip(place, tip)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        # By default Qt measures 1,000 rows each time some are added.
        self.table.header().setResizeContentsPrecision(_ROWS_MEASURED)
        self.table.header().setStretchLastSection(True)
        self.table.itemActivated.connect(
            lambda item, _column: self.run_chosen.emit(item.data(0, Qt.ItemDataRole.UserRole))
        )
        self._still = Still(self.table)
        self._drawing = OneByOne(self)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        self._make_buttons(head)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.status)
        column.addWidget(self.table, 1)
        # With nothing to list, the sentence stays under the title.
        column.addStretch()

    def _make_buttons(self, head: QHBoxLayout) -> None:
        again = QPushButton("Look again")
        again.clicked.connect(self._rescan)
        self.predict = QPushButton("Predict…")
        self.predict.setToolTip("Find the animals on a video or labels with the model of the chosen run")
        self.predict.setAccessibleDescription(self.predict.toolTip())
        self.predict.setEnabled(False)
        self.predict.clicked.connect(self.predict_wanted)
        self.evaluation = QPushButton("Evaluation")
        self.evaluation.setToolTip("See how good the model of the chosen run is, or judge it on other labels")
        self.evaluation.setAccessibleDescription(self.evaluation.toolTip())
        self.evaluation.setEnabled(False)
        self.evaluation.clicked.connect(self.evaluation_wanted)
        self.table.currentItemChanged.connect(lambda *_: self._offer())
        for button in (again, self.evaluation, self.predict):
            head.addWidget(button)

    @property
    def chosen(self) -> Path | None:
        """The folder of the run that is chosen in the list."""
        item = self.table.currentItem()
        return None if item is None else item.data(0, Qt.ItemDataRole.UserRole)

    def _choose_again(self, folder: Path | None) -> None:
        """A list that is read anew keeps the run that was chosen."""
        self._wanted = folder or self._wanted
        for row in range(self.table.topLevelItemCount() if self.chosen is None and self._wanted else 0):
            item = self.table.topLevelItem(row)
            if item is not None and item.data(0, Qt.ItemDataRole.UserRole) == self._wanted:
                self.table.setCurrentItem(item)

    def _offer(self) -> None:
        for button in (self.predict, self.evaluation):
            button.setEnabled(self.chosen is not None)

    def _rescan(self) -> None:
        """Say so for as long as it takes to be read: a folder that is as it was is looked through in no time."""
        if self._folder is None:
            return
        self.status.setText(f"Looking again in {self._folder} …")
        folder = self._folder
        QTimer.singleShot(_SEEN_MS, self, lambda: self.set_folder(folder))

    def set_folder(self, folder: Path | None) -> None:
        """List the runs of a folder; reading happens in a thread, and a newer look replaces an older one."""
        if folder is None:
            return
        self._replaced.set()
        self._replaced = threading.Event()
        self._folder, self._number = folder, self._number + 1
        self.status.setText(f"Looking in {folder} …")
        task = _Task(self._number, folder, self._answer, self._replaced)
        QThreadPool.globalInstance().start(task)

    @Slot(int, list, bool)
    def _show(self, number: int, runs: list[RunSummary], complete: bool) -> None:
        if number != self._number:
            return
        self._read.append((number, runs, complete))
        self._still.when_away(self._fill)

    def _fill(self) -> None:
        """Show what was read; it takes the place of what was listed before, which may be what the pointer is on."""
        read, self._read = [part for part in self._read if part[0] == self._number], []
        complete = any(complete for _, _, complete in read)
        chosen = self.chosen
        if read and self._shown != self._number:
            self._shown = self._number
            self.table.clear()
        self._drawing.draw((self.table,))
        self.table.addTopLevelItems([_row(run) for _, runs, _ in read for run in runs])
        count = self.table.topLevelItemCount()
        self._choose_again(chosen)
        self.table.setVisible(bool(count))
        if not complete:
            self.status.setText(f"{count} so far in {self._folder} …")
        elif count:
            self.status.setText(
                f"{count} in {self._folder}. Double-click one to see its curves and pictures."
            )
        else:
            self.status.setText(
                f"No runs in {self._folder} yet. Each training gets a folder there and appears in this list."
            )


def _row(run: RunSummary) -> QTreeWidgetItem:
    figures = (run.epochs, run.best, *(run.figures.get(measure.key) for measure in _MEASURED))
    item = QTreeWidgetItem(
        [
            run.folder.name,
            run.started or "–",
            run.state,
            run.model,
            *(text or "–" for text in figures),
            str(run.folder),
        ]
    )
    item.setData(0, Qt.ItemDataRole.UserRole, run.folder)
    item.setToolTip(2, run.why)
    return item
