"""The queue of trainings: one file that says what waits, what is at work and what became of the rest."""

import contextlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import platformdirs
from filelock import FileLock, Timeout

from sleapnn_engine.config.disk import reason_of, whole_file
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.protocol.queue_records import (
    PairStanding,
    QueuedTraining,
    QueueStanding,
    QueueState,
    QueueWorker,
)

_VERSION = 1
_PATIENCE_SECONDS = 10.0
#: How long a worker that found nothing to do any more gets to leave, before another one may not come.
_LEAVING_SECONDS = 1.0
#: Names another place for the queue, for example one of a project or of a machine that several people use.
QUEUE_VARIABLE = "SLEAPNN_QUEUE"


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
            found = from_json(self.path.read_text(encoding="utf-8"))
            if found["version"] != _VERSION:
                raise UserError(
                    f"The queue was written by another version of the program (format {found['version']}).",
                    where=str(self.path),
                    hint="Use that version, or another file with --queue FILE.",
                )
            worker, judging = found.get("worker"), found.get("judging")
            return QueueStanding(
                trainings=tuple(QueuedTraining(**entry) for entry in found["trainings"]),
                paused=found.get("paused", False) is True,
                go_on=found.get("go_on", False) is True,
                worker=None if worker is None else QueueWorker(**worker),
                judging=None if judging is None else PairStanding(**judging),
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

    def add_group(
        self, trainings: Sequence[Mapping[str, Any]], *, name: str = "", first: bool = False
    ) -> list[QueuedTraining]:
        """Put trainings at the end, or `first` of all that wait, each by its fields; with a `name`, as a group."""
        added: list[QueuedTraining] = []

        def put(found: list[QueuedTraining]) -> list[QueuedTraining]:
            number = max((one.number for one in found), default=0)
            taken = {one.group for one in found}
            own = next(text for text in _names(name) if text not in taken or not text)
            for place, fields in enumerate(trainings, 1):
                paths = {key: str(Path(fields[key]).absolute()) for key in ("config", "folder")}
                values = {**fields, **paths, "number": number + place, "group": own, "added": time.time()}
                added.append(QueuedTraining(**values))
            waits = (place for place, one in enumerate(found) if one.state is QueueState.WAITING)
            place = next(waits, len(found)) if first else len(found)
            return [*found[:place], *added, *found[place:]]

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

        Of one `group` the next begins also while the queue is paused: it was asked for by its name. That is the name it was
        given, also where that was taken, and a number stands behind it.
        """
        taken: list[QueuedTraining] = []

        def mark(found: QueueStanding) -> QueueStanding:
            listed = found.trainings
            for place, one in enumerate(listed if group or not found.paused else ()):
                if one.state is QueueState.WAITING and (not group or one.is_of(group)):
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

    def place(self, number: int, run_dir: Path) -> None:
        """Say which run folder one gets."""
        self._change(
            lambda found: [
                attrs.evolve(one, run_dir=str(run_dir)) if one.number == number else one for one in found
            ]
        )

    def show_judging(self, number: int, reach: str) -> None:
        """Say how far judging the pair is whose last training has this number."""

        def change(found: QueueStanding) -> QueueStanding:
            before = found.judging
            unwanted = before is not None and before.number == number and before.is_unwanted
            return attrs.evolve(found, judging=PairStanding(number=number, reach=reach, is_unwanted=unwanted))

        self._change_all(change)

    def stop_judging(self, number: int) -> bool:
        """Have the judging of that pair given up; False where it is over."""
        asked: list[bool] = []

        def change(found: QueueStanding) -> QueueStanding:
            if found.judging is None or found.judging.number != number:
                return found
            asked.append(True)
            return attrs.evolve(found, judging=attrs.evolve(found.judging, is_unwanted=True))

        self._change_all(change)
        return bool(asked)

    def keep_judgement(self, number: int, *, judged: str, why: str) -> None:
        """Say in which file that pair is judged, or why it is not."""
        self._change_all(
            lambda found: attrs.evolve(
                found,
                judging=None,
                trainings=tuple(
                    attrs.evolve(one, judged=judged, not_judged=why) if one.number == number else one
                    for one in found.trainings
                ),
            )
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
        except OSError as problem:
            raise self._unwritten(problem) from problem

    def _unwritten(self, problem: OSError) -> UserError:
        return UserError(f"The queue cannot be written: {reason_of(problem)}.", where=str(self.path))

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
            raise self._unwritten(problem) from problem
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
    if found.judging is not None:
        why, number = "the queue ended before.", found.judging.number
        listed = tuple(attrs.evolve(one, not_judged=why) if one.number == number else one for one in listed)
    return attrs.evolve(found, trainings=listed, worker=QueueWorker.own(), judging=None)


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
