"""What the Train page says of a run that has ended: one sentence, how grave it is, the evidence, and links."""

from pathlib import Path

import attrs

from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Outcome
from sleapnn_gui.widgets.language import tr

MOST_LAST_LINES = 5

#: The target of the link that copies a report.
REPORT = "copy report"

_BAD = (State.FAILED, State.CRASHED)


@attrs.frozen(kw_only=True)
class Ending:
    """`lines` are the evidence, `links` targets with their words."""

    text: str
    severity: str
    lines: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def describe_ending(outcome: Outcome) -> Ending:
    """What to say of an outcome; where it is a bad one, with the last lines and what helps to ask about it."""
    bad = outcome.state in _BAD
    text = outcome.sentence
    if outcome.where and outcome.where not in text:
        text = f"{outcome.where}: {text}"
    log, links = outcome.log_path, []
    if bad and log is not None:
        links.append((str(log), tr("Open {log}", log=log.name)))
    if bad and outcome.run_dir is not None:
        links.append((REPORT, tr("Copy report")))
    return Ending(
        text=" ".join(filter(None, (text, outcome.hint, *outcome.warnings))),
        severity="error" if bad else "warning" if outcome.warnings else "info",
        lines=(outcome.problems or with_log(outcome.last_lines[-MOST_LAST_LINES:], log)) if bad else (),
        links=tuple(links),
    )


def with_log(lines: tuple[str, ...], log: Path | None) -> tuple[str, ...]:
    """The last lines, and where all of them are."""
    return (*lines, tr("The whole log is {log}", log=log)) if log is not None else lines
