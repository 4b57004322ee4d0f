"""Numbers of frames as people write them: `0-99,200`."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import counted

_HINT = "Write numbers from 0 and ranges with both ends, as 0-99,200."


@attrs.frozen
class Ranges:
    """Frame numbers, ascending and each once; `parts` do not touch."""

    parts: tuple[range, ...]

    def __iter__(self) -> Iterator[int]:
        for part in self.parts:
            yield from part

    def __contains__(self, number: int) -> bool:
        return any(number in part for part in self.parts)

    def __len__(self) -> int:
        return sum(map(len, self.parts))


def parse_ranges(text: str, *, where: str = "--frames") -> Ranges:
    """Read `0-99,200`. Raises UserError (usage) for anything else."""
    parts = []
    for word in text.split(","):
        first, dash, last = (part.strip() for part in word.partition("-"))
        if not first.isdecimal() or not (last if dash else first).isdecimal():
            raise UserError(
                f"“{word.strip()}” is no frame number and no range of them.",
                where=where,
                hint=_HINT,
                usage=True,
            )
        start, stop = int(first), int(last if dash else first)
        if stop < start:
            raise UserError(
                f"The range {word.strip()} ends before it begins.", where=where, hint=_HINT, usage=True
            )
        parts.append(range(start, stop + 1))
    return Ranges(tuple(_merged(parts)))


def within(ranges: Ranges, count: int, *, where: str) -> list[int]:
    """The numbers, of a video of `count` frames. Raises UserError (usage) for those beyond its end."""
    last = ranges.parts[-1][-1]
    if last >= count:
        raise UserError(
            f"Frame {last} is asked for, but {where} has {counted(count, 'frame')}, numbered from 0 to {count - 1}.",
            where="--frames",
            hint="Ask for frames that are there.",
            usage=True,
        )
    return list(ranges)


def _merged(parts: list[range]) -> Iterator[range]:
    joined: range | None = None
    for part in sorted(parts, key=lambda one: one.start):
        if joined is not None and part.start <= joined.stop:
            joined = range(joined.start, max(joined.stop, part.stop))
        else:
            if joined is not None:
                yield joined
            joined = part
    if joined is not None:
        yield joined
