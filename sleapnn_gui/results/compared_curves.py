"""Curves of several runs over each other, told apart by colour and dash, and the key to them."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_gui.monitor.plots import QuietPlot, line_pen, make_curve
from sleapnn_gui.monitor.run_axis import X
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_SOLID, _DASH, _DOT = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine
#: Colour and dash of each run, as many as there may be.
PENS = (
    ("accent", _SOLID), ("validation_line", _DASH), ("best", _DOT), ("error", _SOLID),
    ("warning", _DASH), ("accent", _DOT), ("validation_line", _SOLID), ("best", _DASH),
)  # fmt: skip
_LINE, _GAP, _HEIGHT = 22, 20, 20


def _pen(place: int, *, width: float = 2.0) -> "Callable[[], object]":
    token, style = PENS[place]
    return lambda: line_pen(token, width=width, style=None if style is _SOLID else style)


class ComparedCurves(QuietPlot):
    """One curve a run; zooming is left to the curves of a single run."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Curves of the runs that are compared"))
        self.view.setMouseEnabled(x=False, y=False)
        self._curves = [make_curve(self, _pen(place), level=len(PENS) - place) for place in range(len(PENS))]  # type: ignore[arg-type]

    def wheelEvent(self, event: object) -> None:
        """Leave the wheel to the page."""

    def draw(
        self,
        curves: Sequence[tuple[str, Sequence[tuple[float, float | None]]]],
        *,
        over: X,
        log: bool,
        written: Callable[[float | None], str],
        tick: Callable[[float], str],
    ) -> None:
        """Show (name, points) of each run; a value of None is a gap, and so is one that a logarithm cannot show."""
        drawn = [_points(points, log=log) for _, points in curves]
        self.bottom.text, self.bottom.values = over.text, over.values
        self.left.text = tick
        self.left.set_log(log)
        for place, curve in enumerate(self._curves):
            curve.setData(*(drawn[place] if place < len(drawn) else ([], [])))
        every_x, every_y = (np.concatenate([np.empty(0), *(one[side] for one in drawn)]) for side in (0, 1))
        known = every_y[np.isfinite(every_y)]
        if known.size:
            low, high = float(known.min()), float(known.max())
            room = (high - low) * 0.06 or (0.3 if log else abs(high) * 0.5 or 1.0)
            self.view.setYRange(low - room if log or low < 0 else 0.0, high + room, padding=0)
            self.view.setXRange(0.0, float(every_x.max()) * 1.01 or 1.0, padding=0)
        self.setAccessibleDescription("; ".join(_described(name, points, written) for name, points in curves))
        self.bottom.picture = None
        self.bottom.update()


def _points(points: Sequence[tuple[float, float | None]], *, log: bool) -> tuple[np.ndarray, np.ndarray]:
    x = np.array([place for place, _ in points], dtype=float)
    y = np.array([np.nan if value is None else value for _, value in points], dtype=float)
    if log:
        y = np.log10(np.where(y > 0, y, np.nan))
    return x, y


def _described(
    name: str, points: Sequence[tuple[float, float | None]], written: Callable[[float | None], str]
) -> str:
    known = [value for _, value in points if value is not None]
    return (
        tr("{name}: {written} at the end", name=name, written=written(known[-1]))
        if known
        else tr("{name}: nothing measured", name=name)
    )


class Legend(QWidget):
    """The name of each run behind a piece of its line."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        current_theme().changed.connect(self.update)

    def show_names(self, names: Sequence[str]) -> None:
        """Show these names, in the order of their curves."""
        self.names = list(names)
        self.setAccessibleName(tr("Curves: {names}", names=", ".join(names)))
        self.setToolTip("\n".join(names))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("caption"))
        room = self.width() // max(1, len(self.names)) - _LINE - _GAP
        left = 0.0
        for place, name in enumerate(self.names):
            token, style = PENS[place]
            painter.setPen(line_pen(token, width=2.0, style=None if style is _SOLID else style))
            painter.drawLine(QPointF(left, _HEIGHT / 2), QPointF(left + _LINE, _HEIGHT / 2))
            painter.setPen(theme.color("text"))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            box = self.rect().adjusted(int(left) + _LINE + 6, 0, 0, 0)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), shown)
            left += _LINE + 6 + painter.fontMetrics().horizontalAdvance(shown) + _GAP
