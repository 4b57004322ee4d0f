"""Settings that presets and advice leave alone, and whose preset locked them; kept for this person, in no config."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sleapnn_engine.config.disk import write_whole
from sleapnn_engine.config.own_presets import label_of
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.text_format import first_few
from sleapnn_gui.widgets.language import tr

#: Dotted path of a setting or section -> title of the preset that locked it.
Locks = Mapping[str, str]


def read_locks(file: Path) -> dict[str, str]:
    """What is locked; nothing where the file is not there or holds something else."""
    try:
        said = from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    pairs = said.items() if isinstance(said, dict) else ()
    return {path: str(by) for path, by in pairs if path in SPEC.keys or path in SPEC.sections}


def write_locks(file: Path, locks: Locks) -> None:
    """Keep what is locked, in a folder that is there. Raises OSError."""
    write_whole(file, json.dumps(dict(locks), indent=1))


def kept_words(paths: Iterable[str]) -> str:
    """A sentence that says what stayed because it is locked; '' without anything."""
    names = [tr(label_of(path)) for path in paths]
    return tr("Left as it is, because it is locked: {names}.", names=first_few(names)) if names else ""
