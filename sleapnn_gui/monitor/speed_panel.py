"""How fast training goes and what memory it takes, over the same epochs as the losses."""

import math

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QStackedWidget, QWidget

from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.panel import Panel, TextToggle
from sleapnn_gui.monitor.run_axis import RunAxis
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.monitor.trend_plot import Trend, TrendPlot
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_GIB = 2.0**30


class SpeedPanel(Panel):
    """Two views. Memory is offered once a heartbeat has told it; a run that was read from its journal has none."""

    def __init__(self, axis: RunAxis, parent: QWidget | None = None) -> None:
        super().__init__(tr("Throughput"), parent)
        self.axis = axis
        self.store: RunStore | None = None
        self.title.hide()
        self.views = {
            "speed": TextToggle(tr("Throughput"), name=tr("Training samples per second"), checked=True),
            "memory": TextToggle(
                tr("Memory"), name=tr("Memory of the engine, and of the graphics card, in GB")
            ),
        }
        group = QButtonGroup(self)
        for place, (view, toggle) in enumerate(self.views.items()):
            toggle.setFont(current_theme().font("heading"))
            toggle.clicked.connect(lambda _checked=False, view=view: self.show_view(view))
            group.addButton(toggle)
            self.head.insertWidget(place, toggle)
        self.head.insertStretch(len(self.views), 1)
        self.wait_now = self.add_caption()
        self.wait_now.setMinimumWidth(1)
        # Room for it is kept and the caption asks for none, so that the panels of the row stay as wide as they are.
        for widget in (self.views["memory"], self.wait_now):
            kept = widget.sizePolicy()
            kept.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(kept)
        self.views["memory"].hide()
        self.speed = TrendPlot(
            self._describe_speed,
            from_zero=True,
            ghost=True,
            name=tr("Training samples per second over epochs"),
        )
        self.memory = TrendPlot(self._describe_memory, from_zero=True, name=tr("Memory in GB over epochs"))
        self.stack = QStackedWidget()
        for plot in (self.speed, self.memory):
            self.stack.addWidget(plot)
        self.body.addWidget(self.stack, 1)

    @property
    def view(self) -> str:
        """The view that is shown: speed or memory."""
        return next(view for view, toggle in self.views.items() if toggle.isChecked())

    def show_view(self, view: str) -> None:
        """Show one of the views."""
        self.views[view].setChecked(True)
        self.stack.setCurrentIndex(list(self.views).index(view))
        self._show_words()

    def set_store(self, store: RunStore) -> None:
        """Show another run."""
        self.store = store
        self.views["memory"].hide()
        self.show_view("speed")

    def draw(self, *, x_range: tuple[float, float]) -> None:
        """Bring both views up to date."""
        store = self.store
        if store is None:
            return
        if len(store.beats) and self.views["memory"].isHidden():
            self.views["memory"].show()
        beats = self.axis.places(store, store.beats.x.values)
        speed = Trend(self.axis.ends(store), store.columns["samples_per_second"].values)
        self.speed.draw((speed, Trend(beats, self._rates(store))), x_range=x_range)
        memory, gpu = (column.values / _GIB for column in (store.beats.memory, store.beats.gpu))
        self.memory.draw((Trend(beats, memory), Trend(beats, gpu)), x_range=x_range)
        self._show_words()

    def _rates(self, store: RunStore) -> np.ndarray:
        """Samples in a second, of the steps that heartbeats count."""
        header = store.header
        samples = header.batch_samples if header is not None else 0.0
        return store.beats.rate.values * (samples or math.nan)

    def _show_words(self) -> None:
        """What stands at the right of the heading, where there is room for it."""
        store, text = self.store, ""
        if store is None:
            return
        if self.view == "memory" and len(store.beats):
            text = "  ".join(self._memory_at(store, len(store.beats) - 1))
        elif self.view == "speed" and store.epochs and math.isfinite(store.epochs[-1].data_wait):
            text = tr("data wait {share}", share=words.share(store.epochs[-1].data_wait * 100))
        self.wait_now.setText(text)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        toggles = sum(one.sizeHint().width() + 8 for one in self.views.values())
        space = self.width() - toggles - 2 * current_theme().size("space_4")
        self.wait_now.setVisible(self.wait_now.sizeHint().width() <= space)

    def _describe_speed(self, x: float) -> list[str] | None:
        store = self.store
        if store is None:
            return None
        _, epoch = self.axis.epoch_at(store, x)
        if epoch is not None and math.isfinite(epoch.samples_per_second):
            return [tr("{rate} samples / s", rate=words.rate(epoch.samples_per_second))]
        place = store.beats.place(self.axis.epochs(store, x))
        rate = math.nan if place is None else float(self._rates(store)[place])
        return [tr("{rate} samples / s", rate=words.rate(rate))] if math.isfinite(rate) else None

    def _describe_memory(self, x: float) -> list[str] | None:
        store = self.store
        place = None if store is None else store.beats.place(self.axis.epochs(store, x))
        return None if store is None or place is None else self._memory_at(store, place)

    @staticmethod
    def _memory_at(store: RunStore, place: int) -> list[str]:
        values = (float(store.beats.memory.values[place]), float(store.beats.gpu.values[place]))
        named = ((tr("{:.1f} GB"), values[0]), (tr("card {:.1f} GB"), values[1]))
        return [text.format(value / _GIB) for text, value in named if math.isfinite(value)]
