"""What a journal says in short, in bounded time: its first lines, its last lines, and one epoch found by halving."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from sleapnn_engine.config.disk import open_ordinary
from sleapnn_engine.config.plain_json import from_json

_BLOCK = 64 * 2**10
#: How far the last lines are followed back.
_MOST_BACK = 8 * 2**20
#: Halving ends at a stretch this long, which is then read.
_STRETCH = 4 * _BLOCK

Message = dict[str, Any]


class Glance:
    """One look at an open journal as it is now; what is appended later is not seen.

    Lines that are damaged, or only half written, are passed over.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size

    def first(self) -> Iterator[Message]:
        """The first events, as many as a block holds."""
        self._stream.seek(0)
        for line in self._stream.read(_BLOCK).split(b"\n"):
            yield from _message(line)

    def last(self, *, wanted: bytes = b"", within: int = _MOST_BACK) -> Iterator[Message]:
        """The events from the last one back; with `wanted`, only those whose text holds it."""
        yield from self._backwards(self._size, max(0, self._size - within), wanted)

    def epoch_end(self, epoch: int) -> Message | None:
        """The body of the event that closed `epoch`, wherever in the journal it stands."""
        low, high = 0, self._size
        while high - low > _STRETCH:
            middle = (low + high) // 2
            found = self._epoch_at(middle)
            if found is None or found > epoch:
                high = middle
            else:
                low = middle
        near = self._backwards(min(high + _BLOCK, self._size), max(0, low - _BLOCK), b"epoch_end")
        # Where a run was resumed in the same folder, epochs do not only rise: what halving missed may be at the end.
        for message in itertools.chain(near, self.last(wanted=b"epoch_end")):
            if message["kind"] == "epoch_end" and message["body"].get("epoch") == epoch:
                return dict(message["body"])
        return None

    def _epoch_at(self, offset: int) -> int | None:
        """The epoch that the first batch or epoch after a place belongs to."""
        self._stream.seek(offset)
        for line in self._stream.read(_BLOCK).split(b"\n")[1:]:
            for message in _message(line):
                if (
                    message["kind"] in ("batch_end", "epoch_end")
                    and type(message["body"].get("epoch")) is int
                ):
                    return int(message["body"]["epoch"])
        return None

    def _backwards(self, end: int, begin: int, wanted: bytes) -> Iterator[Message]:
        rest = b""
        while end > begin:
            start = max(begin, end - _BLOCK)
            self._stream.seek(start)
            head, *lines = (self._stream.read(end - start) + rest).split(b"\n")
            for line in reversed(lines):
                if wanted in line:
                    yield from _message(line)
            rest, end = head, start
        if begin == 0 and wanted in rest:
            yield from _message(rest)


def _message(line: bytes) -> Iterator[Message]:
    """The event of a line, as one or none."""
    try:
        found = from_json(line)
    except ValueError:
        return
    if isinstance(found, dict) and isinstance(found.get("kind"), str) and isinstance(found.get("body"), dict):
        yield found


def open_journal(path: Path) -> BinaryIO | None:
    """The journal opened for a glance; None where there is none or it cannot be read."""
    try:
        return open_ordinary(path)
    except OSError:
        return None
