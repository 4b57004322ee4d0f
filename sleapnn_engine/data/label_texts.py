"""The texts of a labels file before they are read: its format, its skeletons, videos, tracks and suggestions."""

from __future__ import annotations

import json
from typing import Any, TypeGuard

import attrs
import h5py

from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.label_tables import Contradiction, rows_of_text

#: Files of this format and later keep their tables in another way.
TOO_NEW = 3.0
_EDGE, _SYMMETRY = 1, 2


class NewerFormat(Exception):
    """The file was written by a newer program, in a format that this one does not know."""


@attrs.frozen
class Texts:
    """What tables may refer to: skeletons as (name, nodes), one dataset name a video ("" for files), tracks."""

    format_id: float
    skeletons: tuple[tuple[str, int], ...]
    videos: tuple[str, ...]
    tracks: int
    #: Paths and addresses that videos are read from, "." for the labels file itself.
    names: tuple[str, ...]


def read_texts(file: h5py.File) -> Texts:
    """Read and check all texts. Raises Contradiction naming the one that is damaged, NewerFormat for newer files."""
    metadata = file["metadata"]
    format_id = _format(metadata)
    skeletons = _skeletons(_metadata(metadata))
    videos = _rows(file, "videos_json", needed=True)
    stored = [_video(entry, row) for row, entry in enumerate(videos)]
    tracks = _rows(file, "tracks_json", needed=True)
    for row, track in enumerate(tracks):
        if not isinstance(track, list) or len(track) < 2 or not isinstance(track[1], str):
            raise Contradiction(f"row {row} of 'tracks_json' gives no name of a track")
    for row, place in enumerate(_rows(file, "suggestions_json", needed=False)):
        number = place.get("video") if isinstance(place, dict) else None
        if not str(number).isdigit() or int(str(number)) >= len(videos) or "frame_idx" not in place:
            raise Contradiction(
                f"row {row} of 'suggestions_json' names no video of the {len(videos)} in this file"
            )
    return Texts(
        format_id=format_id,
        skeletons=skeletons,
        videos=tuple(dataset for _, dataset in stored),
        tracks=len(tracks),
        names=tuple(name for name, _ in stored),
    )


def _format(metadata: Any) -> float:
    if "format_id" not in metadata.attrs:
        raise Contradiction("it does not say its format ('format_id' of 'metadata')")
    try:
        format_id = float(metadata.attrs["format_id"])
    except (TypeError, ValueError) as error:
        raise Contradiction("its format ('format_id' of 'metadata') is no number") from error
    if format_id >= TOO_NEW:
        raise NewerFormat(
            f"The file is of format {format_id:g}, written by a newer SLEAP; this program reads formats below {TOO_NEW:g}."
        )
    if not format_id > 0:
        raise Contradiction(f"its format ('format_id' of 'metadata') is {format_id:g}, which there is not")
    return format_id


def _metadata(metadata: Any) -> dict[str, Any]:
    text = metadata.attrs["json"]
    try:
        values = from_json(text if isinstance(text, (bytes, str)) else bytes(text))
    except (ValueError, TypeError) as error:
        raise Contradiction(
            "its description of skeletons ('json' of 'metadata') is damaged: it is no JSON text"
        ) from error
    if not isinstance(values, dict):
        raise Contradiction("its description of skeletons ('json' of 'metadata') is no description")
    return values


def _skeletons(metadata: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """Name and number of nodes of every skeleton."""
    nodes = metadata.get("nodes")
    if not isinstance(nodes, list) or not all(
        isinstance(n, dict) and isinstance(n.get("name"), str) for n in nodes
    ):
        raise Contradiction(
            "its list of nodes ('nodes' in 'json' of 'metadata') is damaged: a node has no name"
        )
    listed = metadata.get("skeletons")
    if not isinstance(listed, list):
        raise Contradiction(
            "its list of skeletons ('skeletons' in 'json' of 'metadata') is missing or damaged"
        )
    return tuple(_skeleton(entry, number, nodes=len(nodes)) for number, entry in enumerate(listed))


def _skeleton(entry: Any, number: int, *, nodes: int) -> tuple[str, int]:
    where = f"skeleton {number} in 'json' of 'metadata'"
    if isinstance(entry, dict) and "nx_graph" in entry:
        entry = entry["nx_graph"]
    if not isinstance(entry, dict) or not {"nodes", "links", "graph"} <= set(entry):
        raise Contradiction(f"{where} is damaged: its nodes, edges or name are missing")
    graph = entry["graph"]
    if not isinstance(graph, dict) or "name" not in graph:
        raise Contradiction(f"{where} is damaged: it has no name")
    name = str(graph["name"])
    ids = [node.get("id") if isinstance(node, dict) else None for node in _listed(entry["nodes"])]
    for place, node in enumerate(ids):
        if not _is_whole(node) or not 0 <= node < nodes:
            raise Contradiction(
                f"{where} ('{name}'): its node {place} is number {node} of the {counted(nodes, 'node')} in the file"
            )
    if len(set(ids)) != len(ids):
        raise Contradiction(f"{where} ('{name}') has a node twice")
    for place, link in enumerate(_listed(entry["links"])):
        _link(link, ids, what=f"{where} ('{name}'): its link {place}")
    return name, len(ids)


def _link(link: Any, ids: list[Any], *, what: str) -> None:
    if not isinstance(link, dict) or not _is_link_type(link.get("type")):
        raise Contradiction(f"{what} is damaged: it is neither an edge nor a symmetry")
    for end in (link.get("source"), link.get("target")):
        if end not in ids:
            raise Contradiction(f"{what} ends at node {end}, which is not one of its nodes")


def _is_link_type(kind: Any) -> bool:
    if not isinstance(kind, dict):
        return False
    if "py/reduce" not in kind:
        return _is_whole(kind.get("py/id"))
    try:
        return kind["py/reduce"][1]["py/tuple"][0] in (_EDGE, _SYMMETRY)
    except (TypeError, KeyError, IndexError):
        return False


def _video(entry: Any, row: int) -> tuple[str, str]:
    """Where a video is read from, and the dataset it is kept in."""
    where = f"row {row} of 'videos_json'"
    backend = entry.get("backend") if isinstance(entry, dict) else None
    if not isinstance(backend, dict):
        raise Contradiction(f"{where} is damaged: it does not say how the video is read")
    name = backend.get("filename", entry.get("filename"))
    names = backend.get("filenames")
    if names is not None and not (
        isinstance(names, list) and names and all(isinstance(n, str) and n for n in names)
    ):
        raise Contradiction(f"{where} is damaged: its list of images is none")
    if not isinstance(name, str) or not name:
        raise Contradiction(f"{where} is damaged: it names no file")
    shape = backend.get("shape")
    if shape is not None and not (
        isinstance(shape, list) and len(shape) == 4 and all(side is None or _is_whole(side) for side in shape)
    ):
        raise Contradiction(
            f"{where} is damaged: its shape is {json.dumps(shape)}, not frames, height, width, channels"
        )
    dataset = backend.get("dataset")
    if name == "." and not isinstance(dataset, str):
        raise Contradiction(
            f"{where} is damaged: its images are in this file, but it does not say in which dataset"
        )
    return name, dataset if isinstance(dataset, str) else ""


def _rows(file: h5py.File, name: str, *, needed: bool) -> list[Any]:
    if needed and name not in file:
        raise Contradiction(f"it has no list '{name}'")
    return rows_of_text(file, name)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
