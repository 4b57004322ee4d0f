"""Batch results of a journal as columns, many lines at once: a long training has hundreds of thousands of them.

Lines exactly as an engine writes them are read by one expression, five times as fast as one by one. All others, among them
losses that are not finite, are for `decode_event`, which also says what is wrong with them.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import attrs
import numpy as np

from sleapnn_engine.protocol.events import BatchEnd

_WHOLE = rb"(0|[1-9]\d{0,17})"
_NUMBER = rb"(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)"
_KIND = b'"kind":"%b"' % BatchEnd.kind.encode()
_LOSSES = re.compile(rb'"losses":\{([^{}]*)\}')
_NAME = re.compile(rb'"([^"\\\x00-\x1f]+)":')
#: The kind stands within so many bytes of a line's beginning.
_HEAD_BYTES = 72
#: Fewer lines than these are as soon read one by one.
_LEAST = 8


@attrs.frozen(eq=False)
class BatchLines:
    """Consecutive `batch_end` events, numbered, as columns of equal length; every number is finite."""

    seqs: list[int]
    times: list[float]
    epochs: list[int]
    steps: list[int]
    batches: list[int]
    losses: list[float]
    seconds: list[float]
    heads: dict[str, list[float]]

    def __len__(self) -> int:
        return len(self.seqs)


def stretches(lines: Sequence[bytes]) -> Iterator[tuple[bool, Sequence[bytes]]]:
    """The lines in order, in stretches of batch results (True) and of anything else."""
    begin, batches = 0, False
    for place, line in enumerate(lines):
        if (line.find(_KIND, 0, _HEAD_BYTES) > 0) is not batches:
            if place > begin:
                yield batches, lines[begin:place]
            begin, batches = place, not batches
    if begin < len(lines):
        yield batches, lines[begin:]


def read_batch_lines(lines: Sequence[bytes]) -> BatchLines | None:
    """The columns of lines that all are as an engine writes them, of the same heads; None where one is not."""
    losses = _LOSSES.search(lines[0]) if len(lines) >= _LEAST else None
    if losses is None:
        return None
    try:
        names = tuple(name.decode() for name in _NAME.findall(losses[1]))
    except UnicodeDecodeError:
        return None
    found = _line_of(names).findall(b"\n".join(lines))
    if len(found) != len(lines) or len(set(names)) != len(names):
        return None
    columns = list(zip(*found, strict=True))
    whole = [list(map(int, columns[place])) for place in (0, 2, 3, 4)]
    times, loss, *heads, seconds = ([*map(float, columns[place])] for place in (1, *range(5, len(columns))))
    if not all(np.isfinite(column).all() for column in (times, loss, seconds, *heads)) or 0 in whole[0]:
        return None
    return BatchLines(
        seqs=whole[0],
        times=times,
        epochs=whole[1],
        steps=whole[2],
        batches=whole[3],
        losses=loss,
        seconds=seconds,
        heads=dict(zip(names, heads, strict=True)),
    )


@lru_cache(maxsize=8)
def _line_of(names: tuple[str, ...]) -> re.Pattern[bytes]:
    heads = b",".join(b'"' + re.escape(name.encode()) + b'":' + _NUMBER for name in names)
    body = b'"epoch":%b,"step":%b,"batch":%b,"loss":%b,"losses":\\{%b\\},"seconds":%b' % (
        *(_WHOLE,) * 3,
        _NUMBER,
        heads,
        _NUMBER,
    )
    return re.compile(
        rb'^\{"seq":%b,"t":%b,%b,"body":\{%b\}\}$' % (_WHOLE, _NUMBER, _KIND, body), re.MULTILINE
    )
