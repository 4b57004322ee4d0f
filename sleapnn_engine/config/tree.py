"""Reading and writing nested dicts by dotted path."""

from collections.abc import Iterator, Mapping
from typing import Any

_MISSING = object()


def get(values: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """The value at dotted `path`, or `default` where any part of the path is missing or null."""
    node: Any = values
    for name in path.split("."):
        # Most are plain dicts, and asking whether something is a Mapping takes longer than all else here.
        if not (type(node) is dict or isinstance(node, Mapping)) or name not in node:
            return default
        node = node[name]
    return node


def has(values: Mapping[str, Any], path: str) -> bool:
    """Whether the file says anything at `path`, null included."""
    return get(values, path, _MISSING) is not _MISSING


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Set `path`, creating the sections above it; a null section above becomes a section again."""
    *parents, last = path.split(".")
    node = values
    for name in parents:
        child = node.get(name)
        if not isinstance(child, dict):
            child = {}
            node[name] = child
        node = child
    node[last] = value


def drop(values: dict[str, Any], path: str) -> None:
    """Remove `path` if it is there; the sections above stay."""
    *parents, last = path.split(".")
    node: Any = values
    for name in parents:
        node = node.get(name) if isinstance(node, dict) else None
    if isinstance(node, dict):
        node.pop(last, None)


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All (dotted path, value) pairs whose value is no mapping, in file order. Empty mappings count as values."""
    for name, value in values.items():
        path = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, Mapping) and value:
            yield from leaves(value, path)
        else:
            yield path, value


def same(first: Any, second: Any) -> bool:
    """Equal, with true and 1 kept apart also inside lists and mappings, and no number (nan) equal to itself."""
    if isinstance(first, bool) != isinstance(second, bool):
        return False
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(first[name], second[name]) for name in first)
    return bool(first == second) or bool(first != first and second != second)
