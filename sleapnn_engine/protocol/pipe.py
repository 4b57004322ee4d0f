"""Messages of several parts through a pipe between two processes: each part behind its length, every size bounded."""

import struct
from collections.abc import Sequence

from sleapnn_engine.protocol.codec import MAX_ARRAY_BYTES, MAX_ARRAYS, DecodeError

#: Largest JSON part; a config or the description of many files is longer than what training says.
MAX_TEXT_BYTES = 64 * 2**20

_MAX_PARTS = 1 + MAX_ARRAYS
_COUNT = struct.Struct(">I")
_LENGTH = struct.Struct(">Q")


def encode_parts(parts: Sequence[bytes]) -> bytes:
    """One message: the number of its parts in 4 bytes, then each part behind its length in 8, high bytes first."""
    pieces = [_COUNT.pack(len(parts))]
    for part in parts:
        pieces += [_LENGTH.pack(len(part)), part]
    return b"".join(pieces)


class PipeReader:
    """Puts messages together from what comes out of a pipe, in whatever pieces it comes."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[list[bytes]]:
        """The messages that are whole now. Raises DecodeError where the stream cannot be one of messages."""
        self._waiting += data
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> list[bytes] | None:
        if len(self._waiting) < _COUNT.size:
            return None
        (count,) = _COUNT.unpack_from(self._waiting)
        if not 0 < count <= _MAX_PARTS:
            raise DecodeError(f"a message of {count} parts was announced, there are 1 to {_MAX_PARTS}")
        at, places = _COUNT.size, []
        for number in range(count):
            if len(self._waiting) < at + _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack_from(self._waiting, at)
            if length > (MAX_ARRAY_BYTES if number else MAX_TEXT_BYTES):
                raise DecodeError(f"a part of {length} bytes was announced, which is more than is read")
            at += _LENGTH.size
            places.append((at, at + length))
            at += length
        if len(self._waiting) < at:
            return None
        message = [bytes(self._waiting[start:end]) for start, end in places]
        del self._waiting[:at]
        return message
