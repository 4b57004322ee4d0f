"""`run.log`: what was logged and what went wrong, with tracebacks; the same sentences go out as `log` events."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sleapnn_engine.protocol.channel import EngineChannel

#: Everything the engine logs is below this name.
ROOT = "sleapnn_engine"


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
            self._channel.emit("log", {"level": level, "text": record.getMessage()})
        except RuntimeError:
            self.handleError(record)  # the channel is closed already; the file has the message


@contextmanager
def run_log(path: Path, channel: EngineChannel) -> Iterator[logging.Logger]:
    """While inside, what the engine logs and what Python warns of goes to `path` and out as events.

    Records with `extra={"only_file": True}` are not sent as events, because an event of another kind says the same.
    """
    file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    events = _Events(channel)
    events.addFilter(lambda record: not getattr(record, "only_file", False))
    root, warned = logging.getLogger(ROOT), logging.getLogger("py.warnings")
    level, passes = root.level, root.propagate
    root.setLevel(logging.INFO)
    root.propagate = False
    for logger in (root, warned):
        logger.addHandler(file)
        logger.addHandler(events)
    logging.captureWarnings(True)
    try:
        yield root
    finally:
        logging.captureWarnings(False)
        for logger in (root, warned):
            logger.removeHandler(file)
            logger.removeHandler(events)
        root.setLevel(level)
        root.propagate = passes
        file.close()
