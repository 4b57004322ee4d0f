"""Where the mouse points on a plot: a line there, and the values that belong to it in the upper right corner."""

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QMenu

from sleapnn_gui.monitor.plots import QuietPlot, line_pen
from sleapnn_gui.widgets.theme import current_theme

MARGIN = 4
"""Pixels between the words and the corner they stand in."""


class Crosshair(QObject):
    """Follows the mouse over `plot`; `x` is where it is on the axis, None outside. The plot answers `moved`.

    A click with the right button offers to copy what is written.
    """

    moved = Signal()

    def __init__(self, plot: QuietPlot, *, below: int = 0) -> None:
        """`below`: pixels to leave free above the words."""
        super().__init__(plot)
        self.x: float | None = None
        self.y = 0.0
        self.read_out = QLabel(plot)
        self._view, self._below = plot.view, below
        self._line = pg.InfiniteLine(angle=90, movable=False)
        plot.addItem(self._line, ignoreBounds=True)
        plot.on_restyle(lambda: self._line.setPen(line_pen("faint")))
        plot.on_restyle(self._restyle)
        self.values: tuple[str, ...] = ()
        self.menu = QMenu(plot)
        self.menu.addAction("Copy these values").triggered.connect(self.copy)
        plot.scene().sigMouseMoved.connect(self.point_at)
        plot.scene().sigMouseClicked.connect(self._clicked)
        plot.pointer_left.connect(self._leave)
        self.hide()

    def show_values(self, x: float, values: Sequence[str]) -> None:
        """Draw the line at `x` and write the values."""
        self.values = tuple(values)
        self._line.setPos(x)
        self.read_out.setText("  ·  ".join(values))
        self.read_out.adjustSize()
        corner = self._view.sceneBoundingRect().topRight()
        self.read_out.move(
            round(corner.x()) - self.read_out.width() - MARGIN, round(corner.y()) + self._below + MARGIN
        )
        self._line.setVisible(True)
        self.read_out.setVisible(True)

    def hide(self) -> None:
        """Show nothing: there is nothing to tell here."""
        self._line.setVisible(False)
        self.read_out.setVisible(False)

    def point_at(self, position: QPointF) -> None:
        """Take the mouse to be at that place of the scene."""
        inside = self._view.sceneBoundingRect().contains(position)
        place = self._view.mapSceneToView(position)
        self.x, self.y = (place.x() if inside else None), place.y()
        self.moved.emit()

    def copy(self) -> None:
        """Put the values on the clipboard, as cells of a table beside one another."""
        QGuiApplication.clipboard().setText("\t".join(self.values))

    def _clicked(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.RightButton and not self.read_out.isHidden():
            event.accept()
            self.menu.popup(event.screenPos().toPoint())

    def _leave(self) -> None:
        self.x = None
        self.moved.emit()

    def _restyle(self) -> None:
        theme = current_theme()
        self.read_out.setFont(theme.font("caption"))
        self.read_out.setStyleSheet(
            f"background: {theme.hex('panel')}; color: {theme.hex('text')}; padding: 3px 8px; "
            f"border: 1px solid {theme.hex('line')}; border-radius: {theme.size('radius')}px;"
        )
