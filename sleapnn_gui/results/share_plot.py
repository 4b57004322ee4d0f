"""Which share reaches a distance or a similarity, as a curve; a second run is dashed."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt

from sleapnn_gui.monitor import ticks
from sleapnn_gui.monitor.plots import QuietPlot, line_pen, make_curve, make_name, put_name
from sleapnn_gui.widgets.language import tr


class SharePlot(QuietPlot):
    """Shares from 0 to 1 on the left, what is reached below; each curve is named where it ends or bends."""

    def __init__(self, *, name: str, unit: str = "") -> None:
        super().__init__(
            x_text=lambda value: f"{ticks.plain_text(value)}{unit}",
            y_text=lambda value: f"{100 * value:.0f} %",
            y_values=lambda low, high: [0.0, 0.5, 1.0],
        )
        self.setAccessibleName(name)
        self.bottom.values = lambda low, high: ticks.linear_ticks(low, high, most=5)
        self.view.setMouseEnabled(x=False, y=False)
        self._curves = (
            make_curve(self, lambda: line_pen("accent", width=2.2), level=3),
            make_curve(self, lambda: line_pen("validation_line", width=2.0, style=Qt.PenStyle.DashLine)),
        )
        self._names = (make_name(self, "accent_text"), make_name(self, "validation"))

    def wheelEvent(self, event: object) -> None:
        """Leave the wheel to the page."""

    def draw(self, curves: Sequence[tuple[str, Sequence[float], Sequence[float | None]]]) -> None:
        """Show one or two curves: name, what is reached, and which share reaches it."""
        # As far as all are known: a curve that ends before the other would look as if it did not go on.
        most = min((x[-1] for _, x, _ in curves if len(x)), default=1.0)
        self.view.setXRange(0, most, padding=0)
        self.view.setYRange(0, 1.04, padding=0)
        self.setAccessibleDescription("; ".join(_describe_curve(*curve) for curve in curves))
        for number, (line, text) in enumerate(zip(self._curves, self._names, strict=True)):
            if number >= len(curves):
                line.setData([], [])
                text.setVisible(False)
                continue
            name, x, y = curves[number]
            shares = np.array([np.nan if share is None else share for share in y], dtype=float)
            line.setData(np.asarray(x, dtype=float), shares)
            text.setVisible(False)
            if len(curves) > 1 and len(x):
                text.setText(name)
                wanted = most * (0.35 if number == 0 else 0.55)
                place = min(int(np.searchsorted(x, wanted)), len(x) - 1)
                put_name(
                    self, text, float(x[place]), min(max(float(np.nan_to_num(shares[place])), 0.08), 0.96)
                )


def _describe_curve(name: str, x: Sequence[float], y: Sequence[float | None]) -> str:
    if not len(x) or y[-1] is None:
        return tr("{name}: nothing measured", name=name)
    return tr("{name}: {y:.0f} % at {x:.1f}", name=name, y=100 * y[-1], x=x[-1])
