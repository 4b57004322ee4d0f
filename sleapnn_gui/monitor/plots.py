"""The quiet plot all charts of the page are made of: no frame, few grid lines, the theme's colours, cheap to redraw."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPen, QShowEvent
from PySide6.QtWidgets import QFrame, QGraphicsGridLayout, QSizePolicy, QStyleOptionGraphicsItem, QWidget

from sleapnn_gui.monitor import ticks
from sleapnn_gui.widgets.theme import current_theme

TickValues = Callable[[float, float], list[float]]
TickText = Callable[[float], str]
#: Where a text stands, how it is aligned there, and the text.
PlacedTexts = list[tuple[QRectF, Any, str]]


# pyqtgraph has no types, so that its classes are Any.
class QuietAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis that names a few round values and draws nothing else; `log` values are powers of ten."""

    def __init__(self, side: str, *, values: TickValues, text: TickText) -> None:
        super().__init__(side)
        self.values, self.text, self.log = values, text, False
        self.enableAutoSIPrefix(False)
        self.setStyle(
            tickLength=0,
            tickTextOffset=8 if side == "left" else 6,
            autoExpandTextSpace=False,
            hideOverlappingLabels=False,
        )

    def set_log(self, log: bool) -> None:
        """Switch between linear values and powers of ten."""
        self.log = log
        self.refresh()

    def refresh(self) -> None:
        """Name its values anew, which are others though the range is the same."""
        self.picture = None
        self.update()

    def places(self, low: float, high: float) -> list[float]:
        """Where the named values stand in the plot's own coordinates."""
        if not self.log:
            return self.values(low, high)
        # A plot that has not been given any data yet may show a range whose powers do not fit a number.
        if not (-300 < low < high < 300):
            return []
        return [float(np.log10(value)) for value in ticks.log_ticks(10.0**low, 10.0**high)]

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        return [(1.0, self.places(minVal, maxVal))]

    def drawPicture(self, p: QPainter, axisSpec: object, tickSpecs: object, textSpecs: PlacedTexts) -> None:  # noqa: N802 - pyqtgraph's names
        """Draw the words only: the grid has its own item, and a tick without length still leaves a dot."""
        p.setFont(self.style["tickFont"] or self.font())
        p.setPen(self.textPen())
        for rect, flags, text in textSpecs:
            p.drawText(rect, int(flags), text)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [self.text(10.0**value if self.log else value) for value in values]


class GridLines(pg.GraphicsObject):  # type: ignore[misc]
    """One thin level line for each value the left axis names, and one under the plot."""

    def __init__(self, view: pg.ViewBox, axis: QuietAxis) -> None:
        super().__init__()
        self._view, self._axis = view, axis
        self.setZValue(-100)
        view.sigRangeChanged.connect(self._moved)

    def _moved(self) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        seen: QRectF = self._view.viewRect()
        return seen

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        rect = self._view.viewRect()
        pen = QPen(current_theme().color("line"), 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for place in [*self._axis.places(rect.top(), rect.bottom()), rect.top()]:
            painter.drawLine(QPointF(rect.left(), place), QPointF(rect.right(), place))


class QuietPlot(pg.GraphicsView):  # type: ignore[misc]
    """A plot without frame, buttons and menus. `fit_wanted` is emitted on a double click, `moved` when a person
    zooms or pans, `pointer_left` when the mouse goes elsewhere.

    A view and two axes: pyqtgraph's own plot has two more and a menu with forty controls, which all have to be made, and
    styled with every theme, though nobody ever sees them.
    """

    fit_wanted = Signal()
    moved = Signal()
    pointer_left = Signal()

    def __init__(
        self,
        *,
        x_text: TickText = ticks.plain_text,
        y_text: TickText = ticks.loss_text,
        y_values: TickValues = ticks.linear_ticks,
        left_width: int = 52,
        parent: QWidget | None = None,
    ) -> None:
        self.left = QuietAxis("left", values=y_values, text=y_text)
        self.bottom = QuietAxis("bottom", values=ticks.whole_ticks, text=x_text)
        super().__init__(parent)
        self.view = pg.ViewBox(enableMenu=False)
        self._put_together()
        self.left.setWidth(left_width)
        self.bottom.setHeight(22)
        self.view.setDefaultPadding(0)
        self.view.disableAutoRange()
        self.view.sigRangeChangedManually.connect(lambda *_: self.moved.emit())
        self.add_item(GridLines(self.view, self.left))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumSize(80, 48)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for widget in (self, self.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._painted: list[Callable[[], None]] = []
        self._worn = ""
        current_theme().changed.connect(self._follow_theme)
        self.restyle()

    def _put_together(self) -> None:
        """The view takes all the room that its axes leave."""
        inside = pg.GraphicsWidget()
        grid = QGraphicsGridLayout(inside)
        grid.setContentsMargins(0, 4, 10, 0)
        grid.setSpacing(0)
        grid.setColumnStretchFactor(1, 100)
        grid.setRowStretchFactor(0, 100)
        grid.addItem(self.view, 0, 1)
        for axis, place in ((self.left, (0, 0)), (self.bottom, (1, 1))):
            axis.linkToView(self.view)
            axis.setZValue(0.5)
            grid.addItem(axis, *place)
        self.setCentralItem(inside)

    def add_item(self, item: pg.GraphicsObject) -> None:
        """Draw something more in the view; its extent changes no range, which the owner sets."""
        self.view.addItem(item, ignoreBounds=True)

    def sizeHint(self) -> QSize:
        return QSize(240, 96)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit_wanted.emit()
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointer_left.emit()

    def on_restyle(self, paint: Callable[[], None]) -> None:
        """Run `paint` now and whenever the theme changes."""
        self._painted.append(paint)
        paint()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_theme()

    def _follow_theme(self) -> None:
        """Take on a new theme as soon as it is seen."""
        if self.isVisible() and self._worn != current_theme().scheme:
            self.restyle()

    def restyle(self) -> None:
        """Take on the theme's colours and type."""
        theme = current_theme()
        self._worn = theme.scheme
        self.setBackground(theme.color("panel"))
        for axis in (self.left, self.bottom):
            axis.setPen(QPen(Qt.PenStyle.NoPen))
            axis.setTextPen(theme.color("muted"))
            axis.setStyle(tickFont=theme.font("small"))
        for paint in self._painted:
            paint()
        self.viewport().update()


def pale(token: str, share: float) -> QColor:
    """A theme colour thinned with the panel behind it: many lines over each other stay as pale as one."""
    theme = current_theme()
    ink, paper = theme.color(token), theme.color("panel")
    parts = ((ink.red(), paper.red()), (ink.green(), paper.green()), (ink.blue(), paper.blue()))
    return QColor(*(round(share * a + (1 - share) * b) for a, b in parts))


def line_pen(token: str, *, width: float = 1.0, alpha: int = 255, style: Qt.PenStyle | None = None) -> QPen:
    """A pen in a theme colour whose width is in screen pixels."""
    color = QColor(current_theme().color(token))
    color.setAlpha(alpha)
    pen = QPen(color, width, style or Qt.PenStyle.SolidLine)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap if style is None else Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def make_curve(
    plot: QuietPlot, pen: Callable[[], QPen], *, smooth: bool = True, level: int = 0
) -> pg.PlotCurveItem:
    """Add a curve whose pen follows the theme; `smooth` for the few thick lines, not for the many thin ones."""
    curve = pg.PlotCurveItem(antialias=smooth, connect="finite")
    curve.setZValue(level)
    # Asking each curve for its extent would cost as much as drawing it.
    plot.add_item(curve)
    plot.on_restyle(lambda: curve.setPen(pen()))
    return curve


def lone_stroke(x: np.ndarray, y: np.ndarray, *, span: float) -> tuple[np.ndarray, np.ndarray]:
    """A line as it is; a single value is a short stroke of a picture `span` wide, so that it is seen."""
    return (np.array([x[0] - 0.012 * span, x[0]]), np.repeat(y, 2)) if len(x) == 1 else (x, y)


NAME_GAP = 8
"""Pixels between the end of a line and its name."""


def make_name(plot: QuietPlot, token: str) -> pg.TextItem:
    """Add words for the end of a line, on the panel's colour so that nothing runs through them."""
    text = pg.TextItem("")
    text.setZValue(6)
    text.setVisible(False)
    plot.add_item(text)

    def paint() -> None:
        text.setColor(current_theme().color(token))
        text.setFont(current_theme().font("small"))
        text.fill = QBrush(current_theme().color("panel"))

    plot.on_restyle(paint)
    return text


def put_name(plot: QuietPlot, text: pg.TextItem, x: float, y: float) -> None:
    """Put words at the end of a line: right of it, or above it where that would leave the picture."""
    (left, right), _ = plot.view.viewRange()
    pixel = (right - left) / max(1.0, plot.view.width())
    width = text.boundingRect().width() * pixel
    beside = x + width + NAME_GAP * pixel <= right
    text.setAnchor((0.0, 0.5) if beside else (1.0, 1.1) if x - width > left else (0.0, 1.1))
    text.setPos(x + NAME_GAP * pixel if beside else x, y)
    text.setVisible(True)


def put_beside(plot: QuietPlot, text: pg.TextItem, x: float, y: float) -> None:
    """Put words above and right of a mark, where a curve that rises again leaves room.

    Where they would leave the picture they go to its left, below the mark, where a falling curve has not been; in a
    picture that is narrow on both sides, from its left edge on. Near the lower edge they go above the mark all the same.
    """
    (left, right), (bottom, top) = plot.view.viewRange()
    pixel_x, pixel_y = plot.view.viewPixelSize()
    width, height = text.boundingRect().width() * pixel_x, text.boundingRect().height() * pixel_y
    if x + 1.06 * width <= right:
        across, down = -0.06, 1.15
    else:
        across, down = min(1.05, (x - left) / width), -0.1
    if down > 0 and y + 1.15 * height > top:
        down = -0.15
    if down < 0 and y - 1.15 * height < bottom:
        down = 1.15
    text.setAnchor((across, down))
    text.setPos(x, y)
    text.setVisible(True)
