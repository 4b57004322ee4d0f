"""The error of each body part over the epochs as a strip of colour, in pixels or as a share of the body."""

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from sleapnn_engine.protocol.measures import MEDIAN_PX, OF_BODY, Measured
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.colormaps import colormap
from sleapnn_gui.monitor.crosshair import Crosshair
from sleapnn_gui.monitor.plots import QuietPlot
from sleapnn_gui.monitor.run_axis import RunAxis
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

ROW, AXIS = 15, 26
"""Least height of a part, and of what names the epochs, in pixels."""
MOST_NAME = 110
COLORS = "viridis"
MOST_COLUMNS = 2000
_BAR = QSize(170, 18)


class PartPlot(QuietPlot):
    """One row a part in the order of the skeleton, one column an epoch; what was not measured has no colour."""

    def __init__(self, axis: RunAxis, parent: QWidget | None = None) -> None:
        super().__init__(y_values=self._rows, y_text=self._name, parent=parent)
        self.setAccessibleName(tr("Error of each body part over epochs"))
        self.axis, self.of_body = axis, False
        self.store: RunStore | None = None
        self.names: list[str] = []
        self._describe(np.empty((0, 0)))
        self.span = (math.nan, math.nan)
        """The errors that have the darkest and the brightest colour."""
        self.view.setMouseEnabled(x=False, y=False)
        self._image = pg.ImageItem(axisOrder="row-major")
        self.add_item(self._image)
        self.crosshair = Crosshair(self, self._describe_place)
        self.view.sigResized.connect(lambda *_: self.draw())

    def wheelEvent(self, event: object) -> None:
        """Leave the wheel to what scrolls the parts."""
        event.ignore()  # type: ignore[attr-defined]

    def set_of_body(self, of_body: bool) -> None:
        """Show shares of the body in percent, or pixels."""
        self.of_body = of_body
        self.draw()

    def errors(self, store: RunStore) -> np.ndarray:
        """What is drawn, (parts, epochs), in px or percent of the body; NaN where it was not measured."""
        rows: np.ndarray = np.array([store.part_errors(name) for name in self.names]).reshape(
            len(self.names), -1
        )
        if not self.of_body:
            return rows
        median, share = store.columns[MEDIAN_PX.key].values, store.columns[OF_BODY.key].values
        # The same body that made a share of the median makes one of each part.
        per_pixel = np.divide(share, median, out=np.full(len(median), math.nan), where=median > 0)
        return np.asarray(rows * per_pixel)

    def draw(self) -> None:
        """Bring the picture up to date with the store."""
        store = self.store
        if store is None or not self.isVisible():
            return
        named = store.header.nodes if store.header is not None else ()
        self.names = [name for name in named if name in store.parts] or list(store.parts)
        self._make_room()
        errors = self.errors(store)
        span = self.axis.end(store) * 1.012
        self.view.setXRange(0.0, span, padding=0)
        self.view.setYRange(0.0, max(1, len(self.names)), padding=0)
        self._paint_rows(store, errors, span)
        self._describe(errors)
        self.crosshair.refresh()

    def _make_room(self) -> None:
        least = len(self.names) * ROW + AXIS
        if self.minimumHeight() != least:
            self.setMinimumHeight(least)
        metrics = QFontMetrics(current_theme().font("small"))
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=0)
        self.left.setWidth(min(MOST_NAME, widest + 14))

    def _paint_rows(self, store: RunStore, errors: np.ndarray, span: float) -> None:
        known = errors[np.isfinite(errors) & (errors > 0)]
        ends = self.axis.ends(store)
        if not known.size or not len(ends):
            self._image.clear()
            self.span = (math.nan, math.nan)
            return
        self.span = float(known.min()), float(known.max())
        columns = int(min(MOST_COLUMNS, max(1.0, self.view.width())))
        edges = (np.arange(columns) + 0.5) * span / columns
        epoch = np.searchsorted(ends, edges)
        begun = self.axis.begins(store)[0]
        shown = (epoch < len(ends)) & (edges >= begun)
        values = errors[::-1][:, np.minimum(epoch, len(ends) - 1)]
        levels = _levels(values, self.span)
        pixels = np.zeros((*values.shape, 4), np.uint8)
        pixels[..., :3] = colormap(COLORS)[levels]
        pixels[..., 3] = 255 * (np.isfinite(values) & shown)
        self._image.setImage(pixels, autoLevels=False, levels=None)
        self._image.setRect(QRectF(0.0, 0.0, span, len(self.names)))

    def _describe(self, errors: np.ndarray) -> None:
        last = errors[:, -1].tolist() if errors.size else []
        self.setAccessibleDescription(
            ", ".join(f"{name} {self.written(value)}" for name, value in zip(self.names, last))
            or tr("No distances measured")
        )

    def written(self, value: float) -> str:
        """An error in the unit that is shown."""
        return (
            "–" if not math.isfinite(value) else words.share(value) if self.of_body else words.pixels(value)
        )

    def _rows(self, low: float, high: float) -> list[float]:
        return [place + 0.5 for place in range(len(self.names))]

    def _name(self, value: float) -> str:
        place = len(self.names) - 1 - int(value)
        if not 0 <= place < len(self.names):
            return ""
        metrics = QFontMetrics(current_theme().font("small"))
        return metrics.elidedText(self.names[place], Qt.TextElideMode.ElideMiddle, MOST_NAME - 14)

    def _describe_place(self, x: float) -> list[str] | None:
        """The error of the part and epoch under the pointer, in both units."""
        store = self.store
        if store is None or not store.epochs or not self.names:
            return None
        number, epoch = self.axis.epoch_at(store, x)
        row = min(max(0, len(self.names) - 1 - int(self.crosshair.y)), len(self.names) - 1)
        measured = Measured() if epoch is None else epoch.measured
        name = self.names[row]
        pixels, median, share = measured.by_node.get(name), measured[MEDIAN_PX], measured[OF_BODY]
        values = [words.epoch_name(number), f"{name} {words.pixels(pixels)}"]
        if pixels is not None and median and share is not None:
            values.append(tr("{share} of body", share=words.share(pixels * share / median)))
        return values


def _levels(values: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """The place of each value in the colours, by its logarithm: a halved error is the same step everywhere."""
    low, high = (math.log(one) for one in span)
    place = (np.log(np.where(values > 0, values, span[0])) - low) / ((high - low) or 1.0)
    return (np.clip(np.nan_to_num(place, nan=0.0), 0.0, 1.0) * 255).astype(np.uint8)


class PartStrip(QScrollArea):
    """The strip in what scrolls it where there are more parts than fit."""

    def __init__(self, axis: RunAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = PartPlot(axis)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(self.plot)


class ColorBar(QWidget):
    """The colours between the least and the largest error, with both in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ("", "")
        self.setFixedSize(_BAR)
        self.setAccessibleName(tr("Colours of errors"))
        current_theme().changed.connect(self.update)

    def show_span(self, low: str, high: str) -> None:
        """Say what the ends stand for; nothing is shown where that is not known."""
        self.words = (low, high)
        self.setAccessibleDescription(tr("from {low} to {high}", low=low, high=high))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = current_theme()
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("muted"))
        low, high = self.words
        if not low:
            return
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(self.rect(), middle, low)
        painter.drawText(self.rect(), middle | int(Qt.AlignmentFlag.AlignRight), high)
        left, right = (painter.fontMetrics().horizontalAdvance(text) + 8 for text in self.words)
        colors = np.ascontiguousarray(colormap(COLORS)[None])
        image = QImage(colors.data, 256, 1, 3 * 256, QImage.Format.Format_RGB888)
        box = QRectF(left, (self.height() - 8) / 2, self.width() - left - right, 8)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(box, image)
