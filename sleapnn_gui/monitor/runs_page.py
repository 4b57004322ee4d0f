"""The Runs page: every run in the models folder, newest first; one opens by a double click."""

import json
from pathlib import Path
from typing import Any

import attrs
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

_COLUMNS = ("Run", "Model", "Ended", "Epochs", "Best validation loss", "Folder")
_TAIL_BYTES = 65_536


@attrs.frozen
class RunSummary:
    """One run folder in a line. `ended` is the outcome, `running`, or `no end recorded`."""

    folder: Path
    model: str = ""
    ended: str = ""
    epochs: str = ""
    best: str = ""
    changed: float = 0.0


def find_runs(folder: Path, *, most: int = 500) -> list[RunSummary]:
    """Runs directly inside `folder`, newest first; unreadable ones are left out."""
    try:
        found = [path for path in folder.iterdir() if path.is_dir() and (path / "events.jsonl").is_file()]
    except OSError:
        return []
    runs = [summary for path in found[:most] if (summary := summarise(path)) is not None]
    return sorted(runs, key=lambda run: -run.changed)


def summarise(folder: Path) -> RunSummary | None:
    """What the first and last lines of a journal say of a run; None where it cannot be read."""
    journal = folder / "events.jsonl"
    try:
        with journal.open("rb") as stream:
            first = stream.read(_TAIL_BYTES)
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL_BYTES))
            last = stream.read()
        changed = journal.stat().st_mtime
    except OSError:
        return None
    started = _find(first, "started")
    finished, epoch = _find(last, "finished", newest=True), _find(last, "epoch_end", newest=True)
    failed = _find(last, "failed", newest=True)
    running = (folder / "engine.json").exists()
    best = (finished or epoch or {}).get("best_val")
    epochs = finished.get("epochs") if finished else epoch.get("epoch", -1) + 1 if epoch else 0
    ended = str(finished.get("outcome", "")).replace("_", " ") if finished else "failed" if failed else ""
    return RunSummary(
        folder,
        str((started or {}).get("model_type", "")).replace("_", " "),
        ended or ("running" if running else "no end recorded"),
        str(epochs or 0),
        f"{best:.3g}" if isinstance(best, (int, float)) else "",
        changed,
    )


def _find(text: bytes, kind: str, *, newest: bool = False) -> dict[str, Any] | None:
    """The body of the first (or newest) event of a kind in a piece of a journal."""
    lines = text.splitlines()
    for line in reversed(lines) if newest else lines:
        if kind.encode() not in line:
            continue
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("kind") == kind and isinstance(event.get("body"), dict):
            return dict(event["body"])
    return None


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
        self.table.setHeaderLabels(_COLUMNS)
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
            item = QTreeWidgetItem(
                [run.folder.name, run.model, run.ended, run.epochs, run.best, str(run.folder)]
            )
            item.setData(0, Qt.ItemDataRole.UserRole, run.folder)
            self.table.addTopLevelItem(item)
        self.table.setVisible(bool(runs))
        self.status.setText(
            f"{len(runs)} in {folder}. Double-click one to see its curves and pictures."
            if runs
            else f"No runs in {folder} yet. Each training gets a folder there and appears in this list."
        )
