"""What an editor asks about a config: what its labels hold and what is wrong with it."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.checks_disk import check_files, check_labels
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.validate import validate
from sleapnn_engine.config.view import DATA, View
from sleapnn_engine.data.describe import describe_labels

from .wanted import Cancelled, NotWanted


def _never() -> bool:
    return False


def describe(values: Mapping[str, Any], cancelled: Cancelled = _never) -> dict[str, Any]:
    """Facts of the labels that a config names, as `data.describe` lists them, of the training files.

    Besides: `validation`, the same facts of the validation files or null without any, and `test`, a list of those of
    each labelled test file. Never raises for what is wrong with files; raises NotWanted.
    """
    view = View(values)
    facts = _described(view, DATA + "train_labels_path", cancelled) or describe_labels([])
    facts["validation"] = _described(view, DATA + "val_labels_path", cancelled)
    facts["test"] = []
    return facts


def check(values: Mapping[str, Any], cancelled: Cancelled = _never) -> list[Issue]:
    """Everything wrong or doubtful in a config, its files and its labels; raises NotWanted and nothing else."""
    issues = [*validate(values), *check_files(values)]
    _require_wanted(cancelled)
    if not any(issue.path.endswith("_labels_path") for issue in issues if issue.severity == "error"):
        issues += check_labels(values, describe(values, cancelled))
    return issues


def _described(view: View, key: str, cancelled: Cancelled) -> dict[str, Any] | None:
    _require_wanted(cancelled)
    said = view.value(key)
    paths = [str(path) for path in ([said] if isinstance(said, str) else said or []) if path]
    only_user = view.value(DATA + "user_instances_only") is not False
    return describe_labels(paths, user_instances_only=only_user) if paths else None


def _require_wanted(cancelled: Cancelled) -> None:
    if cancelled():
        raise NotWanted
