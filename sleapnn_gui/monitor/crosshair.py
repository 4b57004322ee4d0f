"""Where the mouse points on a plot: a line there, and the values that belong to it in the upper right corner."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QMenu

from sleapnn_gui.monitor.plots import QuietPlot, line_pen
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

MARGIN = 4
"""Pixels between the words and the corner they stand in."""


#: What a plot says of a place on its axis; None where there is nothing to tell.
Describe = Callable[[float], Sequence[str] | None]


class Crosshair(QObject):
    """Follows the mouse over `plot`; `x` is where it is on the axis, None outside. `moved` carries that to other plots.

    A click with the right button offers to copy what is written.
    """

    moved = Signal(object)

    def __init__(self, plot: QuietPlot, describe: Describe, *, below: int = 0, at_foot: bool = False) -> None:
        """The words stand at the upper right with so many pixels free above them, or `at_foot` at the lower left."""
        super().__init__(plot)
        self.x: float | None = None
        self.y = 0.0
        self.plot, self._describe = plot, describe
        self.read_out = QLabel(plot)
        self._view, self._below, self._at_foot = plot.view, below, at_foot
        self._line = pg.InfiniteLine(angle=90, movable=False)
        plot.add_item(self._line)
        plot.on_restyle(lambda: self._line.setPen(line_pen("faint")))
        plot.on_restyle(self._restyle)
        self.values: tuple[str, ...] = ()
        self.menu = QMenu(plot)
        self.menu.addAction(tr("Copy these values")).triggered.connect(self.copy)
        plot.scene().sigMouseMoved.connect(self.point_at)
        plot.scene().sigMouseClicked.connect(self._clicked)
        plot.pointer_left.connect(self._leave)
        self.refresh()

    def refresh(self) -> None:
        """Bring line and values up to date with what the plot shows."""
        values = None if self.x is None else self._describe(self.x)
        shown = self.x is not None and values is not None
        self.values = tuple(values or ())
        self._line.setVisible(shown)
        self.read_out.setVisible(shown)
        if shown:
            self._line.setPos(self.x)
            self.read_out.setText("  ·  ".join(self.values))
            self.read_out.adjustSize()
            self.read_out.move(*self._corner())

    def _corner(self) -> tuple[int, int]:
        room = self._view.sceneBoundingRect()
        if self._at_foot:
            return round(room.left()) + MARGIN, round(room.bottom()) - self.read_out.height() - MARGIN
        left = round(room.right()) - self.read_out.width() - MARGIN
        return left, round(room.top()) + self._below + MARGIN

    def follow(self, x: float | None) -> None:
        """The mouse is at that place of another plot with the same axis."""
        self.x = x
        if self.plot.isVisible():
            self.refresh()

    def point_at(self, position: QPointF) -> None:
        """Take the mouse to be at that place of the scene."""
        inside = self._view.sceneBoundingRect().contains(position)
        place = self._view.mapSceneToView(position)
        self._go_to(place.x() if inside else None, place.y())

    def _go_to(self, x: float | None, y: float) -> None:
        self.x, self.y = x, y
        self.refresh()
        self.moved.emit(x)

    def describe_at(self, x: float) -> None:
        """Have the plot described by its values at a place, for who cannot see it."""
        values = self._describe(x)
        if values:
            self.plot.setAccessibleDescription(", ".join(values))

    def copy(self) -> None:
        """Put the values on the clipboard, as cells of a table beside one another."""
        QGuiApplication.clipboard().setText("\t".join(self.values))

    def _clicked(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.RightButton and not self.read_out.isHidden():
            event.accept()
            self.menu.popup(event.screenPos().toPoint())

    def _leave(self) -> None:
        self._go_to(None, self.y)

    def _restyle(self) -> None:
        theme = current_theme()
        self.read_out.setFont(theme.font("caption"))
        self.read_out.setStyleSheet(
            f"background: {theme.hex('panel')}; color: {theme.hex('text')}; padding: 3px 8px; "
            f"border: 1px solid {theme.hex('line')}; border-radius: {theme.size('radius')}px;"
        )


class Crosshairs(QObject):
    """Those of plots with one axis: where the mouse is in one, all say their values."""

    def __init__(self, parent: QObject, members: Iterable[Crosshair]) -> None:
        super().__init__(parent)
        self._members = tuple(members)
        for one in self._members:
            others = [other for other in self._members if other is not one]
            one.moved.connect(partial(_lead, others))

    def describe_at(self, x: float) -> None:
        """Have all plots described by their values at a place, also those that are out of sight."""
        for one in self._members:
            one.describe_at(x)

    def copy(self) -> None:
        """Put what all that are seen say on the clipboard, as cells beside one another, each once."""
        seen = [one for one in self._members if one.plot.isVisible() and not one.read_out.isHidden()]
        values = dict.fromkeys(value for one in seen for value in one.values)
        if values:
            QGuiApplication.clipboard().setText("\t".join(values))


def _lead(others: Sequence[Crosshair], x: float | None) -> None:
    for other in others:
        other.follow(x)
