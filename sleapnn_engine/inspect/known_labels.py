"""Labels that have been read, kept for the next question as long as their files stay as they are."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.data.labels import LabelReading, read_labels
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted
from sleapnn_engine.training.inputs.labels import Read

#: How many readings are kept: training and validation files of a config, and of the one before.
KEPT = 4

_Stamp = tuple[str, int, int]
_Key = tuple[tuple[str, ...], bool, bool]


@attrs.frozen(eq=False)
class _Known:
    reading: LabelReading
    stamps: tuple[_Stamp, ...]


class KnownLabels:
    """Reads labels once for all who ask, from several threads too.

    What has a fault is read anew each time, except for who takes the last reading as it is.
    """

    def __init__(self) -> None:
        self._known: dict[_Key, _Known] = {}
        self._faulty: dict[_Key, _Known] = {}
        self._busy: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def reader(self, cancelled: Cancelled, *, faulty_too: bool = False) -> Read:
        """A function that reads as `read_labels` does; it raises NotWanted while it reads.

        With `faulty_too`, what had a fault is not read anew as long as its files stay as they are.
        """

        def read(
            paths: Sequence[str | Path], *, user_instances_only: bool = True, with_empty: bool = False
        ) -> LabelReading:
            require_wanted(cancelled)
            given = [paths] if isinstance(paths, str | Path) else paths
            key = (tuple(str(path) for path in given), user_instances_only, with_empty)
            with self._lock:
                busy = self._busy.setdefault(key, threading.Lock())
            with busy:
                found = self._still(key, faulty_too=faulty_too)
                return found if found is not None else self._anew(key, cancelled)

        return read

    def _still(self, key: _Key, *, faulty_too: bool) -> LabelReading | None:
        """What was read, unless a file has changed since."""
        with self._lock:
            known = self._known.get(key) or (self._faulty.get(key) if faulty_too else None)
        if known is None or known.stamps != _stamps(known.reading):
            return None
        return known.reading

    def _anew(self, key: _Key, cancelled: Cancelled) -> LabelReading:
        def progress(*_: Any) -> None:
            require_wanted(cancelled)

        require_wanted(cancelled)
        paths, only_user, with_empty = key
        reading = read_labels(paths, user_instances_only=only_user, with_empty=with_empty, progress=progress)
        reading.labels.close()
        with self._lock:
            for known in (self._known, self._faulty):
                known.pop(key, None)
            faulty = bool(reading.problems or reading.labels.counts.unreadable_frames)
            kept = self._faulty if faulty else self._known
            kept[key] = _Known(reading, _stamps(reading))
            for old in list(kept)[:-KEPT]:
                del kept[old]
        return reading


def _stamps(reading: LabelReading) -> tuple[_Stamp, ...]:
    """What changes when somebody writes to one of the files or takes it away."""
    labels = reading.labels
    paths = [*map(str, labels.files), *(video.path for video in labels.videos if video.found)]
    return tuple(_stamp(path) for path in dict.fromkeys(paths))


def _stamp(path: str) -> _Stamp:
    try:
        status = Path(path).stat()
    except OSError:
        return path, 0, -1
    return path, status.st_mtime_ns, status.st_size
