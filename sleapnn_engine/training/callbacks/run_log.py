"""`run.log`: what was logged and what went wrong, with tracebacks; the same sentences go out as `log` events."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.events import Log

#: Everything the engine logs is below this name.
ROOT = "sleapnn_engine"

log = logging.getLogger("sleapnn_engine.training")


class _Events(logging.Handler):
    """Sends each message, without its traceback, to viewers and the journal."""

    def __init__(self, channel: EngineChannel) -> None:
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        level = (
            "error"
            if record.levelno >= logging.ERROR
            else "warning"
            if record.levelno >= logging.WARNING
            else "info"
        )
        try:
            self._channel.emit(Log(level=level, text=record.getMessage()))
        except RuntimeError:
            self.handleError(record)  # the channel is closed already; the file has the message


class _File(logging.FileHandler):
    """A log whose disk may take no more: that is said once, and neither ends the run nor fills the terminal."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._told:
            self._told = True
            log.error("%s cannot be written (%s).", self.baseFilename, error.strerror)

    def close(self) -> None:
        with suppress(OSError):  # the rest that did not fit before does not fit now
            super().close()


class _Warnings(logging.Handler):
    """Tells warnings to whoever started the run; errors end it and are told at its end."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:
            self._warn(record.getMessage())


@contextmanager
def run_log(
    path: Path, channel: EngineChannel, *, warn: Callable[[str], None] = lambda text: None
) -> Iterator[logging.Logger]:
    """While inside, what the engine logs and what Python warns of goes to `path` and out as events.

    Warnings of the engine are also handed to `warn`, without their level.
    Records with `extra={"only_file": True}` are not sent as events, because an event of another kind says the same.
    """
    file, warnings = _File(path, encoding="utf-8"), _Warnings(warn)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    events = _Events(channel)
    events.addFilter(lambda record: not getattr(record, "only_file", False))
    root, warned = logging.getLogger(ROOT), logging.getLogger("py.warnings")
    level, passes = root.level, root.propagate
    root.setLevel(logging.INFO)
    root.propagate = False
    root.addHandler(warnings)
    for logger in (root, warned):
        logger.addHandler(file)
        logger.addHandler(events)
    logging.captureWarnings(True)
    try:
        yield root
    finally:
        logging.captureWarnings(False)
        root.removeHandler(warnings)
        for logger in (root, warned):
            logger.removeHandler(file)
            logger.removeHandler(events)
        root.setLevel(level)
        root.propagate = passes
        file.close()
