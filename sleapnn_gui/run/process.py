"""The engine as a process: start it apart from the window, watch it, and end it when a person says so."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.presence import BEYOND_REACH, Presence, engine_status, judge
from sleapnn_gui.run.outcome import Exit
from sleapnn_gui.widgets.language import tr

IS_WINDOWS = sys.platform == "win32"

TAIL_BYTES = 64 * 1024


class Engine(Protocol):
    """A process that can be watched and perhaps ended: started here, found running, or out of reach."""

    pid: int | None
    is_reachable: bool
    """Whether it can be asked for anything from here."""

    @property
    def may_be_ended(self) -> bool:
        """Whether the process is known for sure to be the engine's, so that it may be sent a signal."""

    def poll(self) -> Exit | None:
        """How it ended, or None while it runs. Never waits."""

    def terminate(self) -> bool:
        """Ask the process and its children to end (SIGTERM); False when it was left alone, as not surely the engine."""

    def kill(self) -> bool:
        """End the process and its children without asking (SIGKILL); False when it was left alone."""


#: How many megabytes of validation frames an engine keeps that is not told otherwise.
USUAL_FRAMES_MB = 50


def train_words(
    config: Path, *, run_dir: Path, frames_mb: int = USUAL_FRAMES_MB, stop_rules: Sequence[str] = ()
) -> tuple[str, ...]:
    """What an engine is told that trains `config` into `run_dir`, keeps so many megabytes of validation frames, and stops
    by itself once one of the rules holds.
    """
    kept = () if frames_mb == USUAL_FRAMES_MB else ("--keep-frames", str(frames_mb))
    rules = [word for rule in stop_rules for word in ("--stop-when", rule)]
    return ("train", str(config), "--run-dir", str(run_dir), *kept, *rules)


class ChildEngine:
    """An engine started by this window. It runs in its own session, so that closing the window leaves it alone.

    Its number cannot be given to another process before its end was noticed here.
    """

    is_reachable = True
    may_be_ended = True

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `command` in `folder`, its output going to the file `output`. Raises OSError when it cannot start."""
        with output.open("ab") as stream:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=engine_environment(environment),
                start_new_session=not IS_WINDOWS,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        self._watch(process, output)

    @classmethod
    def of(cls, process: "subprocess.Popen[bytes]", *, output: Path) -> "ChildEngine":
        """The engine that a process has become which was started before, in its own session, with `output` as its file."""
        engine = cls.__new__(cls)
        engine._watch(process, output)
        return engine

    def _watch(self, process: "subprocess.Popen[bytes]", output: Path) -> None:
        self.output = output
        self._process = process
        self.pid: int | None = process.pid

    def poll(self) -> Exit | None:
        """How it ended, or None while it runs. Never waits."""
        returncode = self._process.poll()
        return None if returncode is None else Exit.from_returncode(returncode)

    def terminate(self) -> bool:
        """Ask the process and its children to end."""
        if self._process.poll() is None:
            if IS_WINDOWS:
                self._process.send_signal(signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined,unused-ignore]
            else:
                _signal_group(self._process.pid, signal.SIGTERM)
        return True

    def kill(self) -> bool:
        """End the process and its children without asking."""
        if self._process.poll() is None:
            if IS_WINDOWS:
                _kill_tree_on_windows(self._process.pid)
            else:
                _signal_group(self._process.pid, signal.SIGKILL)
        return True

    def detach(self) -> None:
        """Leave it running. Should this program live on, a thread of its own still collects the exit."""
        threading.Thread(target=self._process.wait, name="engine-reaper", daemon=True).start()

    def wait(self) -> None:
        """Wait for its end; for threads that have nothing else to do."""
        self._process.wait()


class FoundEngine:
    """An engine that someone else started, known by its connection file. Its exit code cannot be learned.

    A signal goes to it only when it has answered with the token and its own number (`meet`) and, looked at right before,
    the process is still the one that wrote the file. `watch` looks whether it is still there and may take half a second;
    it belongs on the link's thread.
    """

    is_reachable = True

    def __init__(self, connection: Connection) -> None:
        self.pid: int | None = connection.pid
        self._connection = connection
        self._answered = False
        self._gone = False

    def meet(self, hello: Mapping[str, object]) -> None:
        """The engine said who it is."""
        self._answered = hello.get("pid") == self.pid

    def watch(self) -> None:
        """Look for the process."""
        self._gone = judge(self._connection) is not Presence.PRESENT

    def poll(self) -> Exit | None:
        """An Exit that says nothing but 'gone', or None while it runs as far as `watch` has seen."""
        return Exit() if self._gone else None

    @property
    def may_be_ended(self) -> bool:
        """Whether it answered and the process is still the same."""
        return self._answered and judge(self._connection) is Presence.PRESENT

    def terminate(self) -> bool:
        """Ask the process to end, with its children when it leads a group of its own. Windows has no such request."""
        return self.may_be_ended and (IS_WINDOWS or self._signal(signal.SIGTERM))

    def kill(self) -> bool:
        """End the process without asking."""
        if not self.may_be_ended:
            return False
        if IS_WINDOWS:
            _kill_tree_on_windows(self._connection.pid)
            return True
        return self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> bool:
        pid = self._connection.pid
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(pid) == pid:
                os.killpg(pid, number)
            else:
                # Started from a shell script: the group also holds processes that are not the engine's.
                os.kill(pid, number)
        return True


class DistantEngine:
    """An engine that cannot be talked to from here: on another computer, of another version, or another person's.

    It counts as at work until its connection file says otherwise or its journal has the last word. `watch` belongs on
    the link's thread.
    """

    pid: int | None = None
    is_reachable = False

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._gone = False

    @property
    def may_be_ended(self) -> bool:
        """Never: it is not on this computer, or not ours to judge."""
        return False

    def watch(self) -> None:
        """Look at the connection file."""
        self._gone = engine_status(self._run_dir).presence not in BEYOND_REACH

    def poll(self) -> Exit | None:
        """An Exit that says nothing but 'gone', or None while it may be at work."""
        return Exit() if self._gone else None

    def terminate(self) -> bool:
        """Nothing is sent to a process that cannot be seen."""
        return False

    def kill(self) -> bool:
        """Nothing is sent to a process that cannot be seen."""
        return False


class Step(StrEnum):
    """How far an ending has escalated."""

    REQUESTED = "requested"
    TERMINATED = "terminated"
    KILLED = "killed"
    GIVEN_UP = "given up"
    LEFT_ALONE = "left alone"
    """The process could not be told from a stranger's, so nothing was sent to it."""


#: What is said of a step.
STEP_WORDS = {
    Step.TERMINATED: tr("The engine did not come to an end by itself; its process was told to end."),
    Step.KILLED: tr("The engine's process did not end when told to; it was ended by force."),
    Step.GIVEN_UP: tr(
        "The engine's process could not be ended; it may hang in the disk or the graphics driver."
    ),
    Step.LEFT_ALONE: (
        tr(
            "Nothing was sent to the process: it has not answered as this run's engine, so it may be another program."
        )
    ),
}


class Escalation:
    """Request, grace, SIGTERM to the group, grace, SIGKILL, report. Begins only when a person said that the run ends now."""

    def __init__(
        self,
        engine: Engine,
        *,
        grace: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.step = Step.REQUESTED
        self._engine = engine
        self._grace = grace
        self._clock = clock
        self._since = clock()

    def skip_request(self) -> None:
        """Nobody can be asked politely: terminate at the next tick."""
        self._since = self._clock() - self._grace

    def tick(self) -> Step | None:
        """Go one step further when the grace is over; the new step, or None."""
        if self.step in (Step.GIVEN_UP, Step.LEFT_ALONE) or self._clock() - self._since < self._grace:
            return None
        self._since = self._clock()
        if self.step is Step.REQUESTED:
            self.step = Step.TERMINATED if self._engine.terminate() else Step.LEFT_ALONE
        elif self.step is Step.TERMINATED:
            self.step = Step.KILLED if self._engine.kill() else Step.LEFT_ALONE
        else:
            self.step = Step.GIVEN_UP
        return self.step


def tail(path: Path, *, lines: int = 40) -> list[str]:
    """The last lines of a text file, without ANSI progress rewrites; empty when there is no such file."""
    try:
        with path.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - TAIL_BYTES))
            data = stream.read()
    except OSError:
        return []
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    kept = [line.rsplit("\r", 1)[-1].rstrip() for line in text.split("\n")]
    while kept and not kept[-1]:
        kept.pop()
    return kept[-lines:]


def engine_environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of the engine: output at once, and a stack of native faults on it."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **(extra or {})}


def _signal_group(leader: int, number: signal.Signals) -> None:
    """Signal a whole process group; a group that is already gone is what was wanted."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _kill_tree_on_windows(pid: int) -> None:
    """Windows ends children only when told to; `taskkill` runs by itself so that nothing waits for it."""
    with contextlib.suppress(OSError):
        subprocess.Popen(
            ["taskkill", "/F", "/T", "/PID", str(pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
