"""The numbers of a labels file before they are read: every row must point to something that is there.

A row that points past the end of another table would end in a foreign error, or in labels that are silently wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import h5py
import numpy as np

from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.config.text_format import counted

_POINTS = ("x", "y", "visible", "complete")
_COLUMNS = {
    "frames": ("frame_id", "video", "frame_idx", "instance_id_start", "instance_id_end"),
    "instances": (
        *("instance_id", "instance_type", "frame_id", "skeleton", "track", "from_predicted", "score"),
        *("point_id_start", "point_id_end"),
    ),
    "points": _POINTS,
    "pred_points": (*_POINTS, "score"),
}
#: Instances of files from this format on end in one more column.
_TRACKING_SCORE = 1.2
_LARGEST = 2**62
#: A dataset may claim so many bytes for each that is stored (deflate makes 1,030 of one at best), and so many without any.
_BEST_RATIO, _LEAST_CLAIM = 2000, 1 << 20
#: The table in which the points of an instance are, by its type.
_OF_TYPE = {0: "points", 1: "pred_points"}


class Contradiction(ValueError):
    """What is wrong in a table, in words that name it, the row and the value."""


def check_tables(
    file: h5py.File,
    *,
    format_id: float,
    skeletons: Sequence[tuple[str, int]],
    videos: Sequence[str],
    tracks: int,
) -> list[str]:
    """Look at all tables of a labels file; returns what should be said of rows that nobody refers to.

    `skeletons` are names with their number of nodes, `videos` the dataset each video is kept in ("" for files).
    Raises Contradiction with everything that is wrong: tables or columns that are missing, values that are no
    whole numbers, rows that refer to what does not exist, animals with more or fewer points than nodes.
    """
    tables = {name: _table(file, name, format_id) for name in _COLUMNS}
    found = [*_frame_rows(tables, videos), *_instance_rows(tables, skeletons, tracks)]
    if not found:
        found = list(_point_rows(tables, skeletons))
    if found:
        raise Contradiction("; ".join(found))
    return list(_unused(tables))


def _table(file: h5py.File, name: str, format_id: float) -> dict[str, np.ndarray]:
    """Columns of one table, {name: values}. Raises Contradiction when it is not there or its columns are others."""
    data = _there(file, name)
    if not isinstance(data, h5py.Dataset):
        raise Contradiction(f"it has no table '{name}'")
    wanted = _COLUMNS[name]
    if name == "instances" and format_id >= _TRACKING_SCORE:
        wanted = (*wanted, "tracking_score")
    if data.dtype.names is not None:
        rows = _values(data, f"table '{name}'")
        columns = {column: rows[column] for column in data.dtype.names}
    elif data.ndim == 2 and "field_names" in data.attrs:
        names, rows = from_json(data.attrs["field_names"]), _values(data, f"table '{name}'")
        columns = {column: rows[:, place] for place, column in enumerate(names)}
    elif data.size == 0:
        columns = {column: np.zeros(0) for column in wanted}
    else:
        raise Contradiction(f"table '{name}' has no columns with names")
    missing = [column for column in wanted if column not in columns]
    if missing:
        raise Contradiction(f"table '{name}' has no column '{missing[0]}'")
    if name in ("frames", "instances") and len(columns) != len(wanted):
        extra = next(column for column in columns if column not in wanted)
        raise Contradiction(
            f"table '{name}' has a column '{extra}', which its format {format_id:g} does not have"
        )
    if name in ("frames", "instances") and tuple(columns) != wanted:
        place = next(place for place, column in enumerate(columns) if column != wanted[place])
        raise Contradiction(
            f"column {place} of table '{name}' is '{list(columns)[place]}', where its format {format_id:g} has "
            f"'{wanted[place]}'"
        )
    whole = [column for column in wanted if name in ("frames", "instances") and "score" not in column]
    for column in wanted:
        columns[column] = (_whole if column in whole else _number)(columns[column], name, column)
    return columns


def _there(file: h5py.File, name: str) -> Any:
    """What is under a name, None without it. Raises Contradiction where the name leads nowhere."""
    try:
        return file.get(name)
    except (KeyError, OSError, RuntimeError) as error:
        raise Contradiction(f"'{name}' is there, but cannot be opened") from error


def _values(data: h5py.Dataset, what: str) -> np.ndarray:
    """All values of a dataset. Raises Contradiction naming it where they are damaged or cut off.

    What says it is larger than anything that compresses so well would be zeros that fill the memory.
    """
    try:
        if data.size * data.dtype.itemsize > _LEAST_CLAIM + _BEST_RATIO * data.id.get_storage_size():
            raise Contradiction(
                f"{what} is damaged: it says that it has {data.size} values, which the file does not hold"
            )
        return np.asarray(data[()])
    except Contradiction:
        raise
    except (OSError, RuntimeError, ValueError, TypeError, MemoryError) as error:
        raise Contradiction(f"{what} is damaged or cut off: it cannot be read") from error


def _number(values: np.ndarray, table: str, column: str) -> np.ndarray:
    if values.dtype.kind not in "biuf" or values.ndim != 1:
        raise Contradiction(f"column '{column}' of table '{table}' holds no numbers")
    return values


def _whole(values: np.ndarray, table: str, column: str) -> np.ndarray:
    """Numbers of rows, int64. Raises Contradiction naming the first that is none."""
    _number(values, table, column)
    if values.dtype.kind == "f":
        wrong = ~np.isfinite(values) | (values != np.floor(values)) | (np.abs(values) > _LARGEST)
    elif values.dtype.kind == "u":
        wrong = values > _LARGEST
    else:
        wrong = np.zeros(values.shape, dtype=bool)
    for said in _rows(wrong, table, lambda row: f"'{column}' is {values[row]}, which is no number of a row"):
        raise Contradiction(said)
    return values.astype(np.int64)


def _rows(wrong: np.ndarray, table: str, told: Callable[[int], str]) -> Iterator[str]:
    """One sentence for all rows that are wrong in the same way, naming the first."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        more = f" (and {counted(len(rows) - 1, 'more row')})" if len(rows) > 1 else ""
        yield f"table '{table}', row {rows[0]}: {told(int(rows[0]))}{more}"


def _frame_rows(tables: dict[str, dict[str, np.ndarray]], videos: Sequence[str]) -> Iterator[str]:
    frames = tables["frames"]
    known = _video_numbers(frames["video"], videos)
    yield from _rows(
        ~np.isin(frames["video"], known),
        "frames",
        lambda row: f"'video' is {frames['video'][row]}, but the file has {_range(len(videos), 'video')}",
    )
    yield from _rows(
        frames["frame_idx"] < 0, "frames", lambda row: f"'frame_idx' is {frames['frame_idx'][row]}"
    )
    yield from _ranges(
        frames, "frames", "instance_id", rows=len(tables["instances"]["skeleton"]), of="instances"
    )


def _instance_rows(
    tables: dict[str, dict[str, np.ndarray]], skeletons: Sequence[tuple[str, int]], tracks: int
) -> Iterator[str]:
    table = tables["instances"]
    kind, ids = table["instance_type"], table["instance_id"]

    def message(column: str, what: str) -> Callable[[int], str]:
        return lambda row: f"'{column}' is {table[column][row]}, {what}"

    yield from _rows(
        ~np.isin(kind, (0, 1)),
        "instances",
        message("instance_type", "which is neither labelled (0) nor predicted (1)"),
    )
    skeleton, track, source = table["skeleton"], table["track"], table["from_predicted"]
    there = f"but the file has {_range(len(skeletons), 'skeleton')}"
    yield from _rows((skeleton < 0) | (skeleton >= len(skeletons)), "instances", message("skeleton", there))
    there = f"but the file has {_range(tracks, 'track')}"
    yield from _rows((track < -1) | (track >= tracks), "instances", message("track", there))
    repeated = np.ones(len(ids), dtype=bool)
    repeated[np.unique(ids, return_index=True)[1]] = False
    yield from _rows(repeated, "instances", message("instance_id", "as in an earlier row"))
    unknown = (source >= 0) & ~np.isin(source, ids)
    yield from _rows(
        unknown, "instances", message("from_predicted", "but no instance has that 'instance_id'")
    )
    for value, name in _OF_TYPE.items():
        rows = len(tables[name]["x"])
        yield from _ranges(table, "instances", "point_id", rows=rows, of=name, only=kind == value)


def _ranges(
    table: dict[str, np.ndarray],
    name: str,
    column: str,
    *,
    rows: int,
    of: str,
    only: np.ndarray | None = None,
) -> Iterator[str]:
    """Rows `<column>_start` to `<column>_end` of the table `of` must be there, and belong to one row only."""
    start, end = table[f"{column}_start"], table[f"{column}_end"]
    chosen = np.ones(len(start), dtype=bool) if only is None else only
    wrong = chosen & ((start < 0) | (end < start) | (end > rows))
    yield from _rows(
        wrong,
        name,
        lambda row: (
            f"'{column}_start' to '{column}_end' are {start[row]} to {end[row]}, but '{of}' has {counted(rows, 'row')}"
        ),
    )
    if wrong.any():
        return
    order = np.flatnonzero(chosen & (end > start))
    order = order[np.argsort(start[order], kind="stable")]
    shared = np.zeros(len(start), dtype=bool)
    shared[order[1:]] = start[order[1:]] < np.maximum.accumulate(end[order])[:-1] if len(order) > 1 else False
    yield from _rows(
        shared,
        name,
        lambda row: f"its rows {start[row]} to {end[row]} of '{of}' belong to another row as well",
    )


def _point_rows(
    tables: dict[str, dict[str, np.ndarray]], skeletons: Sequence[tuple[str, int]]
) -> Iterator[str]:
    """Every animal has one point per node of its skeleton."""
    table = tables["instances"]
    if not len(table["skeleton"]):
        return
    nodes = np.array([count for _, count in skeletons])[table["skeleton"]]
    points = table["point_id_end"] - table["point_id_start"]
    wrong = points != nodes
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        name, count = skeletons[int(table["skeleton"][row])]
        alike = wrong & (table["skeleton"] == table["skeleton"][row]) & (points == points[row])
        have = "has" if alike.sum() == 1 else "have"
        yield (
            f"{counted(int(alike.sum()), 'animal')} {have} {counted(int(points[row]), 'point')}, but the skeleton "
            f"'{name}' has {counted(count, 'node')} (table 'instances', row {row})"
        )


def _unused(tables: dict[str, dict[str, np.ndarray]]) -> Iterator[str]:
    frames, total = tables["frames"], len(tables["instances"]["skeleton"])
    used = int((frames["instance_id_end"] - frames["instance_id_start"]).sum())
    if used < total:
        yield f"{counted(total - used, 'animal')} of table 'instances' belong to no frame: left out."


def _video_numbers(used: np.ndarray, videos: Sequence[str]) -> list[int]:
    """The numbers under which frames may refer to videos: their places, or those in the names of their datasets."""
    places = list(range(len(videos)))
    seen = set(used.tolist())
    if len(seen) == len(videos) and max(seen, default=0) == len(videos) - 1:
        return places
    numbers = set(places)
    for place, dataset in enumerate(videos):
        group = dataset.split("/")[0] if "/" in dataset else ""
        digits = group.removeprefix("video")
        if group.startswith("video") and digits.isdigit():
            numbers.add(int(digits))
        else:
            numbers.add(place)
    return sorted(numbers)


def _range(count: int, noun: str) -> str:
    """`2 tracks (0 to 1)`, `no track`."""
    if not count:
        return f"no {noun}"
    return counted(count, noun) + (" (0)" if count == 1 else f" (0 to {count - 1})")


def rows_of_text(file: h5py.File, name: str) -> list[Any]:
    """The rows of a list of texts, each read as JSON; [] where the file has none.

    Raises Contradiction naming the row that is none.
    """
    there = _there(file, name)
    if there is None:
        return []
    if not isinstance(there, h5py.Dataset) or there.shape is None:
        raise Contradiction(f"'{name}' is no list of texts")
    read = []
    data = np.atleast_1d(_values(there, f"list '{name}'"))
    for row, value in enumerate(data.ravel().tolist()):
        try:
            read.append(from_json(value if isinstance(value, (bytes, str)) else bytes(value)))
        except (ValueError, TypeError) as error:
            raise Contradiction(f"row {row} of '{name}' is damaged: it is no JSON text") from error
    return read
