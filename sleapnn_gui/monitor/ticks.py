"""Which few values an axis names, linear or logarithmic, and how it writes them."""

import math
from collections.abc import Sequence

import numpy as np

from sleapnn_gui.monitor import words


def linear_ticks(low: float, high: float, *, most: int = 4) -> list[float]:
    """At most `most` round values between two others, evenly spaced."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return []
    raw = (high - low) / max(1, most)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(size * magnitude for size in (1, 2, 2.5, 5, 10) if size * magnitude >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def whole_ticks(low: float, high: float, *, most: int = 7) -> list[float]:
    """Round values as in `linear_ticks`, whole numbers only."""
    ticks = linear_ticks(low, high, most=most)
    return [tick for tick in ticks if abs(tick - round(tick)) < 1e-9]


#: Steps of an axis in seconds that people count in: 1, 2, 5, 10, 15, 30, of seconds, minutes, hours; then days.
_TIME_STEPS = [
    *(count * unit for unit in (1.0, 60.0) for count in (1, 2, 5, 10, 15, 30)),
    *(count * 3600.0 for count in (1, 2, 3, 6, 12, 24)),
]


def time_ticks(low: float, high: float, *, most: int = 7) -> list[float]:
    """At most `most` durations in seconds that are round in seconds, minutes, hours or days."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return []
    raw = (high - low) / most
    day = _TIME_STEPS[-1]
    step = next((step for step in _TIME_STEPS if step >= raw), day * math.ceil(raw / day))
    return [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """At most about `most` round values between two positive ones: decades, then 1-2-5, then evenly spaced."""
    if not (0 < low < high and math.isfinite(high)):
        return []
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first + 1) / most))
    choices = [
        [10.0**power for power in range(first, last + 1) if power % stride == 0],
        [step * 10.0**power for power in range(first, last + 1) for step in (1, 5)],
        [step * 10.0**power for power in range(first, last + 1) for step in (1, 2, 5)],
    ]
    best: list[float] = []
    for choice in choices:
        inside = [value for value in choice if low <= value <= high]
        if len(inside) <= most and len(inside) > len(best):
            best = inside
    return best if len(best) >= 3 else linear_ticks(low, high, most=most - 1)


def loss_text(value: float) -> str:
    """A tick of a loss axis: '0.005', '2e-5'."""
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e4:
        return f"{value:.6g}"
    return words.power(value, figures=3)


def short_text(value: float) -> str:
    """A tick in seven signs at most, for an axis that has no room for more: '0.005', '2.5e-4'."""
    plain = loss_text(value)
    return plain if len(plain) <= 6 or value == 0 else words.power(value, figures=3)


def plain_text(value: float) -> str:
    """A tick without any frills: '40', '2.5'."""
    return f"{value:.6g}"


def rate_text(value: float) -> str:
    """A tick of a learning rate axis: '1e-4'."""
    return "0" if value == 0 else words.power(value)


def nearest_index(values: Sequence[float] | np.ndarray, target: float) -> int:
    """Index of the value closest to `target`; `values` must not be empty and never fall."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < target:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0
    if low == len(values):
        return low - 1
    return low if values[low] - target < target - values[low - 1] else low - 1
