"""What a person's machine remembers of training engines: the one that was chosen, and the one that the app installed.

One small file in the folder where the system keeps the data of this person's programs. The window writes it; the command
line of a bundled app and the report of the machine read it too.
"""

import json
from pathlib import Path
from typing import Any

import attrs
import platformdirs

from sleapnn_engine.config.disk import read_ordinary, write_whole
from sleapnn_engine.config.plain_json import from_json

_NAME = "engine.json"
_MOST_BYTES = 1 << 16
#: What was last read or written, by folder: a window that begins something must not wait for the disk.
_READ: dict[Path, "KnownEngines"] = {}


@attrs.frozen(kw_only=True)
class Installation:
    """An engine that the app put on this machine, or began to.

    `place` is the folder that holds all of it, `build` the kind of torch, `wheels` the folder it came from, '' for the
    network. Until `finished` it is none that could train.
    """

    place: Path
    build: str
    version: str
    wheels: str = ""
    finished: bool = False


@attrs.frozen(kw_only=True)
class KnownEngines:
    """`command` starts the engine that was chosen, () where that is the one of this Python; `version` is what it said then."""

    command: tuple[str, ...] = ()
    version: str = ""
    installation: Installation | None = None


def data_folder() -> Path:
    """Where an engine is put unless a person wants it elsewhere."""
    return Path(platformdirs.user_data_path("sleapnn-gui", appauthor=False))


def known_engines() -> KnownEngines:
    """What is remembered; nothing where there is no such file, or one that cannot be read."""
    try:
        known = _read(from_json(read_ordinary(data_folder() / _NAME, most=_MOST_BYTES)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        known = KnownEngines()
    _READ[data_folder()] = known
    return known


def engines_read() -> KnownEngines:
    """What was remembered when this process last looked or wrote; it looks at first, and not at the disk again."""
    known = _READ.get(data_folder())
    return known_engines() if known is None else known


def remember_engines(known: KnownEngines) -> None:
    """Write down what is to be remembered. Raises OSError."""
    values = attrs.asdict(known, value_serializer=lambda _owner, _field, value: _plain(value))
    data_folder().mkdir(parents=True, exist_ok=True)
    write_whole(data_folder() / _NAME, json.dumps(values, indent=2) + "\n")
    _READ[data_folder()] = known


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _read(found: dict[str, Any]) -> KnownEngines:
    made, installation = found["installation"], None
    if made is not None:
        installation = Installation(
            place=Path(made["place"]),
            build=str(made["build"]),
            version=str(made["version"]),
            wheels=str(made["wheels"]),
            finished=made["finished"] is True,
        )
    return KnownEngines(
        command=tuple(str(word) for word in found["command"]),
        version=str(found["version"]),
        installation=installation,
    )
