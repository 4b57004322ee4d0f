"""Numbers and durations as people read them, the same everywhere on the page."""

import math

from sleapnn_engine.config.numbers import power
from sleapnn_engine.protocol.counting import duration, epoch_number, exact_duration
from sleapnn_engine.protocol.measures import HEADLINES, Measure, Measured, Unit
from sleapnn_gui.widgets import language
from sleapnn_gui.widgets.language import epoch_name, tr

__all__ = [
    "counted",
    "duration",
    "epoch_name",
    "epoch_number",
    "exact_duration",
    "loss",
    "measured",
    "one_line",
    "part",
    "pixels",
    "power",
    "rate",
    "share",
    "written",
]


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: '1 epoch', '1,200 epochs'; `many` where an s does not do."""
    return language.counted(number, one, many, spec=",")


def loss(value: float | None) -> str:
    """A loss with three figures; a dash when there is none, words when it is no number."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return tr("not a number")
    if value == 0 or 1e-4 <= abs(value) < 1e4:
        digits = 2 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
        return f"{value:.{digits}f}"
    return power(value, figures=3)


def pixels(value: float | None) -> str:
    """A distance in pixels: '3.4 px', '27 px'."""
    if value is None or not math.isfinite(value):
        return "–"
    return tr("{value:.1f} px", value=value) if value < 99.95 else tr("{value:.0f} px", value=value)


def rate(value: float) -> str:
    """Samples in a second: '0.42', '8.3', '142'."""
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def part(value: float | None) -> str:
    """A share that is given from 0 to 1, as a percentage: '93 %', '99.6 %' so that only all is 100 %."""
    if value is None or not math.isfinite(value):
        return "–"
    percent = 100 * value
    if 99.5 <= percent < 100:
        return f"{min(percent, 99.9):.1f} %"
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"


def share(value: float) -> str:
    """A percentage that is given in percent: '2.8 %', '41 %'."""
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"


def written(measure: Measure, value: float | None) -> str:
    """A figure of a validation in its unit; a dash where it was not measured."""
    if value is None:
        return "–"
    return {Unit.PIXELS: pixels, Unit.PERCENT: share, Unit.SHARE: part}[measure.unit](value)


def measured(figures: Measured) -> list[str]:
    """What a validation measured, in a few words each: '3.4 px', '93 % found', '97 % identified'."""
    return [f"{written(each, value)} {tr(each.brief)}".rstrip() for each, value in figures.items(HEADLINES)]


def ordinal(number: int) -> str:
    """A place in an order: '1st', '2nd', '11th', '23rd'."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def one_line(text: str) -> str:
    """Text with its line breaks turned into spaces."""
    return " ".join(text.split())
