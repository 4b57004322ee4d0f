"""What validation measured at the end of each epoch, as lines over the epochs: distances, or shares in percent."""

import math

import attrs
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QWidget

from sleapnn_engine.protocol.measures import Group, Measure, Measured, Stroke, Unit, lines_of
from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.crosshair import Crosshair
from sleapnn_gui.monitor.plots import QuietPlot, line_pen, lone_stroke, make_curve, make_name, put_name
from sleapnn_gui.monitor.run_axis import RunAxis
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

LABEL_GAP = 15
"""Pixels between the names of two lines that end close together."""


_TEXT_TOKENS = {"validation_line": "validation"}
"""Lines whose colour is too pale for words."""


@attrs.frozen
class _Pen:
    """How a stroke is drawn: colour, style of the line, and width in pixels."""

    token: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: float = 1.4

    def __call__(self) -> QPen:
        solid = self.style is Qt.PenStyle.SolidLine
        return line_pen(self.token, width=self.width, style=None if solid else self.style)


_PENS = {
    Stroke.STRONG: _Pen("accent", width=2.2),
    Stroke.DASHED: _Pen("validation_line", Qt.PenStyle.DashLine, 2.0),
    Stroke.DOTTED: _Pen("muted", Qt.PenStyle.DotLine),
    Stroke.DASH_DOTTED: _Pen("muted", Qt.PenStyle.DashDotLine),
}


class EpochPlot(QuietPlot):
    """Draws the measures of one group; those that were never taken are left out."""

    def __init__(self, group: Group, *, axis: RunAxis, name: str, parent: QWidget | None = None) -> None:
        self.axis = axis
        self._lines = lines_of(group)
        percent = self._lines[0][0].unit is Unit.SHARE
        super().__init__(y_text=_percent_text if percent else ticks.plain_text, parent=parent)
        self.setAccessibleName(name)
        self.store: RunStore | None = None
        self._percent = percent
        self.view.setMouseEnabled(x=False, y=False)
        pens = [_PENS[line.stroke] for _, line in self._lines]
        self._curves = [make_curve(self, pen, level=3 - index) for index, pen in enumerate(pens)]
        self._names = [make_name(self, _TEXT_TOKENS.get(pen.token, pen.token)) for pen in pens]
        for (_, line), text in zip(self._lines, self._names):
            text.setText(tr(line.name))
        self._best = pg.ScatterPlotItem(size=11, symbol="o", antialias=True)
        self._best.setZValue(5)
        self.add_item(self._best)
        self.on_restyle(lambda: self._best.setPen(line_pen("best", width=2.0)))
        self.on_restyle(lambda: self._best.setBrush(current_theme().color("panel")))
        self.crosshair = Crosshair(self, self._describe)
        self.view.sigResized.connect(lambda *_: self._place_names())

    def draw(self) -> None:
        """Bring the picture up to date with the store."""
        store = self.store
        if store is None:
            return
        x = self.axis.ends(store)
        span = max(self.axis.end(store) * 1.012, self._room_for_names(x))
        self.view.setXRange(0.0, span, padding=0)
        shown = [self._values(store, measure) for measure, _ in self._lines]
        finite = np.concatenate([values[np.isfinite(values)] for values in shown] or [np.empty(0)])
        top = 100.0 if self._percent else float(finite.max(initial=1.0))
        self.view.setYRange(0.0, top * 1.06, padding=0)
        for curve, values in zip(self._curves, shown):
            curve.setData(*lone_stroke(*self.axis.epoch_line(store, values), span=span))
        self._draw_best(store, shown[0])
        self._place_names()
        self.crosshair.refresh()

    def _room_for_names(self, x: np.ndarray) -> float:
        """Where the axis must end so that the names stand beside the ends of their lines."""
        widest = max(text.boundingRect().width() for text in self._names) + 16
        share = min(0.5, widest / max(1.0, self.view.width()))
        return float(x[-1]) / (1.0 - share) if len(x) else 0.0

    def _values(self, store: RunStore, measure: Measure) -> np.ndarray:
        values = store.columns[measure.key].values
        return 100.0 * values if self._percent else values.copy()

    def _draw_best(self, store: RunStore, values: np.ndarray) -> None:
        place = -1 if store.best_epoch is None else store.place_of(store.best_epoch)
        if place < 0 or not math.isfinite(values[place]):
            self._best.setData([], [])
            return
        self._best.setData([self.axis.ends(store)[place]], [values[place]])

    def _place_names(self) -> None:
        """Write each line's name above its end, clear of the others."""
        store = self.store
        if store is None:
            return
        pixel = self.view.viewPixelSize()[1]
        ends, over = [], self.axis.ends(store)
        for (measure, _), text in zip(self._lines, self._names):
            values = self._values(store, measure)
            known = np.flatnonzero(np.isfinite(values))
            text.setVisible(len(known) > 0)
            if len(known):
                ends.append((float(values[known[-1]]), float(over[known[-1]]), text))
        # From the highest down, each clear of the one above, and the lowest inside the plot.
        ends.sort(key=lambda end: -end[0])
        low, gap = self.view.viewRange()[1][0], LABEL_GAP * pixel
        above = math.inf
        for place, (y, x, text) in enumerate(ends):
            room = low + gap * (len(ends) - place - 0.5)
            above = max(min(y, above - gap), room)
            put_name(self, text, x, above)

    def _describe(self, x: float) -> list[str] | None:
        """What was measured in the epoch at a place."""
        if self.store is None or not self.store.epochs:
            return None
        number, epoch = self.axis.epoch_at(self.store, x)
        measured = Measured() if epoch is None else epoch.measured
        taken = [(line, measure, measured[measure]) for measure, line in self._lines]
        told = [
            f"{tr(line.name)} {words.written(each, value)}"
            for line, each, value in taken
            if value is not None
        ]
        return [words.epoch_name(number), *(told or [tr("not measured")])]


def _percent_text(value: float) -> str:
    return f"{value:.4g} %"
