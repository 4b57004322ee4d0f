"""What can be said of a labels file before it is read: that it is one, is whole, agrees with itself."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

import h5py

from sleapnn_engine.config.disk import read_ordinary, reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.label_tables import Contradiction, check_tables
from sleapnn_engine.data.label_texts import NewerFormat, read_texts
from sleapnn_engine.data.video_paths import is_address

_HDF5 = b"\x89HDF\r\n\x1a\n"
#: Functions of the reader that are for any part of a file.
_WHOLE = ("labels", "slp", "hdf5_dataset", "hdf5_attrs", "hdf5_group")
_LAST_COPY = "Take the last good copy, or export the labels again from the program that wrote them."


def check_labels_file(path: Path) -> list[str]:
    """Raise UserError, saying what to do, unless `path` is a readable and consistent labels file.

    Only the file's structure, texts and tables are looked at: a table that points past the end of another would
    otherwise lead to labels that are silently wrong. Returns what should be said of rows that nobody refers to.
    """
    _check_bytes(path)
    try:
        with h5py.File(path, "r") as file:
            _check_metadata(file, path)
            texts = read_texts(file)
            _check_addresses(texts.names, path)
            return check_tables(
                file,
                format_id=texts.format_id,
                skeletons=texts.skeletons,
                videos=texts.videos,
                tracks=texts.tracks,
            )
    except NewerFormat as error:
        hint = "Update this program, or save the labels for the version of SLEAP before."
        raise UserError(str(error), where=str(path), hint=hint) from error
    except Contradiction as error:
        message = f"The file contradicts itself or is damaged: {error}."
        raise UserError(message, where=str(path), hint=_LAST_COPY) from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        message = "The file is damaged or cut short: a part of it cannot be read."
        raise UserError(
            message, where=str(path), hint="Copy it again, or take the last good copy."
        ) from error


def unreadable_labels(path: Path, error: Exception) -> UserError:
    """What to tell of a file that is consistent in what was checked, and still cannot be read.

    The reader has one function for each part of a file; the one that failed says which part it was. What it held is let
    go, or the file would stay open, and locked for others, as long as somebody keeps the error.
    """
    part = ""
    for call in traceback.extract_tb(error.__traceback__):
        name = call.name.removeprefix("read_")
        if call.name.startswith("read_") and "sleap_io" in call.filename and name not in _WHOLE:
            part = name
    _let_go(error)
    what = f"its part '{part}' is damaged" if part else "a part of it is damaged"
    message = (
        f"The file cannot be read as SLEAP labels: {what}, or of a kind that this program does not know."
    )
    return UserError(message, where=str(path), hint=_LAST_COPY)


def _let_go(error: BaseException | None) -> None:
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _check_bytes(path: Path) -> None:
    """Tell the usual mix-ups apart from the first bytes, before HDF5 gives its own opinion."""
    where = str(path)
    try:
        if path.is_dir():
            raise UserError(
                "This is a folder, not a labels file.", where=where, hint="Choose a .slp file in it."
            )
        start = read_ordinary(path, most=64)
    except FileNotFoundError as error:
        raise UserError("The labels file does not exist.", where=where, hint="Check its path.") from error
    except OSError as error:
        message = f"The labels file cannot be opened ({reason_of(error)})."
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


def _check_addresses(names: Sequence[str], path: Path) -> None:
    """Refuse videos that live on the web: frames would be fetched over the network during training."""
    for name in names:
        if is_address(name):
            message = f"Its video is a web address ({name})."
            raise UserError(
                message, where=str(path), hint="Download the video and point the labels to the file."
            )
