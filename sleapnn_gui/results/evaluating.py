"""Judging a model on labels: its predictions on what a person has labelled, and then their figures, kept in its run folder."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config.judging import (
    COMPARING,
    EVALUATION,
    LOADING,
    evaluate_words,
    failure_text,
    make_place,
    predict_words,
    progress_text,
)
from sleapnn_engine.config.run_models import RunModel
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.run.job import EngineJob, JobEnd
from sleapnn_gui.widgets.language import tr


class Evaluating(QObject):
    """One evaluation at a time. `progressed` carries how far it is, `done` the file with the figures, `failed` a sentence."""

    progressed = Signal(str)
    done = Signal(Path)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._job = EngineJob(self)
        self._making = BackgroundTask(self)
        self._models: list[RunModel] = []
        self._labels = ""
        self._folder = Path()
        self._failure = ""
        self._judging = self._stopped = False
        self._job.message.connect(self._read_message)
        self._job.ended.connect(self._ended)

    @property
    def is_at_work(self) -> bool:
        """Whether something is being judged."""
        return self._job.is_at_work or self._making.is_at_work

    def begin(self, models: list[RunModel], labels: str, *, owner: RunModel) -> None:
        """Judge a model, or a pair in the order they work, on labels; the result goes to the folder of `owner`."""
        self._models, self._labels = models, labels
        self._failure, self._judging, self._stopped = "", False, False
        self.progressed.emit(LOADING)
        self._making.begin(partial(make_place, models, labels, owner=owner), self._predict)

    def stop(self) -> None:
        """Give it up; what was predicted stays in its folder."""
        self._stopped = True
        self._job.stop()

    def leave(self) -> None:
        """For when the window closes."""
        self._making.drop()
        self._job.stop()
        self._job.leave()

    def _predict(self, made: Path | str) -> None:
        if isinstance(made, str):
            self.failed.emit(made)
            return
        self._folder = made
        self._job.start(predict_words(self._models, self._labels, made))

    def _judge(self) -> None:
        self._judging = True
        self.progressed.emit(COMPARING)
        self._job.start(evaluate_words(self._models, self._labels, self._folder))

    def _read_message(self, body: dict[str, Any]) -> None:
        text = progress_text(body)
        if text:
            self.progressed.emit(text)
        self._failure = failure_text(body) or self._failure

    def _ended(self, end: JobEnd) -> None:
        if self._stopped:
            self.failed.emit(tr("The evaluation was stopped."))
        elif end.exit.code != 0:
            self.failed.emit(self._failure or " ".join((*end.lines[-1:], end.exit.sentence)))
        elif self._judging:
            self.done.emit(self._folder / EVALUATION)
        else:
            self._judge()
