"""Whether a change helped is told only where seeds alone would hardly do the same."""

import random

import pytest

from sleapnn_engine.protocol.change_verdict import Help, judge_change

CASES = {
    "one run of each": ([5.1], [3.6], Help.UNKNOWN, "1.50 px better (3.60 px instead of 5.10 px), but with one run", 2),
    "two seeds, far apart": ([5.0, 5.1], [3.5, 3.6], Help.UNKNOWN, "Probably: 1.50 px better", 1),
    "three seeds, far apart": ([5.0, 5.1, 5.2], [3.5, 3.6, 3.7], Help.YES, "Yes: 1.50 px better", 0),
    "three seeds, worse": ([3.5, 3.6, 3.7], [5.0, 5.1, 5.2], Help.NO, "No: 1.50 px worse", 0),
    "within the spread": ([5.0, 5.4, 5.2], [5.1, 4.9, 5.3], Help.UNKNOWN, "within what seeds do (3 seeds of each differ by up to 0.40 px)", 2),
    "the same": ([5.0, 5.0, 5.0], [5.0, 5.0, 5.0], Help.UNKNOWN, "no difference", 2),
    "no spread": ([5.0, 5.0, 5.0], [4.0, 4.0, 4.0], Help.YES, "differ by up to 0.00 px", 0),
    "unlike numbers": ([5.0, 5.1, 5.2, 5.1], [3.5, 3.6, 3.7], Help.YES, "4 and 3 seeds differ", 0),
    "nothing measured": ([], [3.5], Help.UNKNOWN, "no measured run", 3),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_judged(case: str) -> None:
    before, after, found, words, more = CASES[case]
    verdict = judge_change(before, after)
    assert (verdict.help, verdict.more_seeds) == (found, more)
    assert words in verdict.sentence


def test_chance_is_seldom_taken_for_help() -> None:
    """Runs that differ in their seed alone: less than one in twenty comparisons may say that something helped."""
    chance = random.Random(3)
    for seeds in (2, 3, 5):
        wrong = 0
        for _ in range(1000):
            values = [[chance.gauss(5.0, 0.3) for _ in range(seeds)] for _ in range(2)]
            wrong += judge_change(*values).help is not Help.UNKNOWN
        assert wrong < 50, seeds
    real = sum(
        judge_change(
            [chance.gauss(5.0, 0.3) for _ in range(5)], [chance.gauss(3.5, 0.3) for _ in range(5)]
        ).help
        is Help.YES
        for _ in range(200)
    )
    assert real > 190, "a large change is seen"
