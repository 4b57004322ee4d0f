"""The queue of trainings as the window sees it: read and changed beside it, trained by a process that outlives it."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import attrs
from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol.presence import Presence
from sleapnn_engine.protocol.queue_records import QueuedTraining, QueueStanding, QueueState
from sleapnn_engine.protocol.run_state import RunState, read_run
from sleapnn_engine.protocol.training_queue import TrainingQueue, default_queue
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.run.job import EngineJob, JobEnd
from sleapnn_gui.widgets.language import counted, tr

_LOOK_MS = 500
TRAIN, PAUSE = "train", "pause"
Act = Callable[[TrainingQueue], str]


@attrs.frozen(eq=False)
class QueueSight:
    """A queue as it was read: its standing, whether a process trains it, how far runs are, and why it cannot be read."""

    standing: QueueStanding = attrs.field(factory=QueueStanding)
    at_work: bool = False
    reach: Mapping[int, str] = attrs.field(factory=dict)
    problem: str = ""


def queue_words(sight: QueueSight, *, asked: str = "") -> str:
    """What the queue does, in a sentence; `asked` is what a person has asked of it that is not done yet."""
    if sight.problem:
        return sight.problem
    standing, waiting = sight.standing, sight.standing.waiting
    if sight.at_work and standing.paused:
        return tr("Pausing: what is at work is trained to its end, and nothing more begins.")
    if asked == PAUSE:
        return tr("Asked to pause …")
    if sight.at_work:
        return tr("At work, {waiting} to come. It goes on when this window is closed.", waiting=waiting)
    if asked == TRAIN:
        return tr("Asked to train: an engine for the queue is being started …")
    waits = (
        tr("1 training waits")
        if waiting == 1
        else tr("{trainings} wait", trainings=counted(waiting, "training"))
    )
    if standing.paused and waiting:
        return tr("Paused: {waits}.", waits=waits)
    if waiting:
        return tr(
            "{waits}. “Train the queue” trains one after the other, also when this window is closed.",
            waits=waits,
        )
    if standing.trainings:
        return tr("Nothing waits any more.")
    return tr(
        "Nothing waits yet. Add this config, or choose runs above and add them; they are trained one after the other."
    )


class QueueWatch(QObject):
    """Reads the queue twice a second while it is watched, and changes it when asked to. Never blocks the window.

    `changed` says that there is something new in `sight`; `message` carries a sentence and its severity.
    """

    changed = Signal()
    message = Signal(str, str)

    def __init__(self, parent: QObject, *, path: Path | None = None) -> None:
        super().__init__(parent)
        self.sight = QueueSight()
        self.asked = self._group = ""
        self._path = path
        self._acts: list[Act] = []
        self._reading, self._changing = BackgroundTask(self), BackgroundTask(self, abandon=False)
        self._worker = EngineJob(self)
        self._worker.ended.connect(self._worker_ended)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._read)

    def watch(self, wanted: bool) -> None:
        """Look at the queue from now on, or no more."""
        if not wanted:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
            self._read()

    def change(self, act: Act) -> None:
        """Have something done with the queue beside the window; `act` returns a sentence to show, or ''."""
        self._acts.append(act)
        self._do_next()

    def train(self, *, group: str = "") -> None:
        """Have the queue trained, or one group of it, by a process of its own where none is at it."""
        self.asked, self._group = TRAIN, group
        self.change(_nothing if group else _open)
        self.changed.emit()

    def pause(self) -> None:
        """Begin nothing new."""
        self.asked = PAUSE
        self.change(_pause)
        self.changed.emit()

    def leave(self) -> None:
        """For when the window closes: what was asked is written, and the queue is trained on."""
        self._timer.stop()
        while self._acts or self._changing.is_at_work:
            self._changing.finish()
        self._reading.drop()
        if self.asked == TRAIN:
            # The one before may be at its end, and see nothing of what was added; of two at it one has nothing to do.
            self._worker.leave()
            self._worker = EngineJob(self)
            self._start()
        self.asked = ""
        self._worker.leave()

    # -- beside the window -----------------------------------------------------------------------------------

    def _do_next(self) -> None:
        if self._acts and not self._changing.is_at_work:
            act = self._acts.pop(0)
            self._changing.begin(partial(_done, self._path, act), self._changed)

    def _changed(self, found: tuple[str, str]) -> None:
        if found[0]:
            self.message.emit(*found)
        if found[1] == "error":
            self.asked = ""
        self._do_next()
        self._reading.begin(partial(_seen, self._path), self._show)  # what is read now was read before

    def _read(self) -> None:
        if not self._reading.is_at_work:
            self._reading.begin(partial(_seen, self._path), self._show)

    def _show(self, sight: QueueSight) -> None:
        self.sight = sight
        written = not self._acts and not self._changing.is_at_work
        paused = sight.standing.paused
        if self.asked == TRAIN and written and (self._group or not paused):
            if not sight.at_work:
                self._start()
            elif not paused:
                self.asked = ""
        elif self.asked == PAUSE and sight.standing.paused and not sight.at_work:
            self.asked = ""
        self.changed.emit()

    def _start(self) -> None:
        if not self._worker.is_at_work:
            file = ("--queue", str(self._path)) if self._path is not None else ()
            self._worker.start(("queue", "run", *file, *(("--group", self._group) if self._group else ())))

    def _worker_ended(self, end: JobEnd) -> None:
        self.asked = ""
        if end.exit.code not in (0, 1) or (end.exit.code and not _is_told(end.lines)):
            self.message.emit(
                tr("The queue has ended. {lines}", lines=" ".join(end.lines[-2:]) or end.exit.sentence),
                "error",
            )
        self._read()


def _open(queue: TrainingQueue) -> str:
    queue.open()
    return ""


def _nothing(_queue: TrainingQueue) -> str:
    return ""


def _pause(queue: TrainingQueue) -> str:
    queue.pause()
    return ""


def _done(path: Path | None, act: Act) -> tuple[str, str]:
    """What came of changing the queue, and its severity. Runs aside."""
    try:
        return act(TrainingQueue(path or default_queue())), "info"
    except UserError as problem:
        return str(problem), "error"
    except OSError as problem:
        return tr("The queue could not be changed: {problem}.", problem=problem), "error"


def _seen(path: Path | None) -> QueueSight:
    """Runs aside."""
    try:
        standing = TrainingQueue(path or default_queue()).standing()
    except UserError as problem:
        return QueueSight(problem=str(problem))
    reach = {one.number: _reach(one) for one in standing.trainings if one.state is QueueState.RUNNING}
    return QueueSight(standing, at_work=standing.is_at_work, reach=reach)


def _reach(one: QueuedTraining) -> str:
    """How far a run is; '' before its engine can be reached.

    An engine writes its journal before it opens its sockets. Who follows the run between the two takes it for one whose
    engine is gone, and never asks again.
    """
    record = read_run(one.run_dir) if one.run_dir is not None else None
    if record is None or (record.state is RunState.CRASHED and record.presence is Presence.NONE):
        return ""
    return tr("{words} done", words=record.reach.text)


def _is_told(lines: tuple[str, ...]) -> bool:
    """Whether the worker said of a training what became of it, which the list shows."""
    return any(line.startswith("queue: ") for line in lines)
