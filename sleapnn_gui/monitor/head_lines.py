"""The losses of single heads as quiet lines over the loss plot, each with its name at its end."""

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from sleapnn_gui.monitor.model_words import head_name
from sleapnn_gui.monitor.plots import QuietPlot, line_pen, make_curve, make_name, put_name
from sleapnn_gui.monitor.store import RunStore

_STYLES = (Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.DashLine, Qt.PenStyle.DashDotDotLine)


class HeadLines:
    """Draws each head of a `RunStore` smoothed, in muted dots and dashes. Hidden until `shown` is set."""

    def __init__(self, plot: QuietPlot) -> None:
        self.shown = False
        self._plot = plot
        self._lines: list[tuple[pg.PlotCurveItem, pg.TextItem]] = []
        self.values = np.empty(0)
        """All values drawn, for the range of the plot."""

    def draw(
        self,
        store: RunStore,
        *,
        weight: float,
        most: int,
        placed: Callable[[RunStore, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    ) -> None:
        """Bring the lines up to date; `placed` turns epochs and losses into the axes' coordinates."""
        heads = list(store.heads.items()) if self.shown else []
        while len(self._lines) < len(heads):
            self._lines.append(self._make_line(_STYLES[len(self._lines) % len(_STYLES)]))
        drawn = []
        for index, (curve, name) in enumerate(self._lines):
            there = index < len(heads)
            curve.setVisible(there)
            name.setVisible(False)
            if not there:
                continue
            x, smooth = heads[index][1].smoothed(weight, most=most)
            drawn.append(smooth)
            x, y = placed(store, x, smooth)
            curve.setData(x, y)
            known = np.flatnonzero(np.isfinite(y))
            if len(known):
                name.setText(head_name(store.header.model_type if store.header else "", heads[index][0]))
                put_name(self._plot, name, float(x[known[-1]]), float(y[known[-1]]))
        self.values = np.concatenate([np.empty(0), *drawn])

    def _make_line(self, style: Qt.PenStyle) -> tuple[pg.PlotCurveItem, pg.TextItem]:
        curve = make_curve(self._plot, lambda: line_pen("muted", width=1.3, style=style), level=1)
        return curve, make_name(self._plot, "muted")
