"""Skeletons as SLEAP ≤ 1.4 keeps them (graphs written by jsonpickle) to plain lists of names."""

from collections.abc import Mapping, Sequence
from typing import Any

_SYMMETRY = 2  # SLEAP's number for "these two parts mirror each other"; 1 is an ordinary edge


def plain_skeletons(graphs: Any) -> list[dict[str, Any]] | None:
    """Each skeleton as {nodes, edges, symmetries, name}, or None where one of them cannot be understood.

    An edge is {source: {name}, destination: {name}}; a symmetry is a pair of {name}.
    """
    if not isinstance(graphs, list):
        return None
    decoded = [_skeleton(graph) for graph in graphs]
    found = [skeleton for skeleton in decoded if skeleton is not None]
    return found if len(found) == len(decoded) else None


def _skeleton(graph: Any) -> dict[str, Any] | None:
    """One skeleton. SLEAP counts nodes and edge types in one list; some writers count them apart."""
    if not isinstance(graph, Mapping):
        return None
    objects = _objects(graph)
    nodes_only = list(dict.fromkeys(item for item in objects if isinstance(item, str)))
    types_only = [item for item in objects if isinstance(item, int)]
    return _resolved(graph, objects, objects) or _resolved(graph, nodes_only, types_only)


def _objects(part: Any) -> list[str | int]:
    """Everything that a `py/id` can point to, in the order it appears: node names and edge type numbers."""
    if isinstance(part, Mapping):
        own = _object(part)
        if own is not None:
            return [own]
        return [item for child in part.values() for item in _objects(child)]
    return [item for child in part for item in _objects(child)] if isinstance(part, list) else []


def _object(part: Mapping[str, Any]) -> str | int | None:
    """A node's name or an edge type's number, or None where `part` is neither."""
    if "py/object" in part:
        state = part.get("py/state", part)
        fields = state.get("py/tuple") if isinstance(state, Mapping) else None
        name = fields[0] if isinstance(fields, list) and fields else None
        if name is None and isinstance(state, Mapping):
            name = state.get("name")
        return name if isinstance(name, str) else None
    reduced = part.get("py/reduce")
    if isinstance(reduced, list) and len(reduced) > 1 and isinstance(reduced[1], Mapping):
        numbers = reduced[1].get("py/tuple")
        if isinstance(numbers, list) and numbers and isinstance(numbers[0], int):
            return int(numbers[0])
    return None


def _resolved(
    graph: Mapping[str, Any], nodes: Sequence[str | int], types: Sequence[str | int]
) -> dict[str, Any] | None:
    """The skeleton with each `py/id` looked up in the two lists, or None where one leads astray."""
    listed, links = graph.get("nodes"), graph.get("links")
    if not isinstance(listed, list) or not isinstance(links, list):
        return None
    names = [_looked_up(item.get("id"), nodes, str) if isinstance(item, Mapping) else None for item in listed]
    edges: list[tuple[str, str]] = []
    mirrored: dict[frozenset[str], tuple[str, str]] = {}
    for link in sorted(links, key=_insertion):
        pair, kind = _link(link, nodes, types)
        if not set(pair) <= set(names) or None in pair:
            return None
        if kind == _SYMMETRY:
            mirrored.setdefault(frozenset(pair), pair)  # SLEAP writes each symmetry once in either direction
        else:
            edges.append(pair)
    if None in names or len(set(names)) < len(names):
        return None
    about = graph.get("graph")
    name = about.get("name") if isinstance(about, Mapping) else None
    return {
        "nodes": [{"name": part} for part in names],
        "edges": [{"source": {"name": source}, "destination": {"name": target}} for source, target in edges],
        "symmetries": [[{"name": part} for part in pair] for pair in mirrored.values()],
        "name": name if isinstance(name, str) else None,
    }


def _insertion(link: Any) -> int:
    """A link's place in the order in which the edges were drawn; the file lists them by node."""
    index = link.get("edge_insert_idx") if isinstance(link, Mapping) else None
    return index if isinstance(index, int) else 0


def _link(link: Any, nodes: Sequence[str | int], types: Sequence[str | int]) -> tuple[tuple[Any, Any], Any]:
    """A link's two node names and its type; None stands for what cannot be found."""
    if not isinstance(link, Mapping):
        return (None, None), None
    kind = _looked_up(link.get("type"), types, int)
    source, target = (_looked_up(link.get(end), nodes, str) for end in ("source", "target"))
    return ((source, target) if kind is not None else (None, None)), kind


def _looked_up(part: Any, objects: Sequence[str | int], kind: type) -> Any:
    """The node name or edge type that `part` holds or points to, or None."""
    if not isinstance(part, Mapping):
        return None
    found = _object(part)
    number = part.get("py/id")
    if found is None and isinstance(number, int) and 1 <= number <= len(objects):
        found = objects[number - 1]
    return found if isinstance(found, kind) else None
