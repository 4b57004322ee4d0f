"""What the editor is told of a config: labels as the config reads them, and issues that travel between processes."""

import json
from pathlib import Path

import pytest

from sleapnn_engine.config.issue import Fix, Issue, Remove, issue_from, issue_values
from sleapnn_engine.inspect.answers import check, describe
from sleapnn_engine.inspect.wanted import NotWanted

from ..training.rendered import job, write_labels


@pytest.mark.parametrize(
    "issue",
    [
        Issue("a.b", "error", "Wrong."),
        Issue("", "warning", "Odd.", Fix("Use 2", {"a.b": 2, "a.c": None})),
        Issue("a.b", "error", "Misspelt.", Fix("Rename", {"a.c": [1.5, "x"], "a.b": Remove})),
    ],
)
def test_issues_travel_as_json(issue: Issue) -> None:
    assert issue_from(json.loads(json.dumps(issue_values(issue)))) == issue


def test_labels_are_read_as_the_config_says(tmp_path: Path) -> None:
    labels = write_labels(tmp_path, frames=6, predicted=6)
    values = job(tmp_path, labels, data_config__user_instances_only=True)
    assert describe(values)["problems"]
    assert any(issue.severity == "error" for issue in check(values))
    values["data_config"]["user_instances_only"] = False
    assert not describe(values)["problems"]
    assert describe(values)["instances"]["used"] == 6
    assert not [issue for issue in check(values) if issue.severity == "error"]


def test_an_answer_that_nobody_waits_for_is_given_up(tmp_path: Path) -> None:
    values = job(tmp_path, write_labels(tmp_path))
    for answer in (describe, check):
        with pytest.raises(NotWanted):
            answer(values, lambda: True)
