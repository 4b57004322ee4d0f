"""What a person says of a run: a name, a note, a star; one small file in the run folder, which nothing else depends on."""

import json
import os
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.disk import read_ordinary, write_whole
from sleapnn_engine.config.plain_json import from_json

#: Not called .json: SLEAP takes the newest JSON file of a run folder for the model's settings.
FILE_NAME = "remarks"
_MOST_BYTES = 64 * 2**10


@attrs.frozen
class Remarks:
    """A `name` to show in place of the folder's, a `note`, and whether the run has a `star`; '' stands for none."""

    name: str = ""
    note: str = ""
    star: bool = False


def read_remarks(run_dir: str | os.PathLike[str]) -> Remarks:
    """What is said of the run in a folder; nothing where there is no such file or it makes no sense."""
    said = _read(Path(run_dir) / FILE_NAME)
    name, note = (value if isinstance(value := said.get(key), str) else "" for key in ("name", "note"))
    return Remarks(name, note, said.get("star") is True)


def write_remarks(run_dir: str | os.PathLike[str], remarks: Remarks) -> None:
    """Keep what is said of a run; what other programs have added to the file stays. Raises OSError."""
    path = Path(run_dir) / FILE_NAME
    body = {**_read(path), **attrs.asdict(remarks)}
    write_whole(path, json.dumps(body, ensure_ascii=False, indent=1) + "\n", durable=False)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = from_json(read_ordinary(path, most=_MOST_BYTES))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
