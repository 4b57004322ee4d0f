"""The queue of trainings: one file that says what waits, what is at work and what became of the rest."""

import contextlib
import itertools
import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
import platformdirs
from filelock import FileLock, Timeout

from sleapnn_engine.config.disk import reason_of, whole_file
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol.connection import is_this_computer
from sleapnn_engine.protocol.processes import NoProcessError, same_start, start_mark

_VERSION = 1
_PATIENCE_SECONDS = 10.0
#: How long a worker that found nothing to do any more gets to leave, before another one may not come.
_LEAVING_SECONDS = 1.0
#: Names another place for the queue, for example one of a project or of a machine that several people use.
QUEUE_VARIABLE = "SLEAPNN_QUEUE"


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
    the exit code of the training.
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
class QueueStanding:
    """All of a queue: its trainings in their order, and how they are trained.

    `paused`: nothing new is begun. `go_on`: the next one is trained also after a failure. `worker` is the process that
    trains, or trained last.
    """

    trainings: tuple[QueuedTraining, ...] = ()
    paused: bool = False
    go_on: bool = False
    worker: QueueWorker | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether a process trains what is in it."""
        return self.worker is not None and self.worker.is_there

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(one.state is QueueState.WAITING for one in self.trainings)


def default_queue() -> Path:
    """The queue of this person on this computer. Raises UserError where there is no place for it."""
    chosen = os.environ.get(QUEUE_VARIABLE)
    if chosen:
        return Path(chosen)
    try:
        return platformdirs.user_state_path("sleapnn", ensure_exists=True) / "queue.json"
    except OSError as problem:
        raise UserError(
            f"There is no place for the queue: {reason_of(problem)}.",
            where=str(platformdirs.user_state_path("sleapnn")),
            hint=f"Say where with --queue FILE, or {QUEUE_VARIABLE}.",
        ) from problem


class TrainingQueue:
    """A queue file that several programs may change at the same time. Everything raises UserError for a file that cannot
    be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def copies(self) -> Path:
        """The folder for configs that are in no file of a person's own."""
        return self.path.with_name(f"{self.path.stem}-configs")

    def read(self) -> list[QueuedTraining]:
        """All trainings, in the order in which they are trained; nothing where there is no file."""
        return list(self.standing().trainings)

    def standing(self) -> QueueStanding:
        """The trainings, and how they are trained; an empty queue where there is no file."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            if found["version"] != _VERSION:
                raise UserError(
                    f"The queue was written by another version of the program (format {found['version']}).",
                    where=str(self.path),
                    hint="Use that version, or another file with --queue FILE.",
                )
            worker = found.get("worker")
            return QueueStanding(
                trainings=tuple(QueuedTraining(**entry) for entry in found["trainings"]),
                paused=found.get("paused", False) is True,
                go_on=found.get("go_on", False) is True,
                worker=None if worker is None else QueueWorker(**worker),
            )
        except FileNotFoundError:
            return QueueStanding()
        except OSError as problem:
            raise UserError(
                f"The queue cannot be read: {reason_of(problem)}.", where=str(self.path)
            ) from problem
        except (ValueError, TypeError, KeyError) as problem:
            raise UserError(
                f"This is no queue of trainings: {problem}.",
                where=str(self.path),
                hint="Move the file away; a new queue is begun then.",
            ) from problem

    def add(self, *, config: Path, folder: Path, **more: Any) -> QueuedTraining:
        """Put a training at the end; `more` are fields of it."""
        return self.add_group([{"config": config, "folder": folder, **more}])[0]

    def add_group(self, trainings: Sequence[Mapping[str, Any]], *, name: str = "") -> list[QueuedTraining]:
        """Put trainings at the end that belong together, each by its fields; with a `name`, as a group."""
        added: list[QueuedTraining] = []

        def put(found: list[QueuedTraining]) -> list[QueuedTraining]:
            number = max((one.number for one in found), default=0)
            taken = {one.group for one in found}
            own = next(text for text in _names(name) if text not in taken or not text)
            for place, fields in enumerate(trainings, 1):
                paths = {key: str(Path(fields[key]).absolute()) for key in ("config", "folder")}
                values = {**fields, **paths, "number": number + place, "group": own, "added": time.time()}
                added.append(QueuedTraining(**values))
            return [*found, *added]

        self._change(put)
        return added

    def move(self, number: int, *, before: int | None) -> bool:
        """Have a training that waits, with its group, come before another one, or at the end; False where it cannot.

        What is at work or over stays where it is, and nothing comes between the trainings of a group.
        """
        moved: list[bool] = []

        def put(found: list[QueuedTraining]) -> list[QueuedTraining]:
            blocks = _blocks(found)
            mine = next((block for block in blocks if any(one.number == number for one in block)), None)
            target = next((block for block in blocks if any(one.number == before for one in block)), None)
            if mine is None or mine is target or not _waits(mine) or (before is not None and target is None):
                return found
            rest = [block for block in blocks if block is not mine]
            place = len(rest) if target is None else rest.index(target)
            rest.insert(place, mine)
            moved.append(True)
            return [one for block in rest for one in block]

        self._change(put)
        return bool(moved)

    def shift(self, number: int, *, places: int) -> bool:
        """Have a training that waits, with its group, change places with what waits `places` before (-) or after it."""
        blocks = _blocks(self.read())
        mine = next((k for k, block in enumerate(blocks) if any(one.number == number for one in block)), None)
        if mine is None or not 0 <= mine + places < len(blocks) or not _waits(blocks[mine + places]):
            return False
        after = blocks[mine + places + (places > 0) :]
        return self.move(number, before=after[0][0].number if after else None)

    def pause(self) -> None:
        """Begin nothing new; what is at work is trained to its end."""
        self._change_all(lambda found: attrs.evolve(found, paused=True))

    def open(self) -> None:
        """Let trainings begin again."""
        self._change_all(lambda found: attrs.evolve(found, paused=False))

    def set_go_on(self, wanted: bool) -> None:
        """Train the next one also after a failure, or not."""
        self._change_all(lambda found: attrs.evolve(found, go_on=wanted))

    def start_next(
        self, fits: Callable[[QueuedTraining], bool] = lambda _one: True, *, group: str = ""
    ) -> QueuedTraining | None:
        """The next that waits, which is at work from now on; None where none waits, the queue is paused, or it does not
        fit yet: none goes before it for that.

        Of one `group` the next begins also while the queue is paused: it was asked for by its name.
        """
        taken: list[QueuedTraining] = []

        def mark(found: QueueStanding) -> QueueStanding:
            listed = found.trainings
            for place, one in enumerate(listed if group or not found.paused else ()):
                if one.state is QueueState.WAITING and (not group or one.group == group):
                    if not fits(one):
                        break
                    taken.append(attrs.evolve(one, state=QueueState.RUNNING, began=time.time()))
                    return attrs.evolve(found, trainings=(*listed[:place], *taken, *listed[place + 1 :]))
            return found

        self._change_all(mark)
        return taken[0] if taken else None

    def finish(self, number: int, state: QueueState, *, code: int | None = None, why: str = "") -> None:
        """Say what became of one."""
        self._change(
            lambda found: [
                attrs.evolve(one, state=state, code=code, why=why, ended=time.time())
                if one.number == number
                else one
                for one in found
            ]
        )

    def remove(self, wanted: Callable[[QueuedTraining], bool]) -> list[QueuedTraining]:
        """Take out what is wanted, but never what is at work; returns what was taken out."""
        gone: list[QueuedTraining] = []

        def leave(found: list[QueuedTraining]) -> Iterable[QueuedTraining]:
            for one in found:
                if wanted(one) and one.state is not QueueState.RUNNING:
                    gone.append(one)
                else:
                    yield one

        self._change(leave)
        return gone

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Be the one that trains what is in the queue. Raises UserError where another program is at it.

        What a program before left at work is told to be interrupted.
        """
        try:
            with self._locked("work", patience=_LEAVING_SECONDS):
                self._change_all(_taken_over)
                try:
                    yield
                finally:
                    with contextlib.suppress(
                        UserError
                    ):  # a file that is gone or full is told by who asks for it
                        self._change_all(lambda found: attrs.evolve(found, worker=None))
        except Timeout as problem:
            raise UserError(
                "Another program is training what is in this queue.",
                where=str(self.path),
                hint="Add to the queue instead: what is added is trained as well.",
            ) from problem

    def _change(self, change: Callable[[list[QueuedTraining]], Iterable[QueuedTraining]]) -> None:
        self._change_all(lambda found: attrs.evolve(found, trainings=tuple(change(list(found.trainings)))))

    def _change_all(self, change: Callable[[QueueStanding], QueueStanding]) -> None:
        try:
            with self._locked("lock", patience=_PATIENCE_SECONDS):
                text = json.dumps({"version": _VERSION, **attrs.asdict(change(self.standing()))}, indent=1)
                with whole_file(self.path) as file:
                    file.write(text.encode())
        except Timeout as problem:
            raise UserError("Another program keeps the queue locked.", where=str(self.path)) from problem

    @contextlib.contextmanager
    def _locked(self, name: str, *, patience: float) -> Iterator[None]:
        if not self.path.parent.is_dir():  # the lock would make it
            message = f"The queue cannot be written: there is no folder {self.path.parent}."
            raise UserError(message, where=str(self.path))
        try:
            lock = FileLock(f"{self.path}.{name}", timeout=patience)
            lock.acquire()
        except Timeout:
            raise
        except OSError as problem:
            raise UserError(
                f"The queue cannot be written: {reason_of(problem)}.", where=str(self.path)
            ) from problem
        try:
            yield
        finally:
            lock.release()


def _names(name: str) -> Iterator[str]:
    """A name, and what it becomes where it is taken."""
    yield name
    yield from (f"{name} ({number})" for number in itertools.count(2))


def _taken_over(found: QueueStanding) -> QueueStanding:
    """The queue of a new worker: what one before left at work is told to be interrupted."""
    listed = tuple(
        attrs.evolve(one, state=QueueState.INTERRUPTED, why="The queue ended before this training did.")
        if one.state is QueueState.RUNNING
        else one
        for one in found.trainings
    )
    return attrs.evolve(found, trainings=listed, worker=QueueWorker.own())


def _blocks(found: Sequence[QueuedTraining]) -> list[list[QueuedTraining]]:
    """What is moved as one: trainings of a group that stand next to each other, and each other one by itself."""
    blocks: list[list[QueuedTraining]] = []
    for one in found:
        if one.group and blocks and blocks[-1][-1].group == one.group:
            blocks[-1].append(one)
        else:
            blocks.append([one])
    return blocks


def _waits(block: Sequence[QueuedTraining]) -> bool:
    return any(one.state is QueueState.WAITING for one in block)
