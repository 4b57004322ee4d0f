"""Files that moved together: where one of them is now says where the others are."""

from collections.abc import Collection, Iterable
from pathlib import Path


def found_along(
    old: str, new: Path, others: Iterable[str], *, taken: Collection[Path] = ()
) -> dict[str, Path]:
    """Where other files are, of the stored path of each, when `old` is at `new` now.

    The folders of `new` replace those of `old` as far as both end alike; where nothing is there, the name counts beside
    `new`. One file is taken for one path only, and none that is `taken`. Looks at the disk.
    """
    before, now = _parts(old), new.parts
    alike = 0
    while alike < min(len(before), len(now)) - 1 and before[-1 - alike] == now[-1 - alike]:
        alike += 1
    head, base = before[: len(before) - alike], Path(*now[: len(now) - alike])
    found: dict[str, Path] = {}
    used = {new, *taken}
    for other in others:
        parts = _parts(other)
        along = [base.joinpath(*parts[len(head) :])] if alike and parts[: len(head)] == head else []
        for place in (*along, new.parent / parts[-1]) if parts else ():
            if place not in used and place.is_file():
                used.add(place)
                found[other] = place
                break
    return found


def _parts(stored: str) -> tuple[str, ...]:
    """Of a path as any system writes it."""
    return tuple(part for part in stored.replace("\\", "/").split("/") if part)
