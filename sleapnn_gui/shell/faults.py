"""What no part of the window expected: an exception in a slot or a thread reaches a log file and the person."""

import platform
import sys
import threading
import time
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QApplication

from sleapnn_gui.widgets.language import tr

LOG_NAME = "faults.log"
_LARGEST_LOG = 1_000_000  # bytes; a longer one is set aside as faults.log.1
_QUIET = 3.0  # seconds in which one fault is told once, however often it comes (a timer brings it ten times a second)
_LONGEST = 160  # characters of an exception's own words in a sentence

Trace = tuple[type[BaseException], BaseException, TracebackType | None]


class Faults(QObject):
    """Stands where Python would print and go on. `found` carries a sentence and all there is to know.

    What was there before is called as well, so that a terminal sees what it always saw.
    """

    found = Signal(str, str)

    def __init__(self, parent: QObject | None, *, log: Path) -> None:
        super().__init__(parent)
        self.setObjectName("faults")
        self.log = log
        self._told: dict[str, float] = {}
        self._before = sys.excepthook
        self._threads_before = threading.excepthook

    def install(self) -> None:
        """Listen from now on; a second call changes nothing."""
        if sys.excepthook != self._slot_failed:
            self._before, sys.excepthook = sys.excepthook, self._slot_failed
        if threading.excepthook != self._thread_failed:
            self._threads_before, threading.excepthook = threading.excepthook, self._thread_failed

    def _slot_failed(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._before(kind, error, trace)
        if issubclass(kind, Exception):
            self._report((kind, error, trace))

    def _thread_failed(self, args: "threading.ExceptHookArgs") -> None:
        self._threads_before(args)
        error = args.exc_value
        if isinstance(error, Exception):
            self._report((type(error), error, args.exc_traceback))

    def _report(self, fault: Trace) -> None:
        details = "".join(traceback.format_exception(*fault))
        now = time.monotonic()
        if now - self._told.get(details, -_QUIET) < _QUIET:
            return
        self._told[details] = now
        place = tr(" Everything about it is in {log}.", log=self.log) if self._write(details) else ""
        self.found.emit(_sentence(fault[1]) + place, details)

    def _write(self, details: str) -> bool:
        """Add to the log; whether that was possible."""
        head = tr(
            "{strftime} · Python {python_version} · {platform}",
            strftime=time.strftime("%Y-%m-%d %H:%M:%S"),
            python_version=platform.python_version(),
            platform=platform.platform(),
        )
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            if self.log.is_file() and self.log.stat().st_size > _LARGEST_LOG:
                self.log.replace(self.log.with_name(f"{LOG_NAME}.1"))
            with self.log.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{head}\n{details}\n")
        except OSError:
            return False
        return True


def _sentence(error: BaseException) -> str:
    words = " ".join(str(error).split())
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    said = said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
    return tr(
        "A part of this window failed ({fault}). What you pressed may not have been done; "
        "the config and a training at work are untouched.",
        fault=said,
    )


def install_faults(app: QApplication) -> Faults:
    """The application's one listener for faults, made if there is none and listening when this returns."""
    found = app.findChild(Faults, "faults")
    if not isinstance(found, Faults):
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
        found = Faults(app, log=Path(folder) / LOG_NAME)
    found.install()
    return found
