"""The one list of everything wrong or doubtful in a config; never raises."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.checks.across_keys import CHECKS
from sleapnn_engine.config.future_keys import Newer, newer_key
from sleapnn_engine.config.idle_settings import idle_reason, is_never_drawn
from sleapnn_engine.config.issue import Fix, Issue, Remove, error, warning
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.values import fits_type, problem_of


def validate(values: Mapping[str, Any]) -> list[Issue]:
    """All issues of a config, in schema order per kind: unknown keys, single values, rules across keys.

    Reads nothing from disk: `sleapnn_engine.inspect` looks at files and labels too.
    """
    view = ConfigReader(values)
    issues = [*_unknown_keys(values), *_single_values(values, view)]
    for check in CHECKS:
        issues.extend(check(view))
    return issues


def errors(issues: list[Issue]) -> list[Issue]:
    return [issue for issue in issues if issue.severity == "error"]


def _unknown_keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[Issue]:
    section = SPEC.sections[prefix]
    known = [path.rpartition(".")[2] for path in (*section.keys, *section.sections)]
    for name, value in values.items():
        path = f"{prefix}.{name}" if prefix else str(name)
        if path in SPEC.sections:
            yield from _section(path, value)
        elif path not in SPEC.keys:
            yield _unknown(path, str(name), value, known, prefix, values)


def _section(path: str, value: Any) -> Iterator[Issue]:
    meta = SPEC.sections[path].meta
    if isinstance(value, Mapping):
        yield from _unknown_keys(value, path)
    elif value is not None:
        yield error(path, f"{meta.label} must be a section with keys of its own; the file says {value!r}.")
    elif not meta.null:
        yield error(
            path,
            f"{meta.label} cannot be null; leave the section out to use the defaults.",
            Fix("Use the defaults", {path: SPEC.defaults(path)}),
        )


def _unknown(
    path: str, name: str, value: Any, known: list[str], prefix: str, siblings: Mapping[str, Any]
) -> Issue:
    where = prefix or "the file"
    newer = newer_key(path)
    if newer is not None:
        return _newer(path, name, value, newer)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    if not near:
        return warning(path, f"{name} is not a known key of {where}; it is kept and has no effect here.")
    renamed = f"{prefix}.{near[0]}" if prefix else near[0]
    fix = None if near[0] in siblings else Fix(f"Rename to {near[0]}", {renamed: value, path: Remove})
    return error(path, f"{name} is not a known key of {where}; did you mean {near[0]}?", fix)


def _newer(path: str, name: str, value: Any, newer: Newer) -> Issue:
    """What is to be said of a key of a later version: nothing to worry about where it asks for nothing."""
    text = f"{name} belongs to a newer version of the format; it is kept and has no effect here."
    if not newer.asks(value):
        return Issue(path, "info", text)
    if newer.needed:
        text = f"{name} belongs to a newer version of the format, and without it this is another model."
        return error(path, f"{text} {newer.effect}", Fix(f"Remove {name}", {path: Remove}))
    return warning(path, f"{text} {newer.effect}".strip())


def _single_values(values: Mapping[str, Any], view: ConfigReader) -> Iterator[Issue]:
    for key in SPEC.keys.values():
        if not tree.has(values, key.path) or not key.meta.edited:
            continue
        value = tree.get(values, key.path)
        found = problem_of(key, value)
        if found:
            severity, message, fixed = found
            idle = idle_reason(view, key.path) or is_never_drawn(view, key.path)
            if severity == "error" and fits_type(key, value) and idle:
                severity = "info"
                message += " It has no effect here, but other programs may refuse the file."
            fix = None if fixed is None else Fix(f"Use {_short(fixed)}", {key.path: fixed})
            yield Issue(key.path, severity, message, fix)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 24 else "a list"
