"""Reading a SLEAP ≤ 1.4 file leaf by leaf, with SLEAP's own default for what is missing, null or wrong."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.legacy.fields import FIELDS

_MISSING = object()

#: kind of a legacy leaf -> what its value must be, for messages
WANTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "text": "text",
    "names": "a list of names",
    "edges": "a list of pairs of part names",
    "paths": "a file path",
    "any": "anything",
}


class Source:
    """One legacy file. `leaves` holds every dotted path whose value is no section, in file order."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.leaves: dict[str, Any] = dict(tree.leaves(values))

    def state(self, path: str) -> str:
        """`given`, `null`, `missing`, or `wrong` for a value of a kind the leaf cannot have."""
        value = self.leaves.get(path, _MISSING)
        if value is _MISSING:
            return "missing"
        if value is None:
            return "null"
        return "wrong" if _read(FIELDS[path].kind, value) is _MISSING else "given"

    def value(self, path: str) -> Any:
        """The leaf's value in its own type, or SLEAP's default where the file does not give a usable one."""
        value = self.leaves.get(path)
        read = _MISSING if value is None else _read(FIELDS[path].kind, value)
        return FIELDS[path].default if read is _MISSING else read

    def section_is_set(self, path: str) -> bool:
        """Whether the file holds a section, perhaps an empty one, at `path`."""
        return isinstance(tree.get(self._values, path), Mapping)


def usable(kind: str, value: Any) -> Any:
    """`value` as a value of the kind, or None where it is none."""
    read = None if value is None else _read(kind, value)
    return None if read is _MISSING else read


def _read(kind: str, value: Any) -> Any:
    """`value` as a value of the kind, or `_MISSING` where it is none."""
    return _READERS[kind](value)


def _bool(value: Any) -> Any:
    return value if isinstance(value, bool) else _MISSING


def _int(value: Any) -> Any:
    number = _float(value)
    return int(number) if number is not _MISSING and number == int(number) else _MISSING


def _float(value: Any) -> Any:
    # Beyond 2**53 a float no longer holds every whole number, and no setting is anywhere near it.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 2**53:
        return _MISSING
    return float(value) if math.isfinite(value) else _MISSING


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        return _MISSING
    try:
        value.encode("utf-8")  # half a surrogate pair is valid JSON, but no file can hold it
    except UnicodeEncodeError:
        return _MISSING
    return value


def _names(value: Any) -> Any:
    fits = isinstance(value, (list, tuple)) and all(_text(item) is not _MISSING for item in value)
    return list(value) if fits else _MISSING


def _edges(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return _MISSING
    pairs = [_names(item) for item in value]
    return pairs if all(pair is not _MISSING and len(pair) == 2 for pair in pairs) else _MISSING


def _paths(value: Any) -> Any:
    return _text(value) if isinstance(value, str) else _names(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "bool": _bool,
    "int": _int,
    "float": _float,
    "text": _text,
    "names": _names,
    "edges": _edges,
    "paths": _paths,
    "any": lambda value: value,
}
