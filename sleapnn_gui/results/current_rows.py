"""Rows of runs that go on, kept current for as long as the list is looked at."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor.run_summary import RunSummary, summarise
from sleapnn_gui.monitor.runs_model import RunsModel

_EVERY_MS = 4000


class CurrentRows(QObject):
    """Reads runs that are not over anew every few seconds while `page` is seen, in a thread.

    Figures change where they stand: no row moves by itself. `renewed` carries the folders of runs that have changed.
    What is `held`, because a person is just saying something of it, is left for the next time.
    """

    renewed = Signal(set)

    def __init__(self, page: QWidget, model: RunsModel, *, held: Callable[[], bool]) -> None:
        super().__init__(page)
        self._model, self._held = model, held
        self._reading = BackgroundTask(self)
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self._read)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show:
            self._timer.start()
        elif event.type() is QEvent.Type.Hide:
            self._timer.stop()
        return False

    def _read(self) -> None:
        folders = [run.folder for run in self._model.shown if not run.is_over]
        if folders and not self._reading.is_at_work and not self._held():
            self._reading.begin(partial(_summaries, folders), self._receive)

    def _receive(self, runs: Sequence[RunSummary]) -> None:
        changed = set() if self._held() else self._model.renew(runs)
        if changed:
            self.renewed.emit(changed)


def _summaries(folders: Sequence[Path]) -> list[RunSummary]:
    return [found for found in map(summarise, folders) if found is not None]
