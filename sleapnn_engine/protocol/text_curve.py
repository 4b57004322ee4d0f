"""Curves as plain text, for terminals: losses and figures over epochs, which count from 1."""

import math
from collections.abc import Sequence

import attrs

from sleapnn_engine.config.numbers import plain

_LABEL = 9


@attrs.frozen
class Series:
    """One curve: its name, the sign it is drawn with, and its points (place in epochs, value)."""

    name: str
    sign: str
    points: Sequence[tuple[float, float]]


def drawn_curves(series: Sequence[Series], *, title: str, width: int, height: int, log: bool) -> list[str]:
    """Lines of text of at most `width` signs that show these curves, `height` of them the curves themselves.

    `log` draws values on a logarithmic scale and leaves out those that it cannot show. Later series lie above earlier
    ones. Empty where there is nothing to show.
    """
    shown = [
        (one, [(x, y) for x, y in one.points if math.isfinite(y) and (y > 0 or not log)]) for one in series
    ]
    values = [y for _, points in shown for _, y in points]
    if not values:
        return []
    right = max(1.0, *(x for _, points in shown for x, _ in points))
    scale = math.log10 if log else float
    low, high = scale(min(values)), scale(max(values))
    columns = max(8, width - _LABEL - 1)
    cells = [[" "] * columns for _ in range(height)]
    for one, points in shown:
        for x, y in points:
            column = round(x / right * (columns - 1))
            share = (scale(y) - low) / (high - low) if high > low else 0.5
            cells[height - 1 - round(share * (height - 1))][column] = one.sign
    names = "   ".join(
        f"{one.sign} {one.name} {plain(points[-1][1], figures=3)}" for one, points in shown if points
    )
    labels = {0: plain(max(values), figures=3), height - 1: plain(min(values), figures=3)}
    lines = [f"{title}   {names}"]
    lines += [f"{labels.get(row, ''):>{_LABEL}} {''.join(line)}" for row, line in enumerate(cells)]
    lines.append(f"{'epochs':>{_LABEL}} {_axis(right, columns)}")
    return [line[:width].rstrip() for line in lines]


def _axis(right: float, columns: int) -> str:
    """How many epochs are over at the left end, and at the right."""
    return "0" + plain(right, figures=4).rjust(columns - 1)
