"""The Runs page: every run in the models folder, newest first; one opens by a double click."""

from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot
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

from sleapnn_gui.monitor.run_summary import RunSummary, find_runs

_COLUMNS = {
    "Run": "",
    "Model": "What the network was asked to find",
    "Ended": "",
    "Epochs": "",
    "Validation loss": "Of the epoch whose model was kept; losses of different types of model cannot be compared",
    "Median error": "Distance to the labels, of the epoch whose model was kept",
    "Animals found": "Balance of animals missed and of finds that are none (F1); for models that find several",
    "Identity": "Animals found that were given the right identity; for models that tell animals apart",
    "Folder": "",
}


class _Answer(QObject):
    ready = Signal(Path, list)


class _Task(QRunnable):
    def __init__(self, folder: Path, answer: _Answer) -> None:
        super().__init__()
        self._folder, self._answer = folder, answer

    def run(self) -> None:
        self._answer.ready.emit(self._folder, find_runs(self._folder))


class RunsPage(QWidget):
    """A table of runs; `run_chosen` carries the folder of the one to show."""

    run_chosen = Signal(Path)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page:runs")
        self.setAccessibleName("Runs")
        self._folder: Path | None = None
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
        for column, tip in enumerate(_COLUMNS.values()):
            self.table.headerItem().setToolTip(column, tip)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.header().setStretchLastSection(True)
        self.table.itemActivated.connect(
            lambda item, _column: self.run_chosen.emit(item.data(0, Qt.ItemDataRole.UserRole))
        )
        again = QPushButton("Look again")
        again.clicked.connect(lambda: self.look_in(self._folder))
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(again)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.status)
        column.addWidget(self.table, 1)
        # With nothing to list, the sentence stays under the title.
        column.addStretch()

    def look_in(self, folder: Path | None) -> None:
        """List the runs of a folder; reading happens in a thread."""
        if folder is not None:
            self._folder = folder
            self.status.setText(f"Looking in {folder} …")
            QThreadPool.globalInstance().start(_Task(folder, self._answer))

    @Slot(Path, list)
    def _show(self, folder: Path, runs: list[RunSummary]) -> None:
        if folder != self._folder:
            return
        self.table.clear()
        for run in runs:
            figures = (run.epochs, run.best, run.error, run.found, run.identity)
            item = QTreeWidgetItem(
                [run.folder.name, run.model, run.ended, *(text or "–" for text in figures), str(run.folder)]
            )
            item.setData(0, Qt.ItemDataRole.UserRole, run.folder)
            self.table.addTopLevelItem(item)
        self.table.setVisible(bool(runs))
        self.status.setText(
            f"{len(runs)} in {folder}. Double-click one to see its curves and pictures."
            if runs
            else f"No runs in {folder} yet. Each training gets a folder there and appears in this list."
        )
