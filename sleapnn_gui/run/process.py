"""The engine as a process: start it apart from the window, watch it, end it politely and then firmly."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sleapnn_engine.protocol.connection import Connection
from sleapnn_gui.run.outcome import Exit

IS_WINDOWS = sys.platform == "win32"

TAIL_BYTES = 64 * 1024

ENGINE_COMMAND = (sys.executable, "-m", "sleapnn_engine")


class Engine(Protocol):
    """A process that can be watched and ended, started here or found running."""

    pid: int

    def poll(self) -> Exit | None:
        """How it ended, or None while it runs. Never waits."""

    def terminate(self) -> None:
        """Ask the process and its children to end (SIGTERM)."""

    def kill(self) -> None:
        """End the process and its children without asking (SIGKILL)."""


def train_command(config: Path, *, run_dir: Path, engine: Sequence[str] = ENGINE_COMMAND) -> tuple[str, ...]:
    """The command line that trains `config` into `run_dir`."""
    return (*engine, "train", str(config), "--run-dir", str(run_dir))


class ChildEngine:
    """An engine started by this window. It runs in its own session, so that closing the window leaves it alone."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `command` in `folder`, its output going to the file `output`. Raises OSError when it cannot start."""
        self.output = output
        with output.open("ab") as stream:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_engine_environment(environment),
                start_new_session=not IS_WINDOWS,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        self.pid = self._process.pid

    def poll(self) -> Exit | None:
        """How it ended, or None while it runs. Never waits."""
        returncode = self._process.poll()
        return None if returncode is None else Exit.from_returncode(returncode)

    def terminate(self) -> None:
        """Ask the process and its children to end."""
        if IS_WINDOWS:
            self._process.send_signal(signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined,unused-ignore]
        elif self._process.poll() is None:
            _signal_group(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the process and its children without asking."""
        if IS_WINDOWS:
            _kill_tree_on_windows(self.pid)
        elif self._process.poll() is None:
            _signal_group(self.pid, signal.SIGKILL)

    def detach(self) -> None:
        """Leave it running. Should this program live on, a thread of its own still collects the exit."""
        threading.Thread(target=self._process.wait, name="engine-reaper", daemon=True).start()


class FoundEngine:
    """An engine that someone else started, known by its connection file. Its exit code cannot be learned.

    `watch` looks whether it is still there and may take half a second; it belongs on the link's thread.
    """

    def __init__(self, connection: Connection) -> None:
        self.pid = connection.pid
        self._connection = connection
        self._gone = False

    def watch(self) -> None:
        """Look for the process, or for its open port where processes cannot be seen."""
        alive = self._connection.process_alive()
        self._gone = not (self._connection.answers() if alive is None else alive)

    def poll(self) -> Exit | None:
        """An Exit that says nothing but 'gone', or None while it runs as far as `watch` has seen."""
        return Exit() if self._gone else None

    def terminate(self) -> None:
        """Ask the process to end, with its children when it leads a group of its own."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process without asking."""
        if IS_WINDOWS and self._connection.is_here:
            _kill_tree_on_windows(self.pid)
        elif not IS_WINDOWS:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if IS_WINDOWS or not self._connection.is_here:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, number)
            else:
                # Started from a shell script: the group also holds processes that are not the engine's.
                os.kill(self.pid, number)


class Step(StrEnum):
    """How far an ending has escalated."""

    REQUESTED = "requested"
    TERMINATED = "terminated"
    KILLED = "killed"
    GIVEN_UP = "given up"


class Escalation:
    """Request, grace, SIGTERM to the group, grace, SIGKILL, report.

    A patient escalation (stop and keep) counts its graces from the engine's last sign of life, so that an engine
    that is busy writing files is never hurt; an impatient one (cancel) counts from the asking.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        patient: bool,
        grace: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.step = Step.REQUESTED
        self._engine = engine
        self._patient = patient
        self._grace = grace
        self._clock = clock
        self._since = clock()

    def hurry(self) -> None:
        """The person cancelled after asking for a stop: from now on the grace runs whatever the engine does."""
        if self._patient:
            self._patient = False
            self._since = self._clock()

    def skip_request(self) -> None:
        """Nobody can be asked politely: terminate at the next tick."""
        self._patient = False
        self._since = self._clock() - self._grace

    def tick(self, last_sign: float) -> Step | None:
        """Go one step further when the grace is over; the new step, or None. `last_sign` is on the same clock."""
        start = max(self._since, last_sign) if self._patient else self._since
        if self.step is Step.GIVEN_UP or self._clock() - start < self._grace:
            return None
        self._since = self._clock()
        if self.step is Step.REQUESTED:
            self.step = Step.TERMINATED
            self._engine.terminate()
        elif self.step is Step.TERMINATED:
            self.step = Step.KILLED
            self._engine.kill()
        else:
            self.step = Step.GIVEN_UP
        return self.step


def make_launch_folder(config_text: str) -> tuple[Path, Path]:
    """A fresh temporary folder with the config in it; returns the config file and the file for the output.

    The run folder is the engine's to create, so what belongs to the launch waits elsewhere until it exists.
    """
    folder = Path(tempfile.mkdtemp(prefix="sleapnn-launch-"))
    config = folder / "config.yaml"
    config.write_text(config_text, encoding="utf-8")
    return config, folder / "engine.out"


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


def _engine_environment(extra: Mapping[str, str] | None) -> dict[str, str]:
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
