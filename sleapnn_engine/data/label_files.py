"""What can be said of a labels file before it is read: that it is one, is whole, agrees with itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sleapnn_engine.config.errors import UserError

from .videos import is_address

_HDF5 = b"\x89HDF\r\n\x1a\n"
_REEXPORT = "Open it in SLEAP and save it again, or take the last good copy."


def check_labels_file(path: Path) -> None:
    """Raise UserError, saying what to do, unless `path` is a readable and consistent labels file.

    Only the file's structure and its tables are looked at: a table that points past the end of another would
    otherwise lead to labels that are silently wrong.
    """
    _check_bytes(path)
    try:
        with h5py.File(path, "r") as file:
            _check_metadata(file, path)
            _check_videos(file, path)
            _check_tables(file, path)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        reason = str(error).strip("'\"")
        message = f"The file is damaged or cut short ({reason})."
        raise UserError(
            message, where=str(path), hint="Copy it again, or take the last good copy."
        ) from error


def _check_bytes(path: Path) -> None:
    """Tell the usual mix-ups apart from the first bytes, before HDF5 gives its own opinion."""
    where = str(path)
    try:
        if path.is_dir():
            raise UserError(
                "This is a folder, not a labels file.", where=where, hint="Choose a .slp file in it."
            )
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError as error:
        raise UserError("The labels file does not exist.", where=where, hint="Check its path.") from error
    except OSError as error:
        message = f"The labels file cannot be opened ({error.strerror})."
        raise UserError(
            message, where=where, hint="Check its path and your permission to read it."
        ) from error
    if not start:
        hint = "Take the last good copy; the program that wrote it was probably interrupted."
        raise UserError("The labels file is empty (0 bytes).", where=where, hint=hint)
    if start.startswith(_HDF5):
        return
    if start.lstrip()[:1] in (b"{", b"["):
        hint = "If it is labels of an old SLEAP, open it in SLEAP and save it as .slp."
        raise UserError("This is JSON text, not a SLEAP labels file (.slp, HDF5).", where=where, hint=hint)
    kind = (
        "a video"
        if start[4:8] == b"ftyp" or start.startswith((b"RIFF", b"\x1aE\xdf\xa3"))
        else "something else"
    )
    message = f"This is not a SLEAP labels file (.slp, HDF5), it is {kind}."
    raise UserError(message, where=where, hint="Choose the labels file.")


def _check_metadata(file: h5py.File, path: Path) -> None:
    if "metadata" not in file or "json" not in file["metadata"].attrs:
        message = "This HDF5 file holds no SLEAP labels (it has no 'metadata')."
        raise UserError(message, where=str(path), hint="Choose a .slp file written by SLEAP.")
    try:
        json.loads(_text(file["metadata"].attrs["json"]))
    except ValueError as error:
        message = f"The file's description of skeletons and videos is damaged ({error})."
        raise UserError(message, where=str(path), hint=_REEXPORT) from error


def _check_videos(file: h5py.File, path: Path) -> None:
    """Refuse videos that live on the web: frames would be fetched over the network during training."""
    for row in file["videos_json"][()] if "videos_json" in file else ():
        try:
            entry = json.loads(_text(row))
        except ValueError as error:
            message = f"The file's list of videos is damaged ({error})."
            raise UserError(message, where=str(path), hint=_REEXPORT) from error
        name = (
            (entry.get("backend") or {}).get("filename") or entry.get("filename")
            if isinstance(entry, dict)
            else None
        )
        if isinstance(name, str) and is_address(name):
            message = f"Its video is a web address ({name})."
            raise UserError(
                message, where=str(path), hint="Download the video and point the labels to the file."
            )


def _check_tables(file: h5py.File, path: Path) -> None:
    """Every frame must point into the instances, every instance into the points of its kind."""
    frames, instances = _table(file, "frames"), _table(file, "instances")
    if frames is None or instances is None:
        return
    rows = len(instances)
    bad_frames = _out_of_range(frames["instance_id_start"], frames["instance_id_end"], rows)
    bad_instances = np.zeros(rows, dtype=bool)
    for kind, name in ((0, "points"), (1, "pred_points")):
        points = len(file[name]) if name in file else 0
        wrong = _out_of_range(instances["point_id_start"], instances["point_id_end"], points)
        bad_instances |= wrong & (instances["instance_type"] == kind)
    if bad_frames.any() or bad_instances.any():
        what = f"{int(bad_frames.sum())} frames and {int(bad_instances.sum())} instances"
        message = f"The file contradicts itself: {what} refer to rows that do not exist."
        raise UserError(message, where=str(path), hint=_REEXPORT)


def _table(file: h5py.File, name: str) -> Any:
    """Return a table with named columns, or None where a program stored it otherwise."""
    if name not in file:
        return None
    rows = file[name][()]
    return rows if rows.dtype.names else None


def _out_of_range(start: np.ndarray, end: np.ndarray, rows: int) -> np.ndarray:
    first, last = start.astype(np.int64), end.astype(np.int64)
    return (first < 0) | (last < first) | (last > rows)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
