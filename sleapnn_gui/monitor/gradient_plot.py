"""How long the gradient was in each epoch, as the engine measures it, on a logarithmic axis."""

import math

import numpy as np
from PySide6.QtWidgets import QWidget

from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.crosshair import Crosshair
from sleapnn_gui.monitor.plots import QuietPlot, line_pen, lone_stroke, make_curve
from sleapnn_gui.monitor.run_axis import RunAxis
from sleapnn_gui.monitor.store import RunStore


class GradientPlot(QuietPlot):
    """One line; an epoch in which it was not measured, or was no number, is a gap."""

    def __init__(self, axis: RunAxis, parent: QWidget | None = None) -> None:
        super().__init__(y_text=ticks.loss_text, parent=parent)
        self.setAccessibleName("Length of the gradient over epochs")
        self.axis = axis
        self.store: RunStore | None = None
        self.left.set_log(True)
        self.view.setMouseEnabled(x=False, y=False)
        self._curve = make_curve(self, lambda: line_pen("accent", width=2.0))
        self.crosshair = Crosshair(self)
        self.crosshair.moved.connect(self._update_crosshair)

    def draw(self) -> None:
        """Bring the picture up to date with the store."""
        store = self.store
        if store is None:
            return
        values = store.columns["gradient"].values
        logs = np.log10(np.where(values > 0, values, np.nan))
        span = self.axis.end(store) * 1.012
        self.view.setXRange(0.0, span, padding=0)
        known = logs[np.isfinite(logs)]
        if known.size:
            low, high = float(known.min()), float(known.max())
            room = 0.06 * (high - low) or 0.3
            self.view.setYRange(low - room, high + room, padding=0)
        self._curve.setData(*lone_stroke(*self.axis.epoch_line(store, logs), span=span))
        self._update_crosshair()

    def _update_crosshair(self) -> None:
        """Say the length in the epoch under the pointer."""
        store, x = self.store, self.crosshair.x
        if store is None or x is None or not store.epochs:
            self.crosshair.hide()
            return
        ends = self.axis.ends(store)
        place = ticks.nearest_index(ends, x)
        epoch = store.epochs[place]
        value = epoch.gradient if math.isfinite(epoch.gradient) else None
        self.crosshair.show_values(
            float(ends[place]), [words.epoch_name(epoch.number), f"gradient {words.loss(value)}"]
        )
