"""The labels that a run was trained on, by its config and at a glance: parsing thousands of configs would take a minute."""

import re
from collections.abc import Iterable
from pathlib import Path

from sleapnn_engine.config.disk import read_ordinary
from sleapnn_engine.config.run_models import GIVEN

_MOST_BYTES = 256 * 2**10
_LABELS = re.compile(rb"train_labels_path:[ \t]*(?P<own>[^\n]*)\n(?P<items>(?:[ \t]*-[ \t][^\n]*\n)*)")


def learned_from(folder: Path, labels: Iterable[str]) -> bool:
    """Whether the config in a run folder names exactly these training labels."""
    return {_place(path) for path in labels_of(folder)} == {_place(path) for path in labels}


def labels_of(folder: Path) -> list[str]:
    """The training labels that the config in a run folder names; [] where it names none or cannot be read."""
    for name in GIVEN:
        try:
            text = read_ordinary(folder / name, most=_MOST_BYTES)
        except OSError:
            continue
        found = _LABELS.search(text + b"\n")
        if found is None:
            return []
        own, items = (part.decode("utf-8", "replace") for part in found.group("own", "items"))
        listed = [line.strip()[1:] for line in items.splitlines()] or own.strip("[] \r").split(",")
        paths = (one.strip().strip("'\"") for one in listed)
        return [path for path in paths if path not in ("", "null", "~")]
    return []


def _place(path: str) -> Path:
    return Path(path).expanduser().absolute()
