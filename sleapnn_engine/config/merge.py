"""Changing single values of a YAML text while its comments, order and untouched lines stay."""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.tree import same
from sleapnn_engine.config.yaml_dialect import parse, write


def merged_text(base: str, values: dict[str, Any]) -> str | None:
    """`base` with its values changed to `values`, or None where that cannot be done without doubt."""
    yaml = _round_trip()
    try:
        document = yaml.load(base)
        _change(document, parse(base), values)
        stream = io.StringIO()
        yaml.dump(document, stream)
        text = stream.getvalue()
        return text if write(parse(text)) == write(values) else None
    except (YAMLError, UserError, TypeError, ValueError, AttributeError):
        # Anything the round-trip reader cannot follow exactly is written afresh by the caller.
        return None


def _round_trip() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.representer.add_representer(
        type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.representer.add_representer(
        float,
        lambda dumper, number: dumper.represent_scalar(
            "tag:yaml.org,2002:float", write(number).split("\n")[0]
        ),
    )
    return yaml


def _change(document: CommentedMap, before: dict[str, Any], after: dict[str, Any]) -> None:
    for name in [name for name in before if name not in after]:
        del document[name]
    for name, value in after.items():
        old = before.get(name)
        if name in before and _same(old, value):
            continue
        if isinstance(value, dict) and isinstance(old, dict) and isinstance(document.get(name), CommentedMap):
            _change(document[name], old, value)
        else:
            document[name] = _plain(value)


def _same(old: Any, new: Any) -> bool:
    """Equal in value and in type: 1, 1.0 and true are three different things to write."""
    return type(old) is type(new) and (
        write(old) == write(new) if isinstance(old, (dict, list)) else same(old, new)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return CommentedMap((name, _plain(item)) for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str) and _reads_otherwise(value):
        return DoubleQuotedScalarString(value)
    return value


def _reads_otherwise(text: str) -> bool:
    try:
        return bool(parse(text) != text)
    except UserError:
        return True
