"""Config files: open with every problem said, save without changing what was not changed."""

from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.disk import NoOrdinaryFile, read_ordinary, reason_of, write_whole
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.yaml_dialect import parse, write

#: Settings that are never written to a file.
SECRETS = ("trainer_config.wandb.api_key",)

_MAX_BYTES = 5_000_000


@attrs.frozen
class ConfigFile:
    """A config as it was read: its values, in file order with unknown keys, and the text they came from."""

    values: dict[str, Any]
    text: str
    path: Path | None = None


def read_config(path: Path) -> ConfigFile:
    """Read a YAML config. Raises UserError (usage) with the reason when it is missing or no config."""
    return parse_config(read_text(path), path=path)


def read_text(path: Path) -> str:
    """The text of a config file in UTF-8 or, with its mark, UTF-16. Raises UserError (usage)."""
    where = str(path)
    try:
        data = read_ordinary(path, most=_MAX_BYTES)
    except FileNotFoundError:
        raise UserError("There is no such file.", where=where, usage=True) from None
    except (IsADirectoryError, NoOrdinaryFile) as problem:
        if isinstance(problem, IsADirectoryError) or path.is_dir():
            raise UserError("This is a folder; choose a config file.", where=where, usage=True) from None
        raise UserError(f"The file cannot be read: {reason_of(problem)}.", where=where, usage=True) from None
    except OSError as problem:
        raise UserError(f"The file cannot be read: {reason_of(problem)}.", where=where, usage=True) from None
    if len(data) > _MAX_BYTES:
        raise UserError("The file is far too large for a config file.", where=where, usage=True)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise UserError(
            "This is not a text file.", where=where, hint="Choose a YAML config.", usage=True
        ) from None


def parse_config(text: str, *, path: Path | None = None) -> ConfigFile:
    """The config a text holds. Raises UserError (usage) when it is empty or not a section of keys."""
    where = str(path) if path else ""
    values = parse(text, where=where)
    if values is None:
        raise UserError("The file is empty.", where=where, hint="Start from a preset.", usage=True)
    if not isinstance(values, dict):
        kind = "a list" if isinstance(values, list) else "a single value"
        raise UserError(f"The file holds {kind}, not a config with sections.", where=where, usage=True)
    return ConfigFile(_text_keys(values), text, path)


def _text_keys(values: Any) -> Any:
    if isinstance(values, dict):
        return {str(name): _text_keys(value) for name, value in values.items()}
    return [_text_keys(item) for item in values] if isinstance(values, list) else values


def dump_config(values: dict[str, Any], *, base: str = "") -> str:
    """YAML text of a config. With `base`, the text it was read from, comments and unchanged lines stay.

    Secrets are left out. The text always reads back as exactly these values.
    """
    shown = without_secrets(values)
    if base:
        try:
            if without_secrets(parse_config(base).values) == shown and parse_config(base).values == shown:
                return base
        except UserError:
            return write(shown)
        from sleapnn_engine.config.merge import merged_text

        text = merged_text(base, shown)
        if text is not None:
            return text
    return write(shown)


def without_secrets(values: dict[str, Any]) -> dict[str, Any]:
    """The same config with secrets set to null; the original where it has none."""
    found = [path for path in SECRETS if tree.get(values, path)]
    if not found:
        return values
    copied: dict[str, Any] = copy_values(values)
    for path in found:
        tree.put(copied, path, None)
    return copied


def copy_values(values: Any) -> Any:
    """A deep copy of plain config values."""
    if isinstance(values, dict):
        return {name: copy_values(value) for name, value in values.items()}
    return [copy_values(item) for item in values] if isinstance(values, (list, tuple)) else values


def save_text(path: Path, text: str, *, backup: bool = True) -> None:
    """Write `text` to `path` whole or not at all; the file it replaces stays beside it as `NAME.bak`.

    Raises UserError where no ordinary file is or can be, or the disk takes no more; nothing is then touched.
    """
    try:
        write_whole(path, text, backup=backup)
    except (OSError, UnicodeEncodeError) as problem:
        raise UserError(
            f"The file cannot be written: {reason_of(problem)}.",
            where=str(path),
            hint="Nothing was changed; choose another place.",
        ) from None
