"""Pictures with points on near-black: one, or several side by side, as wide as there is room."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_gui.monitor.overlay import Layers, Overlay, Place
from sleapnn_gui.widgets.theme import current_theme

GAP = 8
"""Pixels between pictures."""

_LAYERS = Layers(errors=False)


@attrs.frozen(eq=False)
class Tile:
    """One picture: `width` × `height` are the pixels its points are on; `cut` says that parts of it are not shown.

    `view` is the part of it that fills its place, in these pixels; all of it where that is empty.
    """

    image: QImage
    width: int
    height: int
    points: Sequence[Any] = ()
    caption: str = ""
    cut: bool = False
    view: QRectF = attrs.field(factory=QRectF)


@attrs.frozen
class Fitted:
    """Where a picture of `width` × `height` pixels is on the screen; a whole number is the middle of its pixel."""

    target: QRectF
    scale: float

    @classmethod
    def into(cls, box: QRectF, *, width: float, height: float, view: QRectF | None = None) -> "Fitted":
        """As large as it may be in the middle of a box, all of it or the part that is a `view`."""
        seen = QRectF(0, 0, width, height) if view is None or view.isEmpty() else view
        scale = min(box.width() / max(seen.width(), 1), box.height() / max(seen.height(), 1))
        target = QRectF(0, 0, width * scale, height * scale)
        target.moveTopLeft(box.center() - seen.center() * scale)
        return cls(target, scale)

    def place(self, point: Sequence[float] | None) -> QPointF | None:
        """Where a point of the picture is."""
        return None if point is None else self.at(point[0], point[1])

    def at(self, x: float, y: float) -> QPointF:
        """Where a place of the picture is."""
        return self.target.topLeft() + QPointF(x + 0.5, y + 0.5) * self.scale

    def pixel(self, position: QPointF) -> QPointF:
        """Which place of the picture is there."""
        return (position - self.target.topLeft()) / self.scale - QPointF(0.5, 0.5)


class Tiles(QWidget):
    """Some pictures in rows of `columns`, each in a box of the same shape."""

    def __init__(
        self, *, columns: int, rows: int, shape: float = 0.85, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._columns, self._rows, self._shape = columns, rows, shape
        self.tiles: list[Tile] = []
        self.nodes: tuple[str, ...] = ()
        self.edges: tuple[tuple[int, int], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def show_tiles(self, tiles: Sequence[Tile], answer: dict[str, Any]) -> None:
        """Show these; the answer names parts and limbs."""
        self.tiles = list(tiles)
        self.nodes = tuple(answer.get("nodes", ()))
        self.edges = tuple((first, second) for first, second in answer.get("edges", ()))
        self.setAccessibleDescription("; ".join(tile.caption for tile in tiles if tile.caption))
        self.update()

    def height_at(self, width: int) -> int:
        """How tall it is at a width."""
        side = (width - GAP * (self._columns - 1)) / self._columns
        return round(self._rows * side * self._shape + GAP * (self._rows - 1))

    def sizeHint(self) -> QSize:
        return QSize(340, self.height_at(340))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 80)

    def box(self, number: int) -> QRectF:
        """Where a picture has its place."""
        side = (self.width() - GAP * (self._columns - 1)) / self._columns
        tall = (self.height() - GAP * (self._rows - 1)) / self._rows
        row, column = divmod(number, self._columns)
        return QRectF(column * (side + GAP), row * (tall + GAP), side, tall)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self.height_at(self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number in range(self._columns * self._rows):
            box = self.box(number)
            frame = QPainterPath()
            frame.addRoundedRect(box, current_theme().size("radius"), current_theme().size("radius"))
            painter.fillPath(frame, current_theme().color("image"))
            if number < len(self.tiles):
                painter.save()
                painter.setClipPath(frame)
                self._paint_tile(painter, self.tiles[number], box)
                painter.restore()

    def _paint_tile(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        fitted = Fitted.into(box, width=tile.width, height=tile.height, view=tile.view)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, fitted.scale < 4)
        painter.drawImage(fitted.target, tile.image)
        self.paint_between(painter, fitted, box)
        overlay = Overlay.labelled(tile.points, nodes=self.nodes, edges=self.edges)
        place: Place = fitted.place
        overlay.paint(painter, _LAYERS, place=place, zoom=fitted.scale, view=box)
        self.paint_above(painter, fitted, box)
        if tile.caption:
            caption(painter, tile.caption, box, warn=tile.cut)

    def paint_between(self, painter: QPainter, fitted: Fitted, box: QRectF) -> None:
        """What stands on the picture and below its points."""

    def paint_above(self, painter: QPainter, fitted: Fitted, box: QRectF) -> None:
        """What stands above the points."""


def around(animals: Sequence[Any], *, room: float) -> QRectF:
    """The part of a picture that animals are in, with `room` pixels on each side; empty without any."""
    points = [point for animal in animals for point in animal if point is not None]
    if not points:
        return QRectF()
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    box = QRectF(min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1)
    return box.adjusted(-room, -room, room, room)


def caption(painter: QPainter, text: str, box: QRectF, *, warn: bool = False) -> None:
    """Words at the lower left of a picture."""
    theme = current_theme()
    painter.setFont(theme.font("small"))
    metrics = QFontMetricsF(painter.font())
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() - 16)
    pill = QRectF(box.left() + 4, box.bottom() - metrics.height() - 8, 0, metrics.height() + 4)
    pill.setWidth(metrics.horizontalAdvance(shown) + 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(14, 16, 18, 200))
    painter.drawRoundedRect(pill, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(theme.tokens.hex("validation_line" if warn else "on_image", "dark")))
    painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), shown)


def color_image(pixels: np.ndarray) -> QImage:
    """RGBA pixels, uint8 (h, w, 4), as an image."""
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
