"""What the editor is told of a config: labels as the config reads them, and issues that travel between processes."""

import json
from pathlib import Path

import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.issue import Fix, Issue, Remove, issue_from, issue_values
from sleapnn_engine.inspect.answers import check, describe
from sleapnn_engine.inspect.wanted import NotWanted
from sleapnn_engine.training import prepare
from tests.engine.training.rendered import job, write_labels


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


@pytest.mark.parametrize("step", ["split_data", "outline", "require_disk"])
def test_a_check_is_given_up_between_any_two_steps_of_the_preparation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Once the labels are read, too; what was opened by then is closed."""
    values, reached, closed = job(tmp_path, write_labels(tmp_path)), [], []
    act, close = getattr(prepare, step), prepare.Prepared.close
    monkeypatch.setattr(
        prepare, step, lambda *words, **named: (reached.append(step), act(*words, **named))[1]
    )
    monkeypatch.setattr(prepare.Prepared, "close", lambda found: (closed.append(found), close(found))[1])
    with pytest.raises(NotWanted):
        check(values, lambda: bool(reached))
    assert reached
    assert closed


@pytest.mark.parametrize("precision", ["auto", "16"])
def test_a_number_format_that_training_refuses_is_refused_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], precision: str
) -> None:
    values = job(tmp_path, write_labels(tmp_path))
    values["trainer_config"]["trainer_accelerator"] = "cpu"
    file = tmp_path / "config.yaml"
    file.write_text(dump_config(values), encoding="utf-8")
    refused = main(["validate", str(file), "--labels", "--precision", precision]) == 2
    assert refused is (precision == "16")
    assert ("16-bit floats are for graphics cards" in capsys.readouterr().out) is refused
    if refused:
        assert main(["train", str(file), "--run-dir", str(tmp_path / "run"), "--precision", precision]) != 0
        assert "16-bit floats are for graphics cards" in capsys.readouterr().err
