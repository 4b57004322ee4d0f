"""The journal of a run, `<run>/events.jsonl`: one event a line, written before it is published."""

import bisect
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.disk import open_ordinary
from sleapnn_engine.protocol.batch_lines import BatchLines, read_batch_lines, stretches
from sleapnn_engine.protocol.codec import MAX_EVENT_BYTES, DecodeError, decode_event
from sleapnn_engine.protocol.messages import Event

#: Name of the journal inside the run folder.
FILE_NAME = "events.jsonl"

#: How much of the journal one reply carries.
PAGE_BYTES = 512 * 2**10

#: One line in so many is remembered with its place in the file, so that a page is found without reading on.
_INDEX_EVERY = 256

#: How much a tailing reader takes from the file at once.
_CHUNK_BYTES = 2**20


@attrs.frozen
class Page:
    """A stretch of the journal: whole lines as they stand in the file, and the number to ask from next."""

    lines: bytes
    next: int


def _seq_of(line: bytes) -> int | None:
    """The number of a journal line, read from its head only; None when the line is damaged."""
    head, _, rest = line[:40].partition(b'{"seq":')
    digits = rest.partition(b",")[0]
    return int(digits) if not head and digits.isdigit() else None


def journal_mark(run_dir: str | os.PathLike[str]) -> tuple[int, int] | None:
    """Tells the journal in a folder from a later one there, whatever the clock says; None where there is none."""
    try:
        found = os.stat(Path(run_dir) / FILE_NAME)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class JournalWriter:
    """Appends lines to a new journal and reads pages of it back.

    One thread may append while another reads pages. An older journal in the folder is kept beside the new one
    as `events-1.jsonl`, `events-2.jsonl`, ...: a journal tells of one run of one engine.
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self.path = Path(run_dir) / FILE_NAME
        _set_aside(self.path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o644)
        self._size = 0
        self._torn = False
        self._lines = 0
        self._index: list[tuple[int, int]] = []
        self._reader = self.path.open("rb", buffering=0)

    def append(self, seq: int, line: bytes) -> None:
        """Write one event and hand it to the system; it survives the death of this process from then on.

        Raises OSError when the disk takes no more; a line cut short is closed off by the next one.
        """
        data = line + b"\n"
        if self._torn:
            data = b"\n" + data
        written = os.write(self._file, data)
        if self._lines % _INDEX_EVERY == 0:
            self._index.append((seq, self._size + len(data) - len(line) - 1))
        self._lines += 1
        self._size += written
        self._torn = written != len(data)
        if self._torn:
            raise OSError(errno.ENOSPC, "only a part of the line was written", str(self.path))

    def page(self, first: int, last: int, *, limit: int = PAGE_BYTES) -> Page:
        """Read the lines numbered `first` to `last`, as many as `limit` bytes hold and at least one."""
        at = bisect.bisect_right(self._index, first, key=lambda entry: entry[0]) - 1
        offset = self._index[at][1] if at >= 0 else 0
        kept: list[bytes] = []
        size = 0
        for line in self._lines_from(offset):
            seq = _seq_of(line)
            if seq is None or seq < first:
                continue
            if seq > last:
                break
            if kept and size + len(line) > limit:
                return Page(b"\n".join(kept), seq)
            kept.append(line)
            size += len(line) + 1
        return Page(b"\n".join(kept), last + 1)

    def _lines_from(self, offset: int) -> Iterator[bytes]:
        self._reader.seek(offset)
        rest = b""
        while chunk := self._reader.read(PAGE_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines

    def close(self) -> None:
        """Close the file; the journal stays."""
        self._reader.close()
        os.close(self._file)


def _set_aside(path: Path) -> None:
    """Rename an existing journal to the first free numbered name."""
    if not path.exists():
        return
    number = 1
    while (kept := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    path.rename(kept)


class JournalReader:
    """Follows the journal of a run, finished or still growing, without a socket.

    A last line that is only half written is left until it is whole; a damaged line is left out, and
    `pop_notices` says so. Reading may start before the journal exists. Use it from one thread.
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self.path = Path(run_dir) / FILE_NAME
        self._offset = 0
        self._line = 0
        self._file_id: int | None = None
        self._rest = b""
        self._skipping = False
        self._pending: list[bytes] = []
        self._notices: list[str] = []

    def poll(self, *, limit: int = 2000) -> list[Event]:
        """Return the next events, at most `limit`; an empty list when nothing new is there."""
        events: list[Event] = []
        while len(events) < limit:
            if not self._pending and not self._read_chunk():
                break
            room = limit - len(events)
            lines, self._pending = self._pending[:room], self._pending[room:]
            events.extend(self._decode(lines))
        return events

    def poll_packed(self, *, limit: int = 2000) -> list[Event | BatchLines]:
        """What `poll` returns, batch results that follow one another as columns; `limit` counts each of them."""
        packed: list[Event | BatchLines] = []
        while not packed and (self._pending or self._read_chunk()):
            lines, self._pending = self._pending[:limit], self._pending[limit:]
            for batches, stretch in stretches(lines):
                columns = read_batch_lines(stretch) if batches else None
                if columns is None:
                    packed.extend(self._decode(stretch))
                else:
                    self._line += len(columns)
                    packed.append(columns)
        return packed

    def read_all(self) -> list[Event]:
        """Return every event from here to the end of the file, and note a last line that is cut off."""
        events: list[Event] = []
        while more := self.poll():
            events.extend(more)
        if self._rest:
            self._notices.append(
                f"The last line of {self.path} is cut off after {len(self._rest)} bytes; it was left out."
            )
        return events

    def pop_notices(self) -> list[str]:
        """Return, once, what was wrong with the file so far."""
        said, self._notices = self._notices, []
        return said

    def _read_chunk(self) -> bool:
        """Take more whole lines from the file; False at its end."""
        try:
            with open_ordinary(self.path) as stream:
                self._start_over_if_replaced(os.fstat(stream.fileno()))
                stream.seek(self._offset)
                chunk = stream.read(_CHUNK_BYTES)
        except FileNotFoundError:
            return False
        self._offset += len(chunk)
        *self._pending, self._rest = (self._rest + chunk).split(b"\n")
        if self._skipping and self._pending:
            self._pending[0], self._skipping = b"", False
        if len(self._rest) > MAX_EVENT_BYTES:
            number = self._line + len(self._pending) + 1
            self._notices.append(f"Line {number} of {self.path} is too long; it was left out.")
            self._skipping, self._rest = True, b""
        return bool(chunk)

    def _start_over_if_replaced(self, now: os.stat_result) -> None:
        """A new run in the folder sets the old journal aside; then the new one is read from its start."""
        replaced = self._file_id is not None and now.st_ino != self._file_id
        if replaced or now.st_size < self._offset:
            self._notices.append(f"{self.path} was replaced by a new one; reading starts over.")
            self._offset, self._line, self._rest, self._skipping = 0, 0, b"", False
        self._file_id = now.st_ino

    def _decode(self, lines: Sequence[bytes]) -> list[Event]:
        events = []
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            try:
                events.append(decode_event(line))
            except DecodeError as error:
                number = self._line
                self._notices.append(f"Line {number} of {self.path} is damaged ({error}); it was left out.")
        return events
