"""Whether `train` and those who look before it say the same of a config: what refuses it and what is warned of."""

import json
from pathlib import Path

from sleapnn_engine.commands.validate import values_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.inspect.answers import check
from tests.engine.commands.in_process import EventBody, engine
from tests.engine.training.jobs import events


def require_agreement(said: EventBody, config: Path, *, run: Path) -> None:
    """Fail unless `check`, `validate --labels` and the training that `said` what it did have found the same.

    `run` is the folder of the training; there is none where it was refused.
    """
    found = found_before(config)
    validated = json.loads(engine("validate", "--labels", "--json", config).out)
    assert [(row["path"], row["severity"], row["message"]) for row in validated] == [
        (issue.path, issue.severity, issue.message) for issue in found
    ]
    refusing = [issue.message for issue in found if issue.severity == "error"]
    assert bool(refusing) == (said.code != 0)
    same_words(refused_by(said), refusing)
    warned = [issue.message for issue in found if issue.severity == "warning"]
    same_words(warned_by(said, run), warned)


def found_before(config: Path) -> list[Issue]:
    """What `check` finds in a file."""
    try:
        return check(values_of(config))
    except UserError as problem:
        return [Issue("", "error", f"{problem.message} {problem.hint}".strip())]


def refused_by(said: EventBody) -> list[str]:
    """Why a training did not begin, a line each."""
    return [line for line in said.faults if not line.endswith("reasons:")]


def warned_by(said: EventBody, run: Path) -> list[str]:
    """What a training warned of before it read images, a line each."""
    lines = [line for line in said.err.splitlines() if "warning: " in line]
    if not run.is_dir():
        return lines
    later, before = set(), True
    for event in events(run):
        body = event["body"]
        before = before and (event["kind"], body.get("name")) != ("phase", "cache")
        if not before and event["kind"] == "log" and body["level"] == "warning":
            later.add(f"warning: {body['text']}")
    return [line for line in lines if line not in later]


def same_words(lines: list[str], messages: list[str]) -> None:
    """Fail unless each line ends with one of the messages, and each message ends a line."""
    assert [line for line in lines if not any(line.endswith(message) for message in messages)] == []
    assert [message for message in messages if not any(line.endswith(message) for line in lines)] == []
