"""What stands in the file of the queue: trainings, what became of each, the process that trains, and the pair it judges."""

import os
import re
import socket
from enum import StrEnum

import attrs

from sleapnn_engine.protocol.connection import is_this_computer
from sleapnn_engine.protocol.processes import NoProcessError, same_start, start_mark


class QueueState(StrEnum):
    """What became of a training in the queue."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Its run folder held a finished run already."""
    INTERRUPTED = "interrupted"
    """The queue that trained it ended before it did; whether the training goes on is told by its run folder."""


@attrs.frozen(kw_only=True)
class QueuedTraining:
    """One training: the words of `sleapnn-engine train`, the folder they are said in, and what became of it.

    The config is read when its turn comes; it stops by itself by `stop_rules`, in words. Trainings of one `group` belong together, as the two models of a pair or the
    seeds of one question: they stand next to each other and are moved together. Times are in Unix seconds; `code` is
    the exit code of the training. The last one of a pair has the file in which both are judged together in `judged`, or
    why they are not in `not_judged`.
    """

    number: int
    config: str
    overrides: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    stop_rules: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    run_dir: str | None = None
    precision: str = "auto"
    folder: str
    group: str = ""
    added: float
    state: QueueState = attrs.field(default=QueueState.WAITING, converter=QueueState)
    began: float | None = None
    ended: float | None = None
    code: int | None = None
    why: str = ""
    judged: str = ""
    not_judged: str = ""

    @property
    def is_trained(self) -> bool:
        """Whether there is a model of it."""
        return self.state in (QueueState.DONE, QueueState.SKIPPED)

    def is_of(self, group: str) -> bool:
        """Whether it is of a group that was added by this name; a number stands behind a name that was taken."""
        rest = self.group.removeprefix(group) if self.group.startswith(group) else None
        return rest == "" or (rest is not None and re.fullmatch(r" \(\d+\)", rest) is not None)

    @property
    def words(self) -> list[str]:
        """The command without the program's name."""
        place = ["--run-dir", self.run_dir] if self.run_dir is not None else []
        rules = [word for rule in self.stop_rules for word in ("--stop-when", rule)]
        return ["train", self.config, *self.overrides, *place, *rules, "--precision", self.precision]


@attrs.frozen(kw_only=True)
class QueueWorker:
    """The process that trains what is in the queue: its number, its computer, and when it began."""

    pid: int
    host: str = ""
    began: str = ""

    @classmethod
    def own(cls) -> "QueueWorker":
        """This process."""
        return cls(pid=os.getpid(), host=socket.gethostname(), began=start_mark(os.getpid()))

    @property
    def is_there(self) -> bool:
        """Whether it is at work; of one on another computer that is taken to be so."""
        if not is_this_computer(self.host):
            return True
        try:
            return same_start(start_mark(self.pid), self.began)
        except NoProcessError:
            return False


@attrs.frozen(kw_only=True)
class PairStanding:
    """A pair that is being judged: the number of its last training, how far that is, and whether it is to be given up."""

    number: int
    reach: str = ""
    is_unwanted: bool = False


@attrs.frozen(kw_only=True)
class QueueStanding:
    """All of a queue: its trainings in their order, how they are trained, and the pair that is judged now.

    `paused`: nothing new is begun. `go_on`: the next one is trained also after a failure. `worker` is the process that
    trains, or trained last.
    """

    trainings: tuple[QueuedTraining, ...] = ()
    paused: bool = False
    go_on: bool = False
    worker: QueueWorker | None = None
    judging: PairStanding | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether a process trains what is in it."""
        return self.worker is not None and self.worker.is_there

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(one.state is QueueState.WAITING for one in self.trainings)
