"""Numbers and durations as people read them, the same everywhere on the page."""

import math
from collections.abc import Mapping
from typing import Any


def duration(seconds: float) -> str:
    """A span of time, coarser the longer it is: '45 s', '18 min', '2 h 05 min', '3 d 4 h'."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def exact_duration(seconds: float) -> str:
    """A span that was measured: '0.4 s', '12 s', '6 min 02 s'."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def loss(value: float | None) -> str:
    """A loss with three figures; a dash when there is none, words when it is no number."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not a number"
    if value == 0 or 1e-4 <= abs(value) < 1e4:
        digits = 2 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
        return f"{value:.{digits}f}"
    return power(value, figures=3)


def power(value: float, *, figures: int = 2) -> str:
    """A small or large number as people write learning rates: '1e-4', '5e-5', '2.5e-6'."""
    mantissa, exponent = f"{value:.{figures - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def pixels(value: float | None) -> str:
    """A distance in pixels: '3.4 px', '27 px'."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.1f} px" if value < 99.95 else f"{value:.0f} px"


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


def measured(error: Mapping[str, Any]) -> list[str]:
    """What a validation measured, in a few words each: '3.4 px', '93 % found', '97 % identified'."""
    parts = [pixels(error["median_px"])] if error.get("median_px") is not None else []
    for key, text in (("f1", "found"), ("class_accuracy", "identified")):
        if error.get(key) is not None:
            parts.append(f"{part(error[key])} {text}")
    return parts


def size(count: float) -> str:
    """An amount of memory: '640 MB', '3.1 GB'."""
    if count < 1e9:
        return f"{count / 1e6:.0f} MB"
    return f"{count / 1e9:.1f} GB"


def counted(number: int, one: str, many: str) -> str:
    """'1 epoch', '12 epochs'."""
    return f"{number:,} {one if number == 1 else many}"


def one_line(text: str) -> str:
    """Text with its line breaks turned into spaces."""
    return " ".join(text.split())
