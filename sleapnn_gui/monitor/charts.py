"""The charts of a run: loss large, the worst frame beside it, and below parts, rate, throughput and log."""

from collections import deque
from collections.abc import Iterator, Mapping

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QGridLayout, QSplitter, QVBoxLayout, QWidget

from sleapnn_engine.protocol.coach_case import Shows
from sleapnn_engine.protocol.measures import MEDIAN_PX, P90_PX, Group, Measured
from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.bars import PartErrors
from sleapnn_gui.monitor.crosshair import Crosshairs
from sleapnn_gui.monitor.curves_panel import CurvesPanel
from sleapnn_gui.monitor.frames import FramePanel
from sleapnn_gui.monitor.log import LogView
from sleapnn_gui.monitor.panel import Panel, link_button
from sleapnn_gui.monitor.run_header import Header
from sleapnn_gui.monitor.speed_panel import SpeedPanel
from sleapnn_gui.monitor.store import Epoch, RunStore
from sleapnn_gui.monitor.trend_plot import Trend, TrendPlot
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.one_by_one import OneByOne
from sleapnn_gui.widgets.theme import set_state

LOWER_HEIGHT, LEAST_LOWER = 170, 112
GAP = 12
SPEED_PLACE, SPEED_STRETCH, LEAST_LOWER_WIDTH = 2, 8, 150
NARROW_BELOW, LEAST_WIDTH, LEAST_LOSS = 830, 520, 180
"""Below the first width the frame goes under the loss and the throughput away; below the second the page scrolls."""

_NO_ERRORS = {
    False: tr("Distances are measured when the first epoch ends."),
    True: tr("No distance was measured: the run ended before its first validation."),
}
_NEVER_MEASURED = tr("sleap-nn tells no distances of parts while it trains.")
_NONE_FOUND = {
    False: tr(
        "No animal was found yet, so there is no distance to measure. Early epochs are often like that."
    ),
    True: tr("No animal was found, so there is no distance to measure."),
}
"""By whether the run is over."""
_UNIT = {True: "px", False: tr("px, worst first")}
"""By whether the animals have one part only."""


class ChartsView(QWidget):
    """All charts of one `RunStore`. `journal_wanted` is emitted by the link in the log's heading."""

    journal_wanted = Signal()

    def __init__(self, parent: QWidget | None = None, *, in_steps: bool = False) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self.store: RunStore | None = None
        self._header: Header | None = None
        self._drawn = (-1, -1, -1)
        self._over, self._beaten = False, 0
        self._painting = OneByOne(self)
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make the charts, some in each step."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.rows = _splitter(Qt.Orientation.Vertical, "charts:rows")
        column.addWidget(self.rows)
        self.upper = _splitter(Qt.Orientation.Horizontal, "charts:upper")
        self.rows.addWidget(self.upper)
        self.loss = CurvesPanel(self.upper, in_steps=True)
        yield from self.loss.fill()
        yield
        self.frames = FramePanel()
        self.upper.addWidget(self.loss)
        self.upper.addWidget(self.frames)
        self.upper.setStretchFactor(0, 2)
        self.upper.setStretchFactor(1, 1)
        self._beside = [2000, 1000]
        self.upper.setSizes(self._beside)
        yield
        yield from self._make_lower_row()
        self.rows.setStretchFactor(0, 1)
        self.rows.setStretchFactor(1, 0)
        self.rows.setSizes([2000, LOWER_HEIGHT])
        self.loss.plot.view.sigXRangeChanged.connect(lambda *_: self._draw_trends())
        self.loss.axis_changed.connect(self._draw_trends)
        plots = (*self.loss.plots, self.rate, self.speed_panel.speed, self.speed_panel.memory)
        self.crosshairs = Crosshairs(self, [plot.crosshair for plot in plots])
        QShortcut(QKeySequence.StandardKey.Copy, self).activated.connect(self.crosshairs.copy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._make_room()
        self._painting.draw((self.loss, self.frames, *self._of_epochs(), self.log_panel))

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:  # a head more or less changes what fits
            self._make_room()
        return super().event(event)

    def _make_room(self) -> None:
        """Put the frame under the loss where they do not fit beside one another; not before the size is known."""
        if not self.isVisible():
            return
        least = sum(part.minimumSizeHint().width() for part in (self.loss, self.frames)) + GAP
        narrow = self.width() < max(NARROW_BELOW, least)
        if narrow == (self.upper.orientation() is Qt.Orientation.Vertical):
            return
        if narrow:
            self._beside = self.upper.sizes()
        self.parts_panel.title.keep_whole(not narrow)
        self.upper.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        self.upper.setSizes([LEAST_LOSS, LEAST_LOSS] if narrow else self._beside)
        self.loss.setMinimumHeight(LEAST_LOSS if narrow else 0)
        self.speed_panel.setVisible(not narrow)
        self._lower.setColumnStretch(SPEED_PLACE, 0 if narrow else SPEED_STRETCH)
        self._lower.setColumnMinimumWidth(SPEED_PLACE, 0 if narrow else LEAST_LOWER_WIDTH)

    def minimumSizeHint(self) -> QSize:
        """What it can do with where the frame stands below the loss."""
        return QSize(LEAST_WIDTH, super().minimumSizeHint().height())

    def _make_lower_row(self) -> Iterator[None]:
        row = QWidget(self.rows)
        lower = self._lower = QGridLayout(row)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(GAP)
        self.parts_panel = Panel(tr("Error by part"))
        self.parts_panel.title.keep_whole(True)
        self.parts_unit = self.parts_panel.add_caption(tr("px, worst first"))
        self.parts = PartErrors()
        self.parts_panel.body.addWidget(self.parts, 1)
        self.rate_panel = Panel(tr("Learning rate"))
        self.rate_now = self.rate_panel.add_caption()
        self.rate = TrendPlot(
            self._describe_rate, from_zero=True, y_text=ticks.rate_text, name=tr("Learning rate over epochs")
        )
        self.rate_panel.body.addWidget(self.rate, 1)
        yield
        self.speed_panel = SpeedPanel(self.loss.axis)
        yield
        self.log_panel = Panel(tr("Log"))
        self.journal = link_button("events.jsonl", tip=tr("Open the run folder, where the journal is"))
        self.journal.clicked.connect(self.journal_wanted)
        self.log_panel.head.addWidget(self.journal)
        self.log = LogView()
        self.log_panel.body.addWidget(self.log, 1)
        for place, (panel, stretch) in enumerate(
            (
                (self.parts_panel, 10),
                (self.rate_panel, 8),
                (self.speed_panel, SPEED_STRETCH),
                (self.log_panel, 16),
            )
        ):
            panel.setMinimumHeight(LEAST_LOWER)
            lower.addWidget(panel, 0, place)
            lower.setColumnStretch(place, stretch)
            lower.setColumnMinimumWidth(place, LEAST_LOWER_WIDTH)
        row.setMinimumHeight(LEAST_LOWER)
        self.rows.addWidget(row)

    def set_store(self, store: RunStore) -> None:
        """Show another run."""
        self.store, self._header, self._drawn = store, None, (-1, -1, -1)
        self.loss.set_store(store)
        self.frames.set_store(store)
        self.parts.set_errors({}, otherwise=_NO_ERRORS[self._over])
        self.rate_now.setText("")
        self.speed_panel.set_store(store)
        self.log.start_over()
        self._draw_trends()

    def point_out(self, shows: Shows) -> None:
        """Bring one of the charts to view and mark it, until another is."""
        marked = {Shows.RATE: self.rate_panel, Shows.PARTS: self.parts_panel}.get(shows, self.loss)
        if marked is self.loss and not self.loss.views[shows].isHidden():
            self.loss.show_view(shows)
        for panel in (self.loss, *self._of_epochs()):
            set_state(panel, "marked", value=panel is marked)

    def set_over(self, over: bool) -> None:
        """Speak of the run as of one that goes on, or that has ended."""
        self._over = over
        self.frames.set_over(over)
        if self.store is not None:
            self._show_errors(self.store)

    def refresh(self) -> None:
        """Bring the charts up to date; what has not changed is not drawn again."""
        store = self.store
        if store is None:
            return
        if store.header is not None and store.header is not self._header:
            self._header = store.header
            self.frames.set_header(store.header)
            one = len(store.header.nodes) == 1
            self.parts_panel.title.setText(tr("Error") if one else tr("Error by part"))
            self.parts_unit.setText(_UNIT[one])
            self.journal.setHidden(store.header.losses_only)
        state = (
            len(store.losses),
            len(store.epochs),
            len(store.pauses) + sum(p.seconds is not None for p in store.pauses),
        )
        if state != self._drawn:
            new_epoch = state[1] != self._drawn[1]
            self._drawn = state
            self.loss.draw()
            if new_epoch:
                self._show_epoch(store)
                self._painting.draw((self.loss, *self._of_epochs()))
        elif len(store.beats) != self._beaten:
            self._draw_trends()
        self._beaten = len(store.beats)
        self.frames.refresh()

    def _of_epochs(self) -> tuple[QWidget, ...]:
        """What changes with each epoch and not between them."""
        return self.parts_panel, self.rate_panel, self.speed_panel

    def _show_epoch(self, store: RunStore) -> None:
        self._draw_trends()
        if not store.epochs:
            return
        self.crosshairs.describe_at(float(self.loss.axis.begins(store)[-1]))
        latest = store.epochs[-1]
        if np.isfinite(latest.lr):
            self.rate_now.setText(words.power(latest.lr) if latest.lr > 0 else "0")
        self._show_errors(store)

    def _show_errors(self, store: RunStore) -> None:
        shown = store.outcome(Group.ERROR, over=self._over)
        if shown is not None:
            self.parts.set_errors(_rows(shown.measured))
            self.parts_unit.setText(self._unit_of(store, shown))
        elif store.latest(Group.ANIMALS) is not None:
            self.parts.set_errors({}, otherwise=_NONE_FOUND[self._over])
        else:
            never = self._header is not None and self._header.losses_only
            self.parts.set_errors({}, otherwise=_NEVER_MEASURED if never else _NO_ERRORS[self._over])

    def _unit_of(self, store: RunStore, shown: Epoch) -> str:
        """Unit and order of the parts, or which epoch they are of where it is not the last."""
        one = self._header is not None and len(self._header.nodes) == 1
        return (
            _UNIT[one]
            if shown is store.epochs[-1]
            else tr("px, {epoch}", epoch=words.epoch_name(shown.number))
        )

    def _draw_trends(self) -> None:
        store = self.store
        if store is None:
            return
        x_range = tuple(self.loss.plot.view.viewRange()[0])
        axis = self.loss.axis
        x, begins = axis.ends(store), axis.begins(store)
        self.rate.draw([Trend(x, store.columns["lr"].values, begins)], x_range=x_range)
        self.speed_panel.draw(x_range=x_range)

    def _describe_rate(self, place: float) -> list[str] | None:
        epoch = None if self.store is None else self.loss.axis.epoch_at(self.store, place)[1]
        if epoch is None or not np.isfinite(epoch.lr):
            return None
        return [tr("rate {power}", power=words.power(epoch.lr) if epoch.lr > 0 else "0")]


def _rows(measured: Measured) -> Mapping[str, float | None]:
    """The error of each part; of an animal that is one point, how far most are off."""
    if len(measured.by_node) == 1:
        return {"median": measured[MEDIAN_PX], tr("9 in 10"): measured[P90_PX]}
    return measured.by_node


def _splitter(orientation: Qt.Orientation, name: str) -> QSplitter:
    """A gap that can be moved; nothing can be pushed away altogether."""
    splitter = QSplitter(orientation)
    splitter.setObjectName(name)
    splitter.setProperty("gap", True)
    splitter.setHandleWidth(GAP)
    splitter.setChildrenCollapsible(False)
    return splitter
