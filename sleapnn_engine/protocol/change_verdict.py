"""Did a change help? Runs before and after it, each with several seeds, and what can honestly be said of the difference."""

import math
from collections.abc import Sequence
from enum import StrEnum

import attrs

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.text_format import counted

#: Two-sided 95 % quantiles of Student's t, by degrees of freedom from 1; beyond these the last one is strict enough.
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
#: Seeds of each from which on a difference is told as known.
ENOUGH_SEEDS = 3


class Help(StrEnum):
    """What is known of a change."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known yet"


@attrs.frozen
class Verdict:
    """What is known, in a sentence, and how many more seeds of each would tell more."""

    help: Help
    sentence: str
    more_seeds: int = 0


def judge_change(before: Sequence[float], after: Sequence[float], *, unit: str = "px") -> Verdict:
    """Compare an error (less is better) of runs before a change and after it, one value a seed.

    A difference counts where it is larger than what seeds alone do in 19 of 20 such comparisons (Welch's test without
    its fraction of degrees of freedom, which makes it stricter), and at least three seeds of each were trained.
    """
    if not before or not after:
        return Verdict(Help.UNKNOWN, "Not known yet: one side has no measured run.", ENOUGH_SEEDS)
    one, other = _mean(before), _mean(after)
    gain = one - other
    told = _difference(gain, one, other, unit)
    fewest = min(len(before), len(after))
    spread = max(max(values) - min(values) for values in (before, after))
    if fewest < 2:
        return Verdict(
            Help.UNKNOWN,
            f"Not known yet: {told}, but with one run of a kind nobody can tell a change from a seed.",
            ENOUGH_SEEDS - fewest,
        )
    seeds = (
        f"{counted(len(before), 'seed')} of each"
        if len(before) == len(after)
        else f"{len(before)} and {len(after)} seeds"
    )
    said = f"{seeds} differ by up to {_written(spread, unit)}"
    error = math.sqrt(_variance(before) / len(before) + _variance(after) / len(after))
    if abs(gain) <= _T[min(fewest - 1, len(_T)) - 1] * error or gain == 0:
        return Verdict(
            Help.UNKNOWN,
            f"Not known yet: {told}, which is within what seeds do ({said}).",
            max(2, ENOUGH_SEEDS - fewest),
        )
    if fewest < ENOUGH_SEEDS:
        return Verdict(
            Help.UNKNOWN,
            f"Probably: {told}; {said}. With fewer than three seeds of each that may still be chance.",
            ENOUGH_SEEDS - fewest,
        )
    found = Help.YES if gain > 0 else Help.NO
    return Verdict(found, f"{found.value.capitalize()}: {told}; {said}.")


def _difference(gain: float, one: float, other: float, unit: str) -> str:
    values = f"{_written(other, unit)} instead of {_written(one, unit)}"
    if gain == 0:
        return f"no difference ({values})"
    return f"{_written(abs(gain), unit)} {'better' if gain > 0 else 'worse'} ({values})"


def _written(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit == "px" else f"{plain(value, figures=3)} {unit}".strip()


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
