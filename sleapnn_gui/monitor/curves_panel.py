"""The large panel of the page: the loss, or what validation measured, over the epochs; one of them at a time."""

import math
from collections import deque
from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QMenu, QStackedWidget, QWidget

from sleapnn_engine.protocol.measures import Group
from sleapnn_gui.monitor.epoch_plot import EpochPlot
from sleapnn_gui.monitor.gradient_plot import GradientPlot
from sleapnn_gui.monitor.loss_plot import LossPlot
from sleapnn_gui.monitor.panel import Panel, QuietSlider, TextToggle, caption, link_button
from sleapnn_gui.monitor.part_plot import ColorBar, PartPlot, PartStrip
from sleapnn_gui.monitor.run_axis import RunAxis, X
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.menus import open_below
from sleapnn_gui.widgets.theme import current_theme

_OVER = {X.EPOCH: tr("by epoch ▾"), X.STEP: tr("by step ▾"), X.TIME: tr("by time ▾")}
_UNITS = {
    "error": tr("px from the labels"),
    "animals": tr("share of the animals in validation frames"),
    "points": tr("PCK: share of the points · OKS: likeness of the animals"),
    "gradient": tr("length of the gradient, mean of the epoch"),
}
"""What the views other than the loss count in."""

SMOOTHING = (0.0, 0.5, 0.8, 0.9, 0.94, 0.96, 0.98, 0.99, 0.995, 0.999)
"""The stops of the smoothing slider: even steps would crowd everything useful at its end."""


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


class CurvesPanel(Panel):
    """Loss, distances and shares as views of one panel, with the few controls that each has.

    A view is offered once there is something to show in it: models of one animal count none. All have one axis,
    which is chosen at the right of the heading; `axis_changed` when it was.
    """

    axis_changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, in_steps: bool = False) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(tr("Loss"), parent)
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make the plots, one in each step, and what stands above them."""
        self.axis = axis = RunAxis()
        self.plot = LossPlot(axis)
        yield
        self.errors = EpochPlot(Group.ERROR, axis=axis, name=tr("Error over epochs, in pixels"))
        yield
        self.shares = EpochPlot(Group.ANIMALS, axis=axis, name=tr("Animals found over epochs, in percent"))
        yield
        self.near = EpochPlot(Group.POINTS, axis=axis, name=tr("PCK and OKS over epochs, in percent"))
        yield
        self.parts = PartStrip(axis)
        yield
        self.gradient = GradientPlot(axis)
        yield
        self._of_epochs = {
            "error": self.errors,
            "animals": self.shares,
            "points": self.near,
            "parts": self.parts.plot,
            "gradient": self.gradient,
        }
        self.stack = QStackedWidget()
        for widget in (self.plot, self.errors, self.shares, self.near, self.parts, self.gradient):
            self.stack.addWidget(widget)
        self._make_views()
        self.head.addStretch(1)
        self.controls = QWidget()
        self._make_controls()
        self.head.addWidget(self.controls)
        self._samples: list[QWidget] = self.controls.findChildren(LineSample)
        self._names: list[QWidget] = self.controls.findChildren(LineName)
        self.unit = self.add_caption()
        self._make_part_controls()
        self._make_axis_choice()
        self.body.addWidget(self.stack, 1)
        self.show_view("loss")

    @property
    def plots(self) -> tuple[LossPlot | EpochPlot | PartPlot | GradientPlot, ...]:
        """All that share the axis."""
        return self.plot, self.errors, self.shares, self.near, self.parts.plot, self.gradient

    def _make_views(self) -> None:
        self.title.hide()
        self.views = {
            "loss": TextToggle(tr("Loss"), name=tr("Loss over epochs")),
            "error": TextToggle(tr("Error"), name=tr("Distance to the labels over epochs, in pixels")),
            "animals": TextToggle(
                tr("Animals"), name=tr("Animals found and told apart over epochs, in percent")
            ),
            "points": TextToggle(
                "PCK", name=tr("Points near their labels (PCK) and likeness (OKS) over epochs, in percent")
            ),
            "parts": TextToggle(
                tr("Parts"), name=tr("Error of each body part over epochs, as a strip of colour")
            ),
            "gradient": TextToggle(tr("Gradient"), name=tr("Length of the gradient over epochs")),
        }
        group = QButtonGroup(self)
        for place, (name, toggle) in enumerate(self.views.items()):
            toggle.setFont(current_theme().font("heading"))
            toggle.clicked.connect(lambda _checked=False, view=name: self.show_view(view))
            group.addButton(toggle)
            if name != "loss":
                toggle.hide()
            self.head.insertWidget(place, toggle)

    def _make_controls(self) -> None:
        row = QHBoxLayout(self.controls)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.fit = link_button(tr("Show all"), tip=tr("Show the whole run again (double click on the plot)"))
        self.fit.setVisible(False)
        self.heads = TextToggle(tr("heads"), name=tr("Loss of each head, before its weight"))
        self.heads.setVisible(False)
        self.log = TextToggle(tr("log"), name=tr("Logarithmic loss axis"), checked=True)
        self.smoothing = QuietSlider(name=tr("Smoothing of the training line"), most=len(SMOOTHING) - 1)
        self.smoothing.setFixedWidth(64)
        self.smoothing.setValue(SMOOTHING.index(self.plot.smoothing))
        self.smoothing_text = caption()
        self.smoothing_text.setMinimumWidth(96)
        for widget in (self.fit, self.heads, self.log, self.smoothing_text, self.smoothing):
            row.addWidget(widget)
        self._add_line_name(row, tr("train"), "accent", Qt.PenStyle.SolidLine)
        self._add_line_name(row, tr("validation"), "validation", Qt.PenStyle.DashLine)
        self.heads.toggled.connect(self.plot.show_heads)
        self.log.toggled.connect(self.plot.set_log)
        self.smoothing.valueChanged.connect(self._smooth)
        self.fit.clicked.connect(self.plot.fit)
        self.plot.fitted_changed.connect(self._offer_fit)
        self._name_smoothing()

    def _make_part_controls(self) -> None:
        self.colors = ColorBar()
        self.of_body = TextToggle(tr("% of body"), name=tr("Errors as a share of the length of an animal"))
        self.of_body.toggled.connect(self.parts.plot.set_of_body)
        self.of_body.toggled.connect(lambda _: self._show_span())
        for widget in (self.of_body, self.colors):
            self.head.addWidget(widget)

    def _make_axis_choice(self) -> None:
        self.over = TextToggle(_OVER[X.EPOCH], name=tr("What all curves are drawn over"))
        self.over.setCheckable(False)
        menu = QMenu(self.over)
        group = QActionGroup(menu)
        for x, text in _OVER.items():
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(x is X.EPOCH)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, x=x: self.show_over(x))
        self.over.clicked.connect(lambda: open_below(menu, self.over))
        self.head.addWidget(self.over)

    def show_over(self, x: X) -> None:
        """Draw all curves over this."""
        self.axis.over = x
        self.over.setText(_OVER[x])
        for plot in (self.plot, *self._of_epochs.values()):
            plot.bottom.text, plot.bottom.values = x.text, x.values
            plot.bottom.picture = None
            plot.bottom.update()
        self.plot.fit()
        self._draw_epochs()
        self.axis_changed.emit()

    @property
    def view(self) -> str:
        """The view that is shown: loss, error, animals, points, parts or gradient."""
        return next(name for name, toggle in self.views.items() if toggle.isChecked())

    def show_view(self, view: str) -> None:
        """Show one of the views."""
        self.views[view].setChecked(True)
        self.stack.setCurrentIndex(list(self.views).index(view))
        self.controls.setVisible(view == "loss")
        self.of_body.setVisible(view == "parts")
        self.colors.setVisible(view == "parts")
        self.unit.setText(_UNITS.get(view, ""))
        self.unit.setVisible(False)
        self._make_room()
        self.setAccessibleName(self.views[view].text())
        self._draw_epochs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def minimumSizeHint(self) -> QSize:
        """With what `_make_room` leaves out left out: the same whatever is shown now."""
        needed = sum(one.sizeHint().width() + 8 for one in (self.heads, self.log) if not one.isHidden())
        return QSize(self._taken() + needed, super().minimumSizeHint().height())

    def _taken(self) -> int:
        """Pixels of the heading that are never left out."""
        shown = [toggle for toggle in self.views.values() if not toggle.isHidden()]
        gap, sides = self.head.spacing(), 2 * current_theme().size("space_4")
        return sides + sum(one.sizeHint().width() + gap for one in (*shown, self.over))

    def _make_room(self) -> None:
        """Leave out what is needed least until the heading fits."""
        space = self.width() - self._taken()
        if self.view != "loss":
            captions: tuple[QWidget, ...] = (self.unit, self.colors)
            for widget in captions:
                wanted = self.view in _UNITS if widget is self.unit else self.view == "parts"
                beside = self.of_body.sizeHint().width() if self.view == "parts" else 0
                widget.setVisible(wanted and widget.sizeHint().width() + beside + 16 <= space)
            return
        extras = [self.smoothing_text], self._samples, [self.smoothing], self._names
        for group in extras:
            for widget in group:
                widget.show()
        for group in extras:
            if self.controls.sizeHint().width() <= space:
                return
            for widget in group:
                widget.hide()

    def set_store(self, store: RunStore) -> None:
        """Show another run."""
        for plot in (self.plot, *self._of_epochs.values()):
            plot.store = store
        self.plot.fit()
        self._offer_views()
        self._draw_epochs()

    def draw(self) -> None:
        """Bring what is shown up to date."""
        self._offer_views()
        self.plot.draw()
        self._draw_epochs()

    def _offer_views(self) -> None:
        store = self.plot.store
        if store is None:
            return
        self.views["loss"].setVisible(True)
        for group in Group:
            measured = store.latest(group)
            leading = None if measured is None else measured.headline(group)
            self.views[group].setVisible(leading is not None)
            if leading is not None:
                self.views[group].setText(tr(leading.view))
        self.views["parts"].setVisible(len(store.parts) > 1)
        self.views["gradient"].setVisible(bool(np.isfinite(store.columns["gradient"].values).any()))
        self.heads.setVisible(len(store.heads) > 1)
        self._make_room()
        if self.views[self.view].isHidden():
            self.show_view("loss")

    def _draw_epochs(self) -> None:
        store = self.plot.store
        shown = self._of_epochs.get(self.view)
        if store is not None and shown is not None:
            shown.draw()
            self._show_span()

    def _show_span(self) -> None:
        strip = self.parts.plot
        known = math.isfinite(strip.span[0])
        if known:
            self.colors.show_span(*(strip.written(one) for one in strip.span))

    @staticmethod
    def _add_line_name(row: QHBoxLayout, text: str, token: str, style: Qt.PenStyle) -> None:
        line_token = "validation_line" if token == "validation" else token
        row.addWidget(LineSample(line_token, style=style))
        row.addWidget(LineName(text, token))

    def _offer_fit(self, fitted: bool) -> None:
        self.fit.setVisible(not fitted)
        self._make_room()

    def _smooth(self, stop: int) -> None:
        self.plot.set_smoothing(SMOOTHING[stop])
        self._name_smoothing()

    def _name_smoothing(self) -> None:
        weight = SMOOTHING[self.smoothing.value()]
        self.smoothing_text.setText(
            tr("smoothing {weight:g}", weight=weight) if weight else tr("smoothing off")
        )
