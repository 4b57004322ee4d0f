"""What a check has to say about a config: where, how bad, why, and what would mend it."""

from typing import Any

import attrs

SEVERITIES = ("error", "warning", "info")


@attrs.frozen
class Fix:
    """A change that settles an issue: a short label and the new value for each dotted path."""

    label: str
    changes: dict[str, Any]


@attrs.frozen
class Issue:
    """One finding. `path` is a dotted key or section ('' for the whole file); `message` is a sentence."""

    path: str
    severity: str
    message: str
    fix: Fix | None = None


def error(path: str, message: str, fix: Fix | None = None) -> Issue:
    return Issue(path, "error", message, fix)


def warning(path: str, message: str, fix: Fix | None = None) -> Issue:
    return Issue(path, "warning", message, fix)
