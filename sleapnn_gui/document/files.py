"""Opening whatever a person hands over: a config, SLEAP 1.4 JSON, or a preset."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from sleapnn_engine.config.files import parse_config, read_text

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


def open_config(path: Path) -> Opened:
    """Read a YAML config or import SLEAP 1.4 JSON. Raises UserError with the reason."""
    from sleapnn_engine.config.legacy import import_legacy, is_legacy

    path = path.expanduser()
    text = read_text(path)
    if is_legacy(text):
        imported = import_legacy(text, source=path)
        return Opened(values=imported.values, title=f"{path.stem} (imported)", report=imported)
    found = parse_config(text, path=path)
    return Opened(values=found.values, title=path.name, text=found.text, path=path)


def open_preset(preset: "Preset") -> Opened:
    """A preset as a new, unsaved config."""
    return Opened(values=preset.values, title=f"{preset.title} (not saved)", text=preset.text)
