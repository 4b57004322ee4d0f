"""The large chart of the page: batch losses as a ghost, training and validation as lines, and what happened as marks."""

import math

import attrs
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QColor, QPen
from PySide6.QtWidgets import QWidget

from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.crosshair import Crosshair
from sleapnn_gui.monitor.head_lines import HeadLines
from sleapnn_gui.monitor.plots import QuietPlot, line_pen, lone_stroke, make_curve, pale, put_beside
from sleapnn_gui.monitor.run_axis import RunAxis
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

MOST_GHOST_POINTS = 4000
MOST_LINE_POINTS = 1200
MOST_HEAD_POINTS = 400
"""Dots and dashes take long to draw, and show no more of a line than this."""

MOST_TRAIL = 0.08
"""The smoothed line looks back over at most this share of the run."""

MOST_IN_A_SPIKE = 50
"""Of so many validated epochs, the highest one may leave the picture."""

MOST_CHECKPOINTS = 500
MARK_LANES = 3
LANE_HEIGHT = 16
SHORTEST_PAUSE = 1.0
"""Seconds a pause must have lasted to leave a mark."""


@attrs.frozen
class Mark:
    """A vertical line with words at its top."""

    x: float
    text: str
    token: str = "muted"


class LossPlot(QuietPlot):
    """Draws a `RunStore`. Fits itself to the run until a person zooms or pans; a double click fits it again.

    The values under the pointer stand in a corner of the plot that a falling curve leaves free.
    """

    fitted_changed = Signal(bool)

    def __init__(self, axis: RunAxis, parent: QWidget | None = None) -> None:
        super().__init__(y_text=ticks.loss_text, parent=parent)
        self.setAccessibleName(tr("Loss over epochs"))
        self.axis = axis
        self.store: RunStore | None = None
        self.log = True
        self.smoothing = 0.96
        self.fitted = True
        self._ghost = make_curve(self, lambda: QPen(pale("accent", 0.3), 0), smooth=False)
        self._train = make_curve(self, lambda: line_pen("accent", width=2.0), level=2)
        # As one path, an edge of a thick line takes as long as all else together: each piece is drawn by itself.
        self._train.setSegmentedLineMode("on")
        self._validation = make_curve(
            self, lambda: line_pen("validation_line", width=2.0, style=Qt.PenStyle.DashLine), level=3
        )
        self.heads = HeadLines(self)
        self._best = pg.ScatterPlotItem(size=11, symbol="o", antialias=True)
        self._best.setZValue(5)
        self.add_item(self._best)
        self.on_restyle(lambda: self._best.setPen(line_pen("best", width=2.0)))
        self.on_restyle(lambda: self._best.setBrush(current_theme().color("panel")))
        self._best_text = self._words("best")
        self._checkpoints = pg.ScatterPlotItem(size=5, symbol="t1", antialias=True)
        self.add_item(self._checkpoints)
        self.on_restyle(lambda: self._checkpoints.setPen(QPen(Qt.PenStyle.NoPen)))
        self.on_restyle(lambda: self._checkpoints.setBrush(current_theme().color("faint")))
        self._marks: list[tuple[pg.InfiniteLine, pg.TextItem]] = []
        self.crosshair = Crosshair(self, self._describe, below=MARK_LANES * LANE_HEIGHT)
        self.left.set_log(True)
        self.view.setLimits(xMin=-0.5)
        self.fit_wanted.connect(self.fit)
        self.moved.connect(self._person_moved)
        self._redraw = QTimer(self, singleShot=True, interval=0)
        self._redraw.timeout.connect(self.draw)
        self.view.sigXRangeChanged.connect(lambda *_: self._redraw.start())
        self.view.sigResized.connect(lambda *_: self._redraw.start())

    def set_log(self, log: bool) -> None:
        """Show the losses on a logarithmic or a linear axis."""
        self.log = log
        self.left.set_log(log)
        self.fit()

    def set_smoothing(self, weight: float) -> None:
        """How much of the past the training line keeps from batch to batch, 0 to below 1."""
        self.smoothing = weight
        self.draw()

    def show_heads(self, shown: bool) -> None:
        """Show the loss of each head besides their sum."""
        self.heads.shown = shown
        self.draw()

    def fit(self) -> None:
        """Show the whole run again."""
        self._set_fitted(True)
        self.draw()

    def draw(self) -> None:
        """Bring the picture up to date with the store."""
        store = self.store
        if store is None:
            return
        most = min(MOST_GHOST_POINTS, max(800, 4 * int(self.view.width())))
        smooth_x, smooth_y = store.losses.smoothed(self._weight(store), most=MOST_LINE_POINTS)
        val = store.columns["val"].values
        self.heads.draw(store, weight=self._weight(store), most=MOST_HEAD_POINTS, placed=self._placed)
        if self.fitted:
            self._fit_ranges(store, smooth_y)
        (left, right), _ = self.view.viewRange()
        seen = (self.axis.epochs(store, place) for place in (left, right))
        self._ghost.setData(
            *self._placed(store, *store.losses.envelope(*seen, most=most)), skipFiniteCheck=False
        )
        self._train.setData(*self._placed(store, smooth_x, smooth_y))
        line = self.axis.epoch_line(store, self._scaled(val), every=max(1, len(val) // MOST_LINE_POINTS))
        self._validation.setData(*lone_stroke(*line, span=right - left))
        self._draw_best(store)
        self._draw_checkpoints(store)
        self._draw_marks(store)
        self.crosshair.refresh()
        self._redraw.stop()  # fitting has moved the axis; what that asks for is drawn

    def _weight(self, store: RunStore) -> float:
        """The smoothing, held back while there are few batches: else the line would trail far behind them."""
        return min(self.smoothing, 1.0 - 1.0 / max(1.0, MOST_TRAIL * len(store.losses)))

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        """Values in the coordinates of the axis; what a logarithm cannot show becomes a gap."""
        if not self.log:
            return values
        positive = np.where(values > 0, values, np.nan)
        return np.log10(positive)

    def _placed(self, store: RunStore, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Losses over epochs as the plot has them."""
        return self.axis.batch_line(store, x, self._scaled(y))

    def _fit_ranges(self, store: RunStore, smooth: np.ndarray) -> None:
        self.view.setXRange(0.0, self.axis.end(store) * 1.012, padding=0)
        values = np.concatenate([smooth, _without_spikes(store.columns["val"].values), self.heads.values])
        _, ghost = store.losses.envelope(0.0, math.inf, most=1000)
        finite = self._scaled(ghost)
        finite = finite[np.isfinite(finite)]
        lines = self._scaled(values)
        lines = lines[np.isfinite(lines)]
        if not len(lines):
            return
        low, high = float(lines.min()), float(lines.max())
        if len(finite):
            # The ghost may leave the picture with its wildest batches, and where it is far above them, not the lines.
            ordered = np.sort(finite)
            edge = len(ordered) // 100
            reach = high + 1.0 if self.log else 2.0 * high
            low, high = min(low, float(ordered[edge])), max(high, min(reach, float(ordered[-1 - edge])))
        if not self.log:
            low = min(0.0, low)
        room = (high - low) * 0.06 or (0.3 if self.log else abs(high) * 0.5 or 1.0)
        # Room above the curves for the words of the marks.
        above = room + (high - low) * 0.06 * (1 if marks_of(store) else 0)
        self.view.setYRange(low - room if self.log or low < 0 else 0.0, high + above, padding=0)

    def _draw_best(self, store: RunStore) -> None:
        best = np.array([math.nan if store.best_val is None else store.best_val])
        y = float(self._scaled(best)[0])
        shown = store.best_epoch is not None and math.isfinite(y)
        self._best_text.setVisible(shown)
        if store.best_epoch is None or not shown or not store.epochs:
            # An item placed at NaN corrupts the scene.
            self._best.setData([], [])
            return
        x = float(self.axis.ends(store)[store.place_of(store.best_epoch)])
        self._best.setData([x], [y])
        self._best_text.setText(tr("best, {epoch}", epoch=words.epoch_name(store.best_epoch)))
        put_beside(self, self._best_text, x, y)

    def _draw_checkpoints(self, store: RunStore) -> None:
        """A small mark on the lower edge for each checkpoint, the latest where there are very many."""
        x = self.axis.places(store, np.array(store.checkpoints[-MOST_CHECKPOINTS:], np.float64))
        bottom = self.view.viewRange()[1][0]
        self._checkpoints.setData(x, np.full(len(x), bottom + 4 * self.view.viewPixelSize()[1]))

    def _draw_marks(self, store: RunStore) -> None:
        marks = [attrs.evolve(mark, x=self.axis.place(store, mark.x)) for mark in marks_of(store)]
        while len(self._marks) < len(marks):
            line = pg.InfiniteLine(angle=90, movable=False)
            line.setZValue(1)
            self.add_item(line)
            self._marks.append((line, self._words("muted")))
        (left, right), (_, top) = self.view.viewRange()
        pixel_x = (right - left) / max(1.0, self.view.width())
        pixel_y = self.view.viewPixelSize()[1]
        lanes = [-math.inf] * MARK_LANES
        for index, (line, text) in enumerate(self._marks):
            shown = index < len(marks) and left <= marks[index].x <= right
            line.setVisible(shown)
            text.setVisible(shown)
            if not shown:
                continue
            mark = marks[index]
            line.setPen(line_pen(mark.token, style=Qt.PenStyle.DotLine))
            line.setPos(mark.x)
            text.setText(mark.text)
            width = text.boundingRect().width() * pixel_x
            # Words keep clear of each other in lanes and of the right edge by standing left of their line.
            leftwards = mark.x + width > right
            begin = mark.x - width if leftwards else mark.x
            lane = next((lane for lane in range(MARK_LANES) if lanes[lane] <= begin), MARK_LANES - 1)
            lanes[lane] = begin + width
            text.setAnchor((1.0, 0.0) if leftwards else (0.0, 0.0))
            text.setPos(mark.x, top - lane * LANE_HEIGHT * pixel_y)

    def _words(self, token: str) -> pg.TextItem:
        text = pg.TextItem("", anchor=(0.0, 0.0))
        text.setZValue(6)
        text.setVisible(False)
        self.add_item(text)

        def paint() -> None:
            text.setColor(current_theme().color(token))
            text.setFont(current_theme().font("small"))
            # The panel's colour behind the words keeps other marks from running through them; of a curve behind
            # the best mark's words a trace stays.
            paper = QColor(current_theme().color("panel"))
            paper.setAlpha(255 if token == "muted" else 170)
            text.fill = QBrush(paper)

        self.on_restyle(paint)
        return text

    def _describe(self, place: float) -> list[str] | None:
        """The losses and errors of the epoch at a place; of the one at work only what is known of it."""
        store = self.store
        if store is None or not store.is_training:
            return None
        number, epoch = self.axis.epoch_at(store, place)
        values = [words.epoch_name(number)]
        train = store.losses.mean_between(number, words.epoch_number(number))
        if math.isfinite(train):
            values.append(tr("train {loss}", loss=words.loss(train)))
        if epoch is None:
            return values
        if math.isfinite(epoch.val):
            values.append(tr("validation {loss}", loss=words.loss(epoch.val)))
        values += words.measured(epoch.measured)
        if any(number < at <= words.epoch_number(number) for at in store.checkpoints):
            values.append(tr("checkpoint"))
        return values

    def _person_moved(self) -> None:
        self._set_fitted(False)
        self._redraw.start()

    def _set_fitted(self, fitted: bool) -> None:
        if fitted != self.fitted:
            self.fitted = fitted
            self.fitted_changed.emit(fitted)


def _without_spikes(values: np.ndarray) -> np.ndarray:
    """All but the few highest values of many: one spike does not flatten the others."""
    finite = np.sort(values[np.isfinite(values)])
    return finite[: len(finite) - len(finite) // MOST_IN_A_SPIKE]


def marks_of(store: RunStore) -> list[Mark]:
    """What happened during the run, from left to right."""
    marks = [
        Mark(
            drop.x,
            tr("rate {before} → {after}", before=words.power(drop.before), after=words.power(drop.after)),
        )
        for drop in store.marked_rate_drops
    ]
    for pause in store.pauses:
        text = (
            tr("paused now")
            if pause.seconds is None
            else tr("paused {time}", time=words.exact_duration(pause.seconds))
        )
        if pause.seconds is None or pause.seconds >= SHORTEST_PAUSE:
            marks.append(Mark(pause.x, text))
    if store.stop_after:
        # Asked for an epoch's end, it goes on to there.
        at = math.ceil(store.x) if store.stop_after == "epoch" else store.stop_x
        marks.append(Mark(at, tr("stopped") if store.x >= at else tr("stops here")))
    if store.first_bad_x is not None:
        marks.append(Mark(store.first_bad_x, tr("loss not a number"), "error"))
    return sorted(marks, key=lambda mark: mark.x)
