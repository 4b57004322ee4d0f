"""Judging a model on labels: its predictions on what a person has labelled, and then their figures, kept in its run folder."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.run_models import RunModel
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.results.evaluations import EVALUATION, FOLDER, PREDICTIONS
from sleapnn_gui.run.job import EngineJob, JobEnd


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
        self.progressed.emit("Loading the model …")
        stem = Path(labels).name.removesuffix(".slp").removesuffix(".pkg")
        pair = [one.folder.name for one in models if one.folder != owner.folder]
        name = " with ".join([stem, *pair])
        self._making.begin(lambda: _make(owner.folder / FOLDER, name), self._predict)

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
        runs = [str(model.folder) for model in self._models]
        every = [] if any(not model.only_user for model in self._models) else ["--only-labelled"]
        self._job.start(
            ["predict", *runs, f"--data={self._labels}", f"--output={made / PREDICTIONS}", *every, "--json"]
        )

    def _judge(self) -> None:
        self._judging = True
        self.progressed.emit("Comparing with the labels …")
        words = ["evaluate", f"--truth={self._labels}", f"--predicted={self._folder / PREDICTIONS}"]
        last = self._models[-1]
        if last.kind.centroid:
            words.append(f"--centroid-method={last.centring.otherwise}")
            words += [f"--anchor={last.centring.anchor}"] if last.centring.anchor is not None else []
        words += ["--with-predictions"] if not last.only_user else []
        self._job.start([*words, f"--output={self._folder}"])

    def _read_message(self, body: dict[str, Any]) -> None:
        if body.get("kind") == "progress" and body.get("n_total"):
            self.progressed.emit(f"Predicting {body['n_processed']:,} of {body['n_total']:,} frames …")
        elif body.get("kind") == "failed":
            parts = (body.get("where"), body.get("message"), body.get("hint"))
            self._failure = " ".join(str(part) for part in parts if part)

    def _ended(self, end: JobEnd) -> None:
        if self._stopped:
            self.failed.emit("The evaluation was stopped.")
        elif end.exit.code != 0:
            self.failed.emit(self._failure or " ".join((*end.lines[-1:], end.exit.sentence)))
        elif self._judging:
            self.done.emit(self._folder / EVALUATION)
        else:
            self._judge()


def _make(folder: Path, name: str) -> Path | str:
    """A new folder of that name, or why there is none. Runs aside."""
    made, number = folder / name, 0
    try:
        while made.exists():
            number += 1
            made = folder / f"{name}-{number}"
        made.mkdir(parents=True)
    except OSError as problem:
        return f"The evaluation cannot be kept in {folder}: {reason_of(problem)}."
    return made
