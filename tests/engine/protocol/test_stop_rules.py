"""When a training stops by itself, in words: what can be said, what cannot, and when a rule holds."""

import time

import pytest

from sleapnn_engine.protocol.measures import Measured
from sleapnn_engine.protocol.stop_rules import EXAMPLES, MOST_RULES, StopWatch, parse_rule, parse_rules

NOW = time.mktime((2026, 3, 5, 17, 30, 0, 0, 0, -1))


def measured(median: float | None, **by_node: float | None) -> Measured:
    return Measured({"median_px": median}, by_node)


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_is_offered_is_understood_as_it_is_written(text: str) -> None:
    assert parse_rule(text, now=NOW).text == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("error < 2.50 px", "error below 2.5 px"),
        (" error of  nose ,tail, nose below 3px", "error of nose, tail below 3 px"),
        ("by 7:05", "by 07:05"),
        ("no smaller error for 1 epoch", "no smaller error for 1 epoch"),
    ],
)
def test_what_is_written_another_way_is_told_in_one(text: str, canonical: str) -> None:
    assert parse_rule(text, now=NOW).text == canonical


@pytest.mark.parametrize(
    "text", ["", "error below 0 px", "after 0 s", "after", "by 25:00", "by 18:60", "loss below 1", "no error"]
)
def test_anything_else_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match="by 18:00"):
        parse_rule(text, now=NOW)


def test_there_are_not_too_many() -> None:
    with pytest.raises(ValueError, match="at most"):
        parse_rules(["by 18:00"] * (MOST_RULES + 1))


def test_a_time_of_day_is_the_next_one() -> None:
    assert parse_rule("by 18:00", now=NOW).at == NOW + 1800
    assert parse_rule("by 17:00", now=NOW).at == NOW + 23.5 * 3600
    assert parse_rule("by 17:30", now=NOW).at == NOW + 24 * 3600


def test_the_clock() -> None:
    watch = StopWatch(tuple(parse_rule(text, now=NOW) for text in ("after 1 h 30 min", "by 18:00")))
    assert watch.by_clock(trained=5399, clock=lambda: NOW) == ""
    assert watch.by_clock(trained=5400, clock=lambda: NOW).startswith("It has trained for 1 h 30 min")
    assert watch.by_clock(trained=0, clock=lambda: NOW + 1800) == "It was to stop by 18:00."


def test_an_error_of_all_or_of_each_of_some_parts() -> None:
    watch = StopWatch((parse_rule("error of nose, tail below 3 px", now=NOW),))
    assert watch.by_error(None) == ""
    assert watch.by_error(measured(1.0, nose=2.0, tail=3.0)) == ""
    assert watch.by_error(measured(1.0, nose=2.0, tail=None)) == ""
    said = watch.by_error(measured(9.0, nose=2.0, tail=2.5))
    assert (
        said == "The error is 2 px of nose, 2.5 px of tail; it was to stop at error of nose, tail below 3 px."
    )
    watch.rules = (parse_rule("error below 3 px", now=NOW),)
    assert watch.by_error(measured(3.0)) == ""
    assert watch.by_error(measured(2.0)).startswith("The median error is 2 px")


def test_no_progress_counts_from_the_least_error() -> None:
    watch = StopWatch((parse_rule("no smaller error for 2 epochs", now=NOW),))
    errors = (None, None, None, 4.0, 5.0, 3.0, 3.5, None)
    said = [watch.by_error(measured(error)) for error in errors]
    assert said[:-1] == [""] * 7, "nothing found yet is no reason, nor is one epoch"
    assert said[-1].startswith("The median error has not become smaller than 3 px for 2 epochs")
