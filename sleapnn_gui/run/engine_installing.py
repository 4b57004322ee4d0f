"""Putting a training engine on this machine beside the window, taking it away, and choosing one that is there."""

import shutil
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

import attrs
from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config.chosen_engine import (
    Installation,
    KnownEngines,
    data_folder,
    known_engines,
    remember_engines,
)
from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.protocol.engine_version import EngineVersion, own_version, read_version, why_unfit
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.lock_file import LockFile
from sleapnn_gui.run.engine_install import (
    KEPT,
    Progress,
    Step,
    command_of,
    explain,
    find_uv,
    free_gb,
    program_of,
    remove,
    steps,
    variables,
)
from sleapnn_gui.run.job import EngineJob, JobEnd
from sleapnn_gui.widgets.language import tr

#: An installation compiles on all processors for a minute; whoever works in the window comes first.
POLITE = ("nice", "-n", "10")


class Stage(StrEnum):
    """What is under way."""

    IDLE = "idle"
    INSTALLING = "installing"
    CANCELLING = "cancelling"
    REMOVING = "removing"
    ASKING = "asking"


class EngineInstalling(QObject):
    """One thing at a time. `changed` says that stage, progress or problem is another, `chosen` that the window's engine is.

    What was begun is written down before anything else is done: whatever ends it, the next window knows.
    """

    changed = Signal()
    chosen = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.stage = Stage.IDLE
        self.problem = ""
        self.progress = Progress()
        self._wanted: Installation | None = None
        self._command: tuple[str, ...] = ()
        self._left: list[Step] = []
        self._aside = BackgroundTask(self, abandon=False)
        self._lock: LockFile | None = None
        self._job = EngineJob(self, engine=())
        self._job.line.connect(self._read_line)
        self._job.ended.connect(self._ended)

    # -- what a person asks for ------------------------------------------------------------------------------

    def install(self, wanted: Installation, *, again: bool = False) -> None:
        """Put an engine in place, or go on with it; `again` makes one anew from what was fetched."""
        uv = find_uv()
        if uv is None:
            self._fail(tr("The program uv, which installs the engine, is not here: python -m pip install uv"))
            return
        self._wanted = wanted
        self._enter(Stage.INSTALLING, text=tr("Preparing"))
        self._lock = LockFile(data_folder() / "engine.lock")
        self._aside.begin(partial(_begin, wanted, self._lock), partial(self._begun, again, uv))

    def cancel(self) -> None:
        """End it; what came whole is kept."""
        if self.stage is Stage.INSTALLING:
            self.stage = Stage.CANCELLING
            self._job.stop()
            self.changed.emit()
        elif self.stage is Stage.ASKING:
            self._job.stop()

    def remove(self) -> None:
        """Take away what was installed, or begun."""
        installation = known_engines().installation
        if installation is not None:
            self._enter(Stage.REMOVING, text=tr("Removing"))
            self._aside.begin(partial(_remove, installation), self._removed)

    def choose(self, path: str) -> None:
        """Use the engine at a path, once it has said that it fits."""
        found = command_of(path)
        if isinstance(found, str):
            self._fail(found)
            return
        self._command = found
        self._enter(Stage.ASKING, text=tr("Asking the engine for its version"))
        self._job.start((*found, "--version"))

    def use_own(self) -> None:
        """Use the engine of the window's own Python again."""
        self._enter(Stage.ASKING, text="")
        self._aside.begin(partial(_remember, (), ""), self._remembered)

    def leave(self) -> None:
        """For when the window closes: nothing goes on without it."""
        self._aside.drop()
        self._job.stop()
        self._job.leave()
        self._let_go()

    # -- how it goes -----------------------------------------------------------------------------------------

    def _begun(self, again: bool, uv: Path, problem: str) -> None:
        if problem or self.stage is Stage.CANCELLING:
            self._end(problem)
            return
        assert self._wanted is not None
        self._left = list(steps(self._wanted, uv=uv, again=again))
        self._next()

    def _next(self) -> None:
        assert self._wanted is not None
        step = self._left.pop(0)
        self.progress.text = step.words
        polite = POLITE if shutil.which("nice") else ()
        self._job.start((*polite, *step.command), environment=variables(self._wanted.place))
        self.changed.emit()

    def _read_line(self, line: str) -> None:
        if self.stage is Stage.INSTALLING:
            self.progress.read(line)
            self.changed.emit()

    def _ended(self, end: JobEnd) -> None:
        if self.stage is Stage.CANCELLING:
            self._end("")
        elif self.stage is Stage.ASKING:
            self._judge(end, self._command)
        elif end.exit.code != 0:
            wheels = self._wanted.wheels if self._wanted is not None else ""
            killed = (
                tr("The installation was ended from outside. {kept}", kept=KEPT) if end.exit.signal else ""
            )
            self._end(killed or explain(end.lines or (end.exit.sentence,), wheels=wheels))
        elif self._left:
            self._next()
        else:
            assert self._wanted is not None
            self._judge(end, (str(program_of(self._wanted.place)),))

    def _judge(self, end: JobEnd, command: tuple[str, ...]) -> None:
        """Use an engine that says it fits."""
        version = read_version(end.lines)
        problem = _unknown(end, command) if version is None else why_unfit(version, window=own_version())
        if problem or version is None:
            self._end(problem)
            return
        installation = self._wanted if self.stage is Stage.INSTALLING else None
        self._aside.begin(partial(_remember, command, _shown(version), installation), self._remembered)

    def _remembered(self, problem: str) -> None:
        if not problem:
            self.progress.fraction = 1.0
        self._end(problem)
        if not problem:
            self.chosen.emit()

    def _removed(self, problem: str) -> None:
        self._end(tr("The engine could not be removed: {problem}.", problem=problem) if problem else "")
        self.chosen.emit()

    def _enter(self, stage: Stage, *, text: str) -> None:
        self.stage, self.problem, self.progress = stage, "", Progress(text=text)
        self.changed.emit()

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self.changed.emit()

    def _end(self, problem: str) -> None:
        self._let_go()
        self.stage = Stage.IDLE
        self._fail(problem)

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _shown(version: EngineVersion) -> str:
    """A version as it is shown."""
    return tr(
        "{own} with torch {torch}, Python {python}",
        own=version.own,
        torch=version.torch,
        python=version.python,
    )


def _unknown(end: JobEnd, command: Sequence[str]) -> str:
    last = tr(" It said: {lines}", lines=end.lines[-1][:200]) if end.lines else f" {end.exit.told}".rstrip()
    return tr(
        "{command} does not answer as an engine of this window does; it may be another program, or an older version.{last} "
        "Choose the program sleapnn-engine, or the Python of an environment that has it.",
        command=command[0],
        last=last,
    )


def _begin(wanted: Installation, lock: LockFile) -> str:
    """Write down what is begun; why it cannot be, as a sentence. Runs aside."""
    try:
        data_folder().mkdir(parents=True, exist_ok=True)
        if not lock.acquire():
            return tr("Another window is installing an engine; wait until it is done.")
        wanted.place.mkdir(parents=True, exist_ok=True)
        known = known_engines()
        if known.installation is not None and known.installation.place != wanted.place:
            remove(known.installation.place)  # what was begun elsewhere, and would be forgotten there
        remember_engines(attrs.evolve(known, installation=attrs.evolve(wanted, finished=False)))
    except OSError as problem:
        return tr(
            "Nothing can be put into {place}: {reason}. Choose another place.",
            place=wanted.place,
            reason=reason_of(problem),
        )
    free = free_gb(wanted.place)
    return (
        ""
        if free is None or free > 0.2
        else tr("The disk is full. Free some room there or choose another place.")
    )


def _remember(command: tuple[str, ...], version: str, installation: Installation | None = None) -> str:
    """Runs aside."""
    known = known_engines()
    done = attrs.evolve(installation, finished=True) if installation is not None else known.installation
    try:
        remember_engines(KnownEngines(command=command, version=version, installation=done))
    except OSError as problem:
        return tr(
            "The choice cannot be kept: {reason} ({folder}).",
            reason=reason_of(problem),
            folder=data_folder(),
        )
    return ""


def _remove(installation: Installation) -> str:
    """Runs aside."""
    known = known_engines()
    used = known.command == (str(program_of(installation.place)),)
    try:
        # First of all it is no engine that could be started any more.
        left = KnownEngines() if used else attrs.evolve(known, installation=None)
        remember_engines(attrs.evolve(left, installation=attrs.evolve(installation, finished=False)))
        problem = remove(installation.place)
        if not problem:
            remember_engines(left)
    except OSError as fault:
        return reason_of(fault)
    return problem
