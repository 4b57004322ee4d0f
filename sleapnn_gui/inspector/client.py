"""Asking the engine about the config being edited: one process of its own answers, so that this one never waits."""

import itertools
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal, Slot

from sleapnn_engine.config.engine_program import engine_of_window, why_no_engine
from sleapnn_engine.protocol.codec import DecodeError, decode_arrays, decode_reply, encode_request
from sleapnn_engine.protocol.messages import Reply, Request
from sleapnn_engine.protocol.pipe import MAX_TEXT_BYTES, PipeReader, encode_parts
from sleapnn_gui.widgets.language import tr

#: Ends of the process in a row, without an answer between them, after which it is not started again by itself.
MOST_ENDS = 3

_TAIL_BYTES = 4096


class Inspect(QObject):
    """The engine's `inspect` process and the questions to it; of each kind only the newest is answered.

    `answered` carries kind and answer (arrays as `answer["arrays"]`, {name: array}), `failed` kind and one sentence.
    `troubled` says in a sentence that the process ended and is started again, `missing` that there is none to start,
    `renewed` that another one answers from now on. It starts with the first question.
    """

    asked = Signal(str)
    answered = Signal(str, object)
    failed = Signal(str, str)
    troubled = Signal(str)
    missing = Signal(str)
    renewed = Signal()

    def __init__(self, parent: QObject | None = None, *, command: Sequence[str] | None = None) -> None:
        """`command` is what is started instead of the engine that the window uses."""
        super().__init__(parent)
        self._command = command
        self._process: QProcess | None = None
        self._reader = PipeReader()
        self._numbers = itertools.count(1)
        self._open: dict[str, tuple[int, dict[str, Any]]] = {}
        self._ends = 0
        self._tail = b""

    @property
    def pid(self) -> int:
        """Process id of the engine, 0 while there is none."""
        return int(self._process.processId()) if self._process is not None else 0

    def is_asking(self, kind: str) -> bool:
        """Whether an answer of that kind is still to come."""
        return kind in self._open

    def ask(self, kind: str, **values: Any) -> int:
        """Ask; an older question of the same kind gets no answer any more. Returns the question's number."""
        number = next(self._numbers)
        self._open[kind] = (number, plain(values))
        self.asked.emit(kind)
        if self._process is not None:
            self._send(kind)
        elif self._command is None and (why := why_no_engine()):
            QTimer.singleShot(0, self, partial(self._be_without, why))
        else:
            self._start()
        return number

    def cancel(self, kind: str) -> None:
        """Take the open question of that kind back; nothing is emitted for it."""
        number, _ = self._open.pop(kind, (0, {}))
        if number and self._process is not None:
            self._write(Request(next(self._numbers), "", "cancel", {"id": number}))

    def renew(self) -> None:
        """Let the engine that the window uses by now answer."""
        self.close()
        self.renewed.emit()

    def close(self) -> None:
        """End the process; it holds nothing that could be lost."""
        self._open.clear()
        if self._process is not None:
            process, self._process = self._process, None
            process.readyReadStandardOutput.disconnect(self._read_replies)
            process.readyReadStandardError.disconnect(self._read_errors)
            process.finished.disconnect(self._ended)
            process.errorOccurred.disconnect(self._refused)
            # What it has loaded takes the system a moment to clear away; it outlives this object, which waits for nothing.
            process.setParent(QCoreApplication.instance())
            process.finished.connect(process.deleteLater)
            process.kill()

    def _be_without(self, why: str) -> None:
        """Nobody can answer; who asked learns of it in a turn of its own, as of each answer."""
        if self._open and self._process is None:
            self.missing.emit(why)
            self._fail(tr("{why} Help › Engine… brings one.", why=why))

    # -- the process ---------------------------------------------------------------------------------------

    def _start(self) -> None:
        command = self._command or engine_of_window("inspect")
        self._reader, self._tail = PipeReader(), b""
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read_replies)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._refused)
        process.start(command[0], list(command[1:]))
        for kind in list(self._open):
            self._send(kind)

    def _send(self, kind: str) -> None:
        number, values = self._open[kind]
        self._write(Request(number, "", kind, values))

    def _write(self, request: Request) -> None:
        if self._process is not None:
            self._process.write(encode_parts([encode_request(request)]))

    @Slot()
    def _read_replies(self) -> None:
        if self._process is None:
            return
        try:
            for parts in self._reader.feed(bytes(self._process.readAllStandardOutput().data())):
                self._handle_reply(decode_reply(parts[0], limit=MAX_TEXT_BYTES), parts[1:])
        except DecodeError as error:
            self._tail = tr("its answer cannot be read: {error}", error=error).encode()
            if self._process is not None:
                self._process.kill()

    def _handle_reply(self, reply: Reply, arrays: Sequence[bytes]) -> None:
        kind = next((kind for kind, (number, _) in self._open.items() if number == reply.id), "")
        if not kind:
            return
        del self._open[kind]
        self._ends = 0
        if reply.accepted:
            self.answered.emit(kind, {**reply.body, "arrays": decode_arrays(reply.body, list(arrays))})
        else:
            self.failed.emit(kind, reply.error or tr("The engine gave no answer and no reason."))

    @Slot()
    def _read_errors(self) -> None:
        if self._process is not None:
            self._tail = (self._tail + bytes(self._process.readAllStandardError().data()))[-_TAIL_BYTES:]

    @Slot()
    def _ended(self) -> None:
        """Start again while something is asked, but not without end."""
        self._read_errors()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if not self._open:
            return
        self._ends += 1
        if self._ends < MOST_ENDS:
            self.troubled.emit(
                tr("The engine that answers the editor ended unexpectedly; it is started again.")
            )
            self._start()
        else:
            self._ends = 0
            last = self._tail.decode(errors="replace").strip().rpartition("\n")[2]
            self._fail(
                tr("The engine that answers the editor ended {count} times. ", count=MOST_ENDS)
                + (tr("It said last: {last}", last=last[:300]) if last else tr("It gave no reason."))
            )

    @Slot(QProcess.ProcessError)
    def _refused(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._process.deleteLater()
            self._process = None
            self._fail(tr("The engine could not be started; is it installed in this environment?"))

    def _fail(self, text: str) -> None:
        waiting, self._open = list(self._open), {}
        for kind in waiting:
            self.failed.emit(kind, text)


def plain(value: Any) -> Any:
    """A copy that JSON can say: numbers that are not finite, dates and other odd values of a file become text."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)
