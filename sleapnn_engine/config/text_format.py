"""Small words for messages: counts with their noun, lists of names, the first few places of a finding."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 3


def counted(number: int, noun: str, plural: str = "", *, spec: str = "") -> str:
    """Say a number with its noun: `1 frame`, `3 frames`; `plural` where an s does not do, `spec` how it is written."""
    return f"{number:{spec}} {noun if number == 1 else plural or noun + 's'}"


def quoted(names: Sequence[str]) -> str:
    """List names in quotes, separated by commas."""
    return ", ".join(f"'{name}'" for name in names)


def first_few(items: Sequence[str]) -> str:
    """List the first few of some items, and how many more there are: `a, b, c and 4 more`."""
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more


def first_places(places: Sequence[str]) -> str:
    """Name the first few places of a finding in brackets, for the end of a sentence; '' without places."""
    names = list(dict.fromkeys(places))
    if not names:
        return ""
    more = f"; and {counted(len(names) - _SHOWN, 'more place')}" if len(names) > _SHOWN else ""
    return f" ({'; '.join(names[:_SHOWN])}{more})"


def file_name(path: str) -> str:
    """Last part of a path of any system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]
