"""A command of the engine that is no training: started apart from the window, its lines heard, ended on request."""

import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.config.engine_program import engine_of_window
from sleapnn_engine.config.plain_json import from_json
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.run.outcome import Exit
from sleapnn_gui.run.process import ChildEngine
from sleapnn_gui.widgets.language import tr

_LOOK_MS = 100
#: Bytes read in one turn: what is more waits for the next.
_READ_BYTES = 1 << 18
_LAST_LINES = 12


@attrs.frozen
class JobEnd:
    """How the process ended, and the last lines it said that were no JSON, for a person to read."""

    exit: Exit
    lines: tuple[str, ...] = ()


class EngineJob(QObject):
    """Carries out one command at a time.

    `message` carries each line of its output that is a JSON object, `line` each other one, `ended` a JobEnd when the process
    is gone or could not be started. The window waits for nothing here: a thread starts the process, its output goes to a file, and a thread
    looks at that ten times a second.
    """

    message = Signal(object)
    line = Signal(str)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None, *, engine: Sequence[str] | None = None) -> None:
        """`engine` is what is started instead of the one that the window uses."""
        super().__init__(parent)
        self._command = engine
        self._engine: ChildEngine | None = None
        self._place, self._rest = 0, b""
        self._lines: list[str] = []
        self._at_work = self._stopping = False
        self._aside = BackgroundTask(self)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def is_at_work(self) -> bool:
        """Whether a command was started whose end was not told."""
        return self._at_work

    @property
    def pid(self) -> int | None:
        """The number of the process, where there is one."""
        return self._engine.pid if self._engine is not None else None

    def start(self, words: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        """Start the command of these words, with these variables beside those of the window."""
        assert not self._at_work, "one command at a time"
        self._place, self._rest, self._lines = 0, b"", []
        self._at_work, self._stopping = True, False
        command = engine_of_window(*words) if self._command is None else (*self._command, *words)
        self._aside.begin(partial(_start, command, environment), self._started)

    def stop(self) -> None:
        """Ask the process to end after the piece of work it is at, as Ctrl-C does; what is done is kept."""
        self._stopping = True
        if self._engine is not None:
            self._engine.terminate()

    def leave(self) -> None:
        """Let the process go on by itself; nothing is heard of it any more."""
        self._timer.stop()
        self._aside.finish()  # a process that is being started is none that nobody collects
        engine, self._engine, self._at_work = self._engine, None, False
        if engine is not None:
            threading.Thread(target=_tidy, args=(engine,), daemon=True).start()

    def _started(self, found: ChildEngine | OSError) -> None:
        if isinstance(found, OSError):
            self._at_work = False
            self.ended.emit(JobEnd(Exit(told=tr("The engine could not be started: {found}.", found=found))))
            return
        self._engine = found
        if self._stopping:
            found.terminate()
        self._timer.start()

    def _poll(self) -> None:
        """Have read what was said since; a process that is gone has said all it will."""
        if self._engine is not None and not self._aside.is_at_work:
            gone = self._engine.poll()
            self._aside.begin(
                partial(_read, self._engine.output, self._place), partial(self._read_output, gone)
            )

    def _read_output(self, gone: Exit | None, data: bytes) -> None:
        self._place += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read_line(line)
        if gone is None or len(data) == _READ_BYTES or self._engine is None:
            return
        self._timer.stop()
        self._read_line(self._rest)
        threading.Thread(target=_tidy, args=(self._engine,), daemon=True).start()
        self._engine, self._at_work = None, False
        self.ended.emit(JobEnd(gone, tuple(self._lines)))

    def _read_line(self, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace").strip()
        body = _object(text)
        if body is not None:
            self.message.emit(body)
        elif text:
            self._lines = [*self._lines, text][-_LAST_LINES:]
            self.line.emit(text)


def _start(words: Sequence[str], environment: Mapping[str, str] | None) -> ChildEngine | OSError:
    """A process whose output goes to a folder of its own, or why there is none. Runs aside."""
    folder = Path(tempfile.mkdtemp(prefix="sleapnn-launch-"))
    try:
        return ChildEngine(words, output=folder / "engine.out", environment=environment)
    except OSError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        return problem


def _read(output: Path, place: int) -> bytes:
    """What an output says from a place on, a bounded part of it. Runs aside."""
    with output.open("rb") as stream:
        stream.seek(place)
        return stream.read(_READ_BYTES)


def _tidy(engine: ChildEngine) -> None:
    """Remove the output once the process is gone. Runs aside."""
    engine.wait()
    shutil.rmtree(engine.output.parent, ignore_errors=True)


def _object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        found = from_json(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
