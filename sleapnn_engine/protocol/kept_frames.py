"""Frames that stay in a run folder, `<run>/frames/`: one file for each kept epoch, one for each image, all bounded in size.

A file is a NumPy archive without objects. An epoch has, for each of its frames, the body of the `frame` event as JSON and
its confidence maps in steps of 1/255, which take a fiftieth of what was sent; class maps likewise, PAFs in steps of 1/127.
Where that is too much, as in early epochs of large images, whose maps are full of noise, steps are coarse (1/15, 1/7), and
where that is too much still, only the worst frames have maps.
"""

import io
import math
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.config.disk import read_ordinary, write_whole
from sleapnn_engine.config.model_types import HEADS
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.protocol.codec import encode_body
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.messages import Event

FOLDER = "frames"
_EPOCH = re.compile(r"epoch-(\d{4,9})\.npz")
_MOST_BYTES = 64 * 2**20
_MOST_FRAMES = 64

Arrays = Mapping[str, np.ndarray]

#: The maps that are kept, and what their values from 0 or -1 to 1 are kept as.
_STEPS: dict[str, type] = {
    key: np.int8 if head.limbs else np.uint8 for key, head in HEADS.items() if head.maps
}


@attrs.frozen
class KeptEpoch:
    """The frames of an epoch as the events they were, and the names of files that hold no such things, or are not there."""

    events: list[Event]
    refused: list[str]


def kept_epochs(run_dir: Path) -> dict[int, Path]:
    """The files of the epochs, counted from 0, of which a run has kept frames, in order."""
    try:
        found = {
            int(match[1]): path
            for path in (run_dir / FOLDER).iterdir()
            if (match := _EPOCH.fullmatch(path.name))
        }
    except OSError:
        return {}
    return dict(sorted(found.items()))


def write_frames(
    folder: Path, epoch: int, frames: Sequence[tuple[Frame, Arrays]], *, map_bytes: float = math.inf
) -> Path:
    """Keep the frames of an epoch in `folder`, with maps that take about `map_bytes` at most; returns its file.

    Raises OSError.
    """
    folder.mkdir(exist_ok=True)
    packed = _maps_within(frames, map_bytes)
    for place, (said, arrays) in enumerate(frames):
        packed[f"body_{place}"] = np.frombuffer(encode_body(said.body)[0], np.uint8)
        image = image_path(folder, said)
        if not image.exists():
            _write(image, {"image": arrays["image"]})
    path = folder / f"epoch-{epoch:04d}.npz"
    _write(path, packed)
    return path


def _maps_within(frames: Sequence[tuple[Frame, Arrays]], most: float) -> dict[str, np.ndarray]:
    """The maps of the worst frames first, fine while each has its share, else coarse, until `most` bytes are taken."""
    packed: dict[str, np.ndarray] = {}
    order = sorted(range(len(frames)), key=lambda place: frames[place][0].rank or math.inf)
    for left, place in zip(range(len(frames), 0, -1), order, strict=True):
        arrays = frames[place][1]
        kept = _in_steps(arrays)
        taken = _stored_bytes(kept)
        if taken > most / left:
            kept = _in_steps(arrays, coarse=True)
            taken = _stored_bytes(kept)
        if taken <= most:
            most -= taken
            packed |= {f"{name}_{place}": maps for name, maps in kept.items()}
    return packed


def _in_steps(arrays: Arrays, *, coarse: bool = False) -> dict[str, np.ndarray]:
    """Maps as whole numbers; coarse ones come to a sixteenth of the values, which noise disappears between."""
    kept: dict[str, np.ndarray] = {}
    for name, steps in _STEPS.items():
        if name in arrays:
            lowest = 0.0 if np.dtype(steps).kind == "u" else -1.0
            most = float(np.iinfo(steps).max)
            levels = most // 16 if coarse else most
            values = np.round(np.clip(arrays[name].astype(np.float32), lowest, 1.0) * levels)
            kept[name] = np.round(values * (most / levels)).astype(steps)
    return kept


def _stored_bytes(kept: Arrays) -> int:
    """About what maps take in a file, by every eighth of their rows."""
    return sum(8 * len(zlib.compress(maps[:, ::8].tobytes(), 1)) for maps in kept.values())


def read_frames(path: Path) -> KeptEpoch:
    """The frames of a file of an epoch; those that are damaged are left out. For a thread."""
    packed = _read(path)
    if packed is None:
        return KeptEpoch([], [path.name])
    found: list[Event] = []
    refused: dict[str, None] = {}
    for place in range(_MOST_FRAMES):
        name = f"body_{place}"
        body = _body(packed.get(name))
        if body is None:
            refused.update({path.name: None} if name in packed else {})
            continue
        stored = image_path(path.parent, Frame.read(body))
        image = (_read(stored) or {}).get("image")
        if image is None or image.ndim != 3:
            refused[stored.name] = None
            continue
        arrays = {"image": image}
        for name, steps in _STEPS.items():
            maps = packed.get(f"{name}_{place}")
            if maps is not None and maps.ndim == 3 and maps.dtype == steps:
                arrays[name] = (maps.astype(np.float32) / np.iinfo(steps).max).astype(np.float16)
        found.append(Event(None, 0.0, Frame.kind, body, arrays))
    return KeptEpoch(found, list(refused))


def image_path(folder: Path, said: Frame) -> Path:
    """Where the image of a frame is kept, once for all epochs."""
    return folder / f"image-{said.split}-{said.index:06d}.npz"


def _body(packed: np.ndarray | None) -> dict[str, Any] | None:
    if packed is None or packed.dtype != np.uint8:
        return None
    try:
        body = from_json(packed.tobytes())
    except ValueError:
        return None
    known = {**body, "arrays": []} if isinstance(body, dict) else {}
    return None if complaint(Frame.fields(), known, mode="wire") else known


def _write(path: Path, arrays: Arrays) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            one = io.BytesIO()
            np.lib.format.write_array(one, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(f"{name}.npy", one.getvalue())
    write_whole(path, packed.getvalue(), durable=False)


def _read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a file; None where it is damaged, not there, holds objects, or is larger than anything kept here."""
    try:
        data = read_ordinary(path, most=_MOST_BYTES)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            if sum(one.file_size for one in listed) > 8 * _MOST_BYTES:
                return None
            return {
                one.filename.removesuffix(".npy"): np.lib.format.read_array(
                    io.BytesIO(archive.read(one)), allow_pickle=False
                )
                for one in listed
            }
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None
