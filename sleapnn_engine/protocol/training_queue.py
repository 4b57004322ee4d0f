"""The queue of trainings: one file that says what waits, what is at work and what became of the rest."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
import platformdirs
from filelock import FileLock, Timeout

from sleapnn_engine.config.disk import reason_of, whole_file
from sleapnn_engine.config.errors import UserError

_VERSION = 1
_PATIENCE_SECONDS = 10.0
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

    The config is read when its turn comes. Times are in Unix seconds; `code` is the exit code of the training.
    """

    number: int
    config: str
    overrides: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    run_dir: str | None = None
    precision: str = "auto"
    folder: str
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
        return ["train", self.config, *self.overrides, *place, "--precision", self.precision]


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

    def read(self) -> list[QueuedTraining]:
        """All there is, in the order in which it is trained; nothing where there is no file."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            if found["version"] != _VERSION:
                raise UserError(
                    f"The queue was written by another version of the program (format {found['version']}).",
                    where=str(self.path),
                    hint="Use that version, or another file with --queue FILE.",
                )
            return [QueuedTraining(**entry) for entry in found["trainings"]]
        except FileNotFoundError:
            return []
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
        added: list[QueuedTraining] = []

        def put(found: list[QueuedTraining]) -> list[QueuedTraining]:
            number = max((one.number for one in found), default=0) + 1
            added.append(
                QueuedTraining(
                    number=number,
                    config=str(config.absolute()),
                    folder=str(folder.absolute()),
                    added=time.time(),
                    **more,
                )
            )
            return [*found, *added]

        self._change(put)
        return added[0]

    def start_next(self) -> QueuedTraining | None:
        """The next that waits, which is at work from now on; None where none waits."""
        taken: list[QueuedTraining] = []

        def mark(found: list[QueuedTraining]) -> list[QueuedTraining]:
            for place, one in enumerate(found):
                if one.state is QueueState.WAITING:
                    taken.append(attrs.evolve(one, state=QueueState.RUNNING, began=time.time()))
                    return [*found[:place], *taken, *found[place + 1 :]]
            return found

        self._change(mark)
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
            with self._locked("work", patience=0.0):
                self._change(
                    lambda found: [
                        attrs.evolve(
                            one, state=QueueState.INTERRUPTED, why="The queue ended before this training did."
                        )
                        if one.state is QueueState.RUNNING
                        else one
                        for one in found
                    ]
                )
                yield
        except Timeout as problem:
            raise UserError(
                "Another program is training what is in this queue.",
                where=str(self.path),
                hint="Add to the queue instead: what is added is trained as well.",
            ) from problem

    def _change(self, change: Callable[[list[QueuedTraining]], Iterable[QueuedTraining]]) -> None:
        try:
            with self._locked("lock", patience=_PATIENCE_SECONDS):
                entries = [attrs.asdict(one) for one in change(self.read())]
                text = json.dumps({"version": _VERSION, "trainings": entries}, indent=1)
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
