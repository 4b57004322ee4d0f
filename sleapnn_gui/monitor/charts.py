"""The charts of a run: loss large, the worst frame beside it, and below parts, rate, throughput and log."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.bars import PartErrors
from sleapnn_gui.monitor.frames import FramePanel
from sleapnn_gui.monitor.log import LogView
from sleapnn_gui.monitor.loss_plot import LossPlot
from sleapnn_gui.monitor.panel import Panel, QuietSlider, TextToggle, caption, link_button
from sleapnn_gui.monitor.plots import TrendPlot
from sleapnn_gui.monitor.store import Header, RunStore
from sleapnn_gui.widgets.theme import current_theme

SMOOTHING = (0.0, 0.5, 0.8, 0.9, 0.94, 0.96, 0.98, 0.99, 0.995, 0.999)
"""The stops of the smoothing slider: even steps would crowd everything useful at its end."""

LOWER_HEIGHT = 164


class LineSample(QWidget):
    """A short piece of a line as the plot draws it, beside its name."""

    def __init__(self, token: str, *, style: Qt.PenStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token, self._style = token, style
        self.setFixedSize(20, 12)
        current_theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        pen = QPen(current_theme().color(self._token), 2.0, self._style)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(0, 6, 20, 6)


class LineName(QLabel):
    """The name of a line, in its colour."""

    def __init__(self, text: str, token: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._token = token
        self.setFont(current_theme().font("caption"))
        # A method of a widget, not a function of its own: it is forgotten with the widget.
        current_theme().changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        self.setStyleSheet(f"color: {current_theme().hex(self._token)}; font-weight: 600;")


class LossPanel(Panel):
    """The loss plot with its few controls: log or linear, smoothing, and the names of the lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss", parent)
        self.plot = LossPlot()
        self.fit = link_button("Show all", tip="Show the whole run again (double click on the plot)")
        self.fit.setVisible(False)
        self.log = TextToggle("log", name="Logarithmic loss axis", checked=True)
        self.smoothing = QuietSlider(name="Smoothing of the training line", most=len(SMOOTHING) - 1)
        self.smoothing.setFixedWidth(64)
        self.smoothing.setValue(SMOOTHING.index(self.plot.smoothing))
        self.smoothing_text = caption()
        self.smoothing_text.setMinimumWidth(96)
        for widget in (self.fit, self.log, self.smoothing_text, self.smoothing):
            self.head.addWidget(widget)
        self.head.addSpacing(6)
        self._add_line_name("train", "accent", Qt.PenStyle.SolidLine)
        self._add_line_name("validation", "validation", Qt.PenStyle.DashLine)
        self.body.addWidget(self.plot, 1)
        self.log.toggled.connect(self.plot.set_log)
        self.smoothing.valueChanged.connect(self._smooth)
        self.fit.clicked.connect(self.plot.fit)
        self.plot.fitted_changed.connect(lambda fitted: self.fit.setVisible(not fitted))
        self._name_smoothing()

    def _add_line_name(self, text: str, token: str, style: Qt.PenStyle) -> None:
        line_token = "validation_line" if token == "validation" else token
        self.head.addWidget(LineSample(line_token, style=style))
        self.head.addWidget(LineName(text, token))

    def _smooth(self, stop: int) -> None:
        self.plot.set_smoothing(SMOOTHING[stop])
        self._name_smoothing()

    def _name_smoothing(self) -> None:
        weight = SMOOTHING[self.smoothing.value()]
        self.smoothing_text.setText(f"smoothing {weight:g}" if weight else "smoothing off")


class ChartsView(QWidget):
    """All charts of one `RunStore`. `journal_wanted` is emitted by the link in the log's heading."""

    journal_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store: RunStore | None = None
        self._header: Header | None = None
        self._drawn = (-1, -1, -1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        upper = QHBoxLayout()
        upper.setSpacing(12)
        self.loss = LossPanel()
        self.frames = FramePanel()
        upper.addWidget(self.loss, 2)
        upper.addWidget(self.frames, 1)
        column.addLayout(upper, 1)
        column.addLayout(self._make_lower_row())
        self.loss.plot.view.sigXRangeChanged.connect(lambda *_: self._draw_trends())

    def _make_lower_row(self) -> QGridLayout:
        lower = QGridLayout()
        lower.setSpacing(12)
        self.parts_panel = Panel("Error by part")
        self.parts_panel.add_caption("px, worst first")
        self.parts = PartErrors()
        self.parts_panel.body.addWidget(self.parts, 1)
        self.rate_panel = Panel("Learning rate")
        self.rate_now = self.rate_panel.add_caption()
        self.rate = TrendPlot(
            steps=True, from_zero=True, y_text=ticks.rate_text, name="Learning rate over epochs"
        )
        self.rate_panel.body.addWidget(self.rate, 1)
        self.speed_panel = Panel("Throughput")
        self.wait_now = self.speed_panel.add_caption()
        self.speed = TrendPlot(from_zero=True, name="Training frames per second over epochs")
        self.speed_panel.body.addWidget(self.speed, 1)
        self.log_panel = Panel("Log")
        self.journal = link_button("events.jsonl", tip="Open the run folder, where the journal is")
        self.journal.clicked.connect(self.journal_wanted)
        self.log_panel.head.addWidget(self.journal)
        self.log = LogView()
        self.log_panel.body.addWidget(self.log, 1)
        for place, (panel, stretch) in enumerate(
            ((self.parts_panel, 10), (self.rate_panel, 8), (self.speed_panel, 8), (self.log_panel, 16))
        ):
            panel.setFixedHeight(LOWER_HEIGHT)
            lower.addWidget(panel, 0, place)
            lower.setColumnStretch(place, stretch)
            lower.setColumnMinimumWidth(place, 150)
        return lower

    def set_store(self, store: RunStore) -> None:
        """Show another run."""
        self.store, self._header, self._drawn = store, None, (-1, -1, -1)
        self.loss.plot.store = store
        self.loss.plot.fit()
        self.frames.set_store(store)
        self.parts.set_errors({})
        self.rate_now.setText("")
        self.wait_now.setText("")
        self.log.start_over()
        self._draw_trends()

    def refresh(self) -> None:
        """Bring the charts up to date; what has not changed is not drawn again."""
        store = self.store
        if store is None:
            return
        if store.header is not None and store.header is not self._header:
            self._header = store.header
            self.frames.set_header(store.header)
        state = (
            len(store.losses),
            len(store.epochs),
            len(store.pauses) + sum(p.seconds is not None for p in store.pauses),
        )
        if state != self._drawn:
            new_epoch = state[1] != self._drawn[1]
            self._drawn = state
            self.loss.plot.draw()
            if new_epoch:
                self._show_epoch(store)
        self.frames.refresh()

    def _show_epoch(self, store: RunStore) -> None:
        self._draw_trends()
        if not store.epochs:
            return
        latest = store.epochs[-1]
        self.rate_now.setText(words.power(latest.lr) if latest.lr > 0 else "0")
        if np.isfinite(latest.data_wait):
            self.wait_now.setText(f"data wait {words.share(latest.data_wait * 100)}")
        error = store.latest_error
        if error is not None:
            self.parts.set_errors(error.by_node)

    def _draw_trends(self) -> None:
        store = self.store
        if store is None:
            return
        x_range = tuple(self.loss.plot.view.viewRange()[0])
        x = store.columns["x"].values
        self.rate.draw(x, store.columns["lr"].values, x_range=x_range)
        self.speed.draw(x, store.columns["rate"].values, x_range=x_range)
