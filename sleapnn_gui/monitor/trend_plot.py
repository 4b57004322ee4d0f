"""Small charts below the large one: a number over the epochs, as a line or as steps, and perhaps another one behind it."""

from collections.abc import Sequence

import attrs
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QWidget

from sleapnn_gui.monitor import ticks
from sleapnn_gui.monitor.crosshair import Crosshair, Describe
from sleapnn_gui.monitor.plots import QuietPlot, TickText, line_pen, make_curve, pale


@attrs.frozen
class Trend:
    """A line: its places and values, and whether each value `begins` before its place, as steps do."""

    x: np.ndarray
    y: np.ndarray
    begins: np.ndarray | None = None

    @property
    def path(self) -> tuple[np.ndarray, np.ndarray]:
        """The points to draw."""
        if self.begins is None or not len(self.x):
            return self.x, self.y
        return np.column_stack([self.begins, self.x]).ravel(), np.repeat(self.y, 2)


#: How the lines are drawn, the one that matters most first.
_PENS = (
    lambda: line_pen("accent", width=1.6),
    lambda: line_pen("validation_line", width=1.6, style=Qt.PenStyle.DashLine),
)


class TrendPlot(QuietPlot):
    """Draws up to two trends with one axis, the second dashed, or pale with `ghost`; the pointer is told by `describe`."""

    def __init__(
        self,
        describe: Describe = lambda _x: None,
        *,
        from_zero: bool = False,
        ghost: bool = False,
        y_text: TickText = ticks.plain_text,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        self._has_values = False
        super().__init__(
            y_text=y_text,
            y_values=self._values,
            left_width=40,
            parent=parent,
        )
        self.setAccessibleName(name)
        self._from_zero = from_zero
        self.bottom.setHeight(4)
        self.bottom.setStyle(showValues=False)
        self.view.setMouseEnabled(x=False, y=False)
        first, second = _PENS
        self._curve = make_curve(self, first, level=1)
        self._other = make_curve(self, (lambda: QPen(pale("accent", 0.4), 0)) if ghost else second)
        self.crosshair = Crosshair(self, describe, at_foot=from_zero)  # where such curves leave room

    def _values(self, low: float, high: float) -> list[float]:
        """What is named beside the plot: nothing before there is a value, whose range nobody knows."""
        return ticks.linear_ticks(low, high, most=3) if self._has_values else []

    def wheelEvent(self, event: object) -> None:
        """Leave the wheel to the page: a small chart is not for zooming."""

    def draw(self, trends: Sequence[Trend], *, x_range: tuple[float, float]) -> None:
        """Show one or two trends over the same stretch as the large chart."""
        self.view.setXRange(*x_range, padding=0)
        y = np.concatenate([trend.y for trend in trends])
        finite = y[np.isfinite(y)]
        if self._has_values != bool(len(finite)):
            self._has_values = bool(len(finite))
            self.left.refresh()
        if len(finite):
            low, high = float(finite.min()), float(finite.max())
            low = min(0.0, low) if self._from_zero else low
            room = (high - low) * 0.12 or abs(high) * 0.5 or 1.0
            self.view.setYRange(low - (0.0 if self._from_zero else room), high + room, padding=0)
        for curve, trend in zip((self._curve, self._other), trends, strict=False):
            curve.setData(*trend.path)
        self.crosshair.refresh()
