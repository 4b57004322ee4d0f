"""An engine that has everything loaded before it is needed: a training then begins in a moment instead of seconds."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.engine_program import engine_of_window
from sleapnn_gui.run.process import IS_WINDOWS, ChildEngine, engine_environment


@attrs.frozen
class Order:
    """What an engine is to do: `words` of its command line, the file for its `output`, its folder and environment."""

    words: Sequence[str]
    output: Path
    folder: Path | None
    environment: Mapping[str, str]


class Standby:
    """One process that waits, at no cost but its memory, until a training takes it; it ends with the window.

    `prepare` starts it, where none is waiting; `take` gives it away. A process that ended by itself, as where PyTorch
    cannot be loaded, is not missed: the training is started in the ordinary way and says what is wrong.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        """`command` is what is started instead of the engine that the window uses."""
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process that waits, where there is one."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def prepare(self) -> None:
        """Start a process, unless one is waiting. One that cannot be started is done without."""
        if self.pid is not None:
            return
        self.close()
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                list(self._command or engine_of_window("standby")),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=engine_environment(None),
                start_new_session=not IS_WINDOWS,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    def submit(self, order: Order) -> ChildEngine | None:
        """Have the waiting process carry out an order, as an engine started with it would; None where none is waiting."""
        if self.pid is None:
            self.close()
            return None
        process, self._process = self._process, None
        assert process is not None
        assert process.stdin is not None
        line = {
            "words": list(order.words),
            "folder": str(order.folder or Path.cwd()),
            "environment": dict(order.environment),
            "output": str(order.output),
        }
        try:
            with process.stdin as stream:
                # Shorter than the pipe is wide: nothing waits here for a process that is still loading.
                stream.write(json.dumps(line).encode() + b"\n")
        except OSError:
            return None
        return ChildEngine.of(process, output=order.output)

    def close(self) -> None:
        """Let the process go. One whose window was killed notices it, at the latest when it has loaded everything."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            if process.poll() is None:
                process.kill()  # it holds nothing that could be lost
                threading.Thread(target=process.wait, name="standby-reaper", daemon=True).start()


def begin(order: Order, *, command: Sequence[str], standby: Standby | None) -> ChildEngine:
    """An engine at work on the order: the one that waits, else a new one of `command`. Raises OSError."""
    engine = standby.submit(order) if standby is not None else None
    if engine is not None:
        return engine
    return ChildEngine(
        (*command, *order.words), output=order.output, folder=order.folder, environment=order.environment
    )
