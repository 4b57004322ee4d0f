"""When a training is to stop by itself, in plain words: by an error in px, a time budget, a time of day, or no progress.

The words are the form in which rules travel: on the command line, in the protocol, in the journal. They are no settings
of a config: another program that trains the same file knows nothing of them.
"""

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.counting import counted, exact_duration
from sleapnn_engine.protocol.measures import MEDIAN_PX, Measured

#: What there is, for people who wrote something else.
EXAMPLES = (
    "error below 3 px",
    "error of nose, tail below 3 px",
    "after 2 h 30 min",
    "by 18:00",
    "no smaller error for 10 epochs",
)
MOST_RULES = 8
_UNITS = {"h": 3600.0, "min": 60.0, "s": 1.0}
_ERROR = re.compile(r"error(?: of (?P<parts>.+?))? (?:below|<) ?(?P<px>\d+(?:\.\d+)?) ?px")
_AFTER = re.compile(r"after (?P<spans>\d+(?:\.\d+)? ?(?:h|min|s)(?: \d+(?:\.\d+)? ?(?:h|min|s))*)")
_BY = re.compile(r"by (?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)")
_PLATEAU = re.compile(r"no smaller error for (?P<epochs>\d{1,6}) epochs?")


@attrs.frozen(kw_only=True)
class StopRule:
    """One rule; just one of the four is given. `text` is its words.

    `px`: the median error is below it, that of each of `parts` where there are any. `seconds`: of training, without
    pauses. `at`: a moment, in Unix seconds. `epochs`: for so many the median error has not become smaller.
    """

    text: str
    px: float | None = None
    parts: tuple[str, ...] = ()
    seconds: float | None = None
    at: float | None = None
    epochs: int | None = None


def parse_rule(text: str, *, now: float) -> StopRule:
    """Read a rule; `by 18:00` is the next time that clocks here show it after `now`. Raises ValueError with a sentence."""
    words = " ".join(text.split())
    if match := _ERROR.fullmatch(words):
        parts = tuple(
            dict.fromkeys(part.strip() for part in (match["parts"] or "").split(",") if part.strip())
        )
        of = f" of {', '.join(parts)}" if parts else ""
        px = float(match["px"])
        if px > 0:
            return StopRule(text=f"error{of} below {plain(px)} px", px=px, parts=parts)
    elif match := _AFTER.fullmatch(words):
        spans = re.findall(r"(\d+(?:\.\d+)?) ?(h|min|s)", match["spans"])
        seconds = sum(float(number) * _UNITS[unit] for number, unit in spans)
        if seconds > 0:
            return StopRule(text=f"after {match['spans']}", seconds=seconds)
    elif match := _BY.fullmatch(words):
        at = _next(int(match["hour"]), int(match["minute"]), now=now)
        return StopRule(text=f"by {int(match['hour']):02}:{match['minute']}", at=at)
    elif match := _PLATEAU.fullmatch(words):
        epochs = int(match["epochs"])
        if epochs > 0:
            return StopRule(text=f"no smaller error for {counted(epochs, 'epoch')}", epochs=epochs)
    known = ", ".join(f"“{example}”" for example in EXAMPLES)
    raise ValueError(f"“{words:.80}” is nothing to stop by; there is {known}")


def parse_rules(texts: Sequence[str]) -> tuple[StopRule, ...]:
    """Read rules, of which any may stop the training. Raises ValueError with a sentence."""
    if len(texts) > MOST_RULES:
        raise ValueError(f"at most {MOST_RULES} rules are followed")
    now = time.time()
    return tuple(parse_rule(text, now=now) for text in texts)


def complaint_of(args: Mapping[str, Any]) -> str | None:
    """Why the rules of a request cannot be followed; None where they can."""
    try:
        parse_rules(args["rules"])
    except ValueError as error:
        return str(error)
    return None


def _next(hour: int, minute: int, *, now: float) -> float:
    today = time.localtime(now)
    at = time.mktime((*today[:3], hour, minute, 0, 0, 0, -1))
    return at if at > now else time.mktime((*today[:2], today[2] + 1, hour, minute, 0, 0, 0, -1))


@attrs.define
class StopWatch:
    """Follows rules through a training and says which of them holds, in a sentence."""

    rules: tuple[StopRule, ...] = ()
    least: float = math.inf
    """The smallest median error so far, and for how many epochs there was none."""
    waited: int = 0

    def by_clock(self, *, trained: float, clock: Callable[[], float] = time.time) -> str:
        """Why to stop now, '' for no reason; `trained` are the seconds of training without pauses."""
        for rule in self.rules:
            if rule.seconds is not None and trained >= rule.seconds:
                return f"It has trained for {exact_duration(trained)}; it was to stop {rule.text}."
            if rule.at is not None and clock() >= rule.at:
                return f"It was to stop {rule.text}."
        return ""

    def by_error(self, measured: Measured | None) -> str:
        """Why to stop after an epoch with these errors, '' for no reason. Call it once for each epoch."""
        median = None if measured is None else measured[MEDIAN_PX]
        if median is not None and median < self.least:
            self.least, self.waited = median, 0
        else:
            self.waited += 1
        for rule in self.rules:
            if rule.epochs is not None and math.isfinite(self.least) and self.waited >= rule.epochs:
                return (
                    f"The median error has not become smaller than {plain(self.least)} px for "
                    f"{counted(self.waited, 'epoch')}; it was to stop at {rule.text}."
                )
            if rule.px is not None and measured is not None and (said := _below(rule, measured)):
                return f"{said}; it was to stop at {rule.text}."
        return ""


def _below(rule: StopRule, measured: Measured) -> str:
    """What the errors are where all that count are below the limit, else ''."""
    assert rule.px is not None
    known = {name: measured.by_node.get(name) for name in rule.parts}
    if rule.parts:
        found = {name: value for name, value in known.items() if value is not None and value < rule.px}
        if len(found) < len(rule.parts):
            return ""
        return "The error is " + ", ".join(f"{plain(value)} px of {name}" for name, value in found.items())
    median = measured[MEDIAN_PX]
    return f"The median error is {plain(median)} px" if median is not None and median < rule.px else ""
