"""Opening whatever a person hands over: a config, SLEAP 1.4 JSON, or a preset."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import parse_config, read_config, read_text
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_engine.config.presets import Preset


@attrs.frozen(kw_only=True)
class Opened:
    """Values ready to edit. `text` is what saving may keep lines of; `path` is None where saving must ask."""

    values: dict[str, Any]
    title: str
    text: str = ""
    path: Path | None = None
    report: Any = None


def open_config(path: Path, *, closest_unet: bool = False, reset_resolved: bool = False) -> Opened:
    """Read a YAML config or import SLEAP 1.4 JSON. Raises UserError with the reason.

    The two options are for SLEAP JSON: accept a UNet in place of another backbone, and leave out what the old
    training had measured on its own labels.
    """
    from sleapnn_engine.config.legacy.conversion import import_legacy, is_legacy  # few files are old ones

    path = Path(os.path.expanduser(path))  # unlike Path.expanduser, it never fails
    text = read_text(path)
    if is_legacy(text):
        found = import_legacy(text, source=path, closest_unet=closest_unet, reset_resolved=reset_resolved)
        return Opened(values=found.values, title=tr("{path} (imported)", path=path.stem), report=found)
    config = parse_config(text, path=path)
    return Opened(values=config.values, title=path.name, text=config.text, path=path)


def open_preset(preset: "Preset") -> Opened:
    """A preset as a new, unsaved config."""
    found = read_config(preset.path)
    return Opened(values=found.values, title=tr(preset.title), text=found.text)


def is_overtaken(path: Path, text: str) -> bool:
    """Whether somebody else has changed a file since it was opened or saved here with this text."""
    if not os.path.exists(path):  # unlike Path.exists, it never fails
        return False
    try:
        return read_text(path) != text
    except UserError:
        return True
