"""How long the gradient was in each epoch, as the engine measures it, on a logarithmic axis."""

import math

import numpy as np
from PySide6.QtWidgets import QWidget

from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.crosshair import Crosshair
from sleapnn_gui.monitor.plots import QuietPlot, line_pen, lone_stroke, make_curve
from sleapnn_gui.monitor.run_axis import RunAxis
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.widgets.language import tr


class GradientPlot(QuietPlot):
    """One line; an epoch in which it was not measured, or was no number, is a gap."""

    def __init__(self, axis: RunAxis, parent: QWidget | None = None) -> None:
        super().__init__(y_text=ticks.loss_text, parent=parent)
        self.setAccessibleName(tr("Length of the gradient over epochs"))
        self.axis = axis
        self.store: RunStore | None = None
        self.left.set_log(True)
        self.view.setMouseEnabled(x=False, y=False)
        self._curve = make_curve(self, lambda: line_pen("accent", width=2.0))
        self.crosshair = Crosshair(self, self._describe)

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
        self.crosshair.refresh()

    def _describe(self, x: float) -> list[str] | None:
        """The length in the epoch at a place."""
        if self.store is None or not self.store.epochs:
            return None
        number, epoch = self.axis.epoch_at(self.store, x)
        known = epoch is not None and math.isfinite(epoch.gradient)
        length = tr(
            "gradient {loss}", loss=words.loss(epoch.gradient if known and epoch is not None else None)
        )
        return [words.epoch_name(number), length]
