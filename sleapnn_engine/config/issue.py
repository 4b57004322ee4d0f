"""What a check has to say about a config: where, how bad, why, and what would mend it."""

from collections.abc import Mapping
from typing import Any

import attrs


class Remove:
    """Stands in a fix for: take this key out of the file."""


@attrs.frozen
class Fix:
    """A change that settles an issue: a short label and the new value for each dotted path.

    With `locates` the change is not known yet: a person is asked where what is missing is now; with `folder`, the dotted
    path of a setting, which folder it is to name. `again`: nothing is to be changed, only tried again.
    """

    label: str
    changes: dict[str, Any]
    locates: bool = False
    folder: str = ""
    again: bool = False


#: What helps where labels, or videos that labels name, are not where they were.
LOCATE = Fix("Locate…", {}, locates=True)


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


def issue_values(issue: Issue) -> dict[str, Any]:
    """An issue as plain values that JSON can hold, for another process; `issue_from` reads them."""
    fix = None
    if issue.fix is not None:
        changes = issue.fix.changes
        fix = {
            "label": issue.fix.label,
            "set": {path: value for path, value in changes.items() if value is not Remove},
            "remove": [path for path, value in changes.items() if value is Remove],
            **({"locates": True} if issue.fix.locates else {}),
        }
    return {"path": issue.path, "severity": issue.severity, "message": issue.message, "fix": fix}


def issue_from(values: Mapping[str, Any]) -> Issue:
    """The issue that `issue_values` wrote."""
    said, fix = values["fix"], None
    if said is not None:
        changes = {**said["set"], **dict.fromkeys(said["remove"], Remove)}
        fix = Fix(said["label"], changes, locates=said.get("locates", False))
    return Issue(values["path"], values["severity"], values["message"], fix)
