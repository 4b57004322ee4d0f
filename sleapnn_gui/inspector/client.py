"""Asking the engine about labels in a process of its own, so that this one never opens them."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal


class LabelReader(QObject):
    """Runs `describe` on labels files; a new question replaces the one being answered.

    `described` carries the facts (see the engine's describe command), `failed` one sentence.
    """

    started = Signal(list)
    described = Signal(dict)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None, *, command: Sequence[str] = ()) -> None:
        super().__init__(parent)
        self._command = list(command) or [sys.executable, "-m", "sleapnn_engine", "describe"]
        self._process: QProcess | None = None
        self._paths: list[str] = []

    @property
    def is_busy(self) -> bool:
        return self._process is not None

    def read(self, paths: Sequence[str]) -> None:
        """Start reading; with no paths, only stop what is going on."""
        self.stop()
        if not paths:
            return
        self._paths = list(paths)
        process = QProcess(self)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._error)
        self._process = process
        self.started.emit(self._paths)
        process.start(self._command[0], [*self._command[1:], "--json", "--", *self._paths])

    def stop(self) -> None:
        """Give up the question being answered; nothing is emitted for it."""
        if self._process is not None:
            process, self._process = self._process, None
            process.blockSignals(True)
            process.kill()
            process.finished.connect(process.deleteLater)
            process.blockSignals(False)
            process.finished.disconnect(self._finished)
            process.errorOccurred.disconnect(self._error)

    def _finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        output = bytes(process.readAllStandardOutput().data())
        errors = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        try:
            facts: Any = json.loads(output)
        except ValueError:
            facts = None
        if isinstance(facts, dict):
            self.described.emit(facts)
        else:
            self.failed.emit(
                errors.splitlines()[-1] if errors else f"The labels could not be read (exit code {code})."
            )

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._process.deleteLater()
            self._process = None
            self.failed.emit("The engine could not be started; is it installed in this environment?")
