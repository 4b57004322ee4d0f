"""One frame on near-black: image, confidence maps, truth, prediction and the lines between them; zoom and pan."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.heat import gray_or_color_image, heat_image, part_color
from sleapnn_gui.widgets.theme import current_theme

TRUTH_RADIUS = 4.5
CROSS = 3.6
NEAR = 12.0
"""How close the pointer must come to a point to hear its name, in screen pixels."""

Points = list[list[list[float] | None]]


@dataclass
class Layers:
    """What is drawn over the image."""

    points: bool = True
    lines: bool = True
    skeleton: bool = True
    confidence: bool = False
    opacity: float = 0.7
    node: int | None = None
    """The part whose confidence is shown; None for all."""
    heat: str = "magma"


class FrameView(QWidget):
    """Draws one `frame` event. The wheel zooms, dragging moves, a double click fits; arrow keys are the owner's.

    `pointed(text)` tells the part under the pointer with its error, or an empty text.
    """

    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers = Layers()
        self.nodes: tuple[str, ...] = ()
        self.edges: tuple[tuple[int, int], ...] = ()
        self._event: Event | None = None
        self._image = QImage()
        self._heat: QImage | None = None
        self._heat_of: tuple[object, ...] = ()
        self._zoom = 1.0
        self._shift = QPointF()
        self._dragged_from: QPointF | None = None
        self.placeholder = ""
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Frame with labelled and predicted points")

    def sizeHint(self) -> QSize:
        return QSize(360, 360)

    @property
    def frame(self) -> Event | None:
        """The frame that is shown."""
        return self._event

    def show_frame(self, event: Event | None) -> None:
        """Show a frame, keeping zoom and position when the image has the same size."""
        if event is self._event:
            return
        before = self._image.size()
        self._event = event
        self._image = gray_or_color_image(event.arrays["image"]) if event is not None else QImage()
        if self._image.size() != before:
            self.fit()
        error = words.pixels(event.body["error_px"]) if event is not None else ""
        self.setAccessibleDescription(f"Mean error {error}" if error else "No frame yet")
        self.update()

    def fit(self) -> None:
        """Show the whole image."""
        self._zoom, self._shift = 1.0, QPointF()
        self.update()

    def zoom_by(self, factor: float, *, around: QPointF | None = None) -> None:
        """Enlarge around a widget position, the middle by default."""
        around = around or QPointF(self.rect().center())
        before = self._to_image(around)
        self._zoom = min(max(self._zoom * factor, 1.0), 60.0)
        if self._zoom == 1.0:
            self._shift = QPointF()
        else:
            self._shift += around - self._to_screen(before)
        self.update()

    # -- geometry ------------------------------------------------------------------------------------------

    def _scale(self) -> float:
        if self._image.isNull():
            return 1.0
        fit = min(self.width() / self._image.width(), self.height() / self._image.height())
        return fit * self._zoom

    def _origin(self) -> QPointF:
        scale = self._scale()
        return (
            QPointF(
                (self.width() - self._image.width() * scale) / 2,
                (self.height() - self._image.height() * scale) / 2,
            )
            + self._shift
        )

    def _to_screen(self, point: QPointF) -> QPointF:
        return self._origin() + point * self._scale()

    def _to_image(self, point: QPointF) -> QPointF:
        return (point - self._origin()) / self._scale()

    def _place(self, point: list[float] | None) -> QPointF | None:
        """Screen position of a point; a whole number is the middle of its pixel."""
        if point is None:
            return None
        return self._to_screen(QPointF(point[0] + 0.5, point[1] + 0.5))

    # -- painting ------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("image"))
        painter.drawRoundedRect(QRectF(self.rect()), theme.size("radius"), theme.size("radius"))
        if self._event is None:
            painter.setPen(QColor("#9aa5b1"))
            painter.setFont(theme.font("caption"))
            box = self.rect().adjusted(24, 24, -24, -24)
            painter.drawText(
                box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.placeholder
            )
            return
        painter.setClipRect(self.rect())
        scale = self._scale()
        target = QRectF(self._origin(), QSize(self._image.width(), self._image.height()) * scale)
        # Large pixels are shown as they are; a shrunken image is smoothed.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 4.0)
        painter.drawImage(target, self._image)
        if self.layers.confidence:
            self._paint_heat(painter)
        body = self._event.body
        if self.layers.skeleton:
            self._paint_skeleton(painter, body["truth"], self._inks()[0])
        if self.layers.lines:
            self._paint_errors(painter, body["truth"], body["predicted"])
        if self.layers.points:
            self._paint_points(painter, body["truth"], body["predicted"])

    @staticmethod
    def _inks() -> tuple[QColor, QColor]:
        """Truth and prediction where parts have no colour of their own; both on near-black in any theme."""
        tokens = current_theme().tokens
        return QColor(tokens.hex("best", "dark")), QColor(tokens.hex("validation_line", "dark"))

    def _paint_heat(self, painter: QPainter) -> None:
        assert self._event is not None
        maps = self._event.arrays.get("confmaps")
        if maps is None or maps.ndim != 3:
            return
        wanted = (id(self._event), self.layers.node, self.layers.heat)
        if self._heat is None or wanted != self._heat_of:
            node = self.layers.node if self.layers.node is not None and self.layers.node < len(maps) else None
            self._heat = heat_image(maps, node=node, name=self.layers.heat)
            self._heat_of = wanted
        stride = float(self._event.body["stride"])
        # The middle of cell 0 lies on the middle of pixel 0.
        start = QPointF((1.0 - stride) / 2, (1.0 - stride) / 2)
        size = QPointF(self._heat.width() * stride, self._heat.height() * stride)
        painter.save()
        painter.setOpacity(self.layers.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(self._to_screen(start), self._to_screen(start + size)), self._heat)
        painter.restore()

    def _paint_skeleton(self, painter: QPainter, instances: Points, color: QColor) -> None:
        soft = QColor(color)
        soft.setAlpha(150)
        painter.setPen(QPen(soft, 1.1))
        for instance in instances:
            for first, second in self.edges:
                start, end = self._node(instance, first), self._node(instance, second)
                if start is not None and end is not None:
                    painter.drawLine(QLineF(start, end))

    def _node(self, instance: list[list[float] | None], index: int) -> QPointF | None:
        return self._place(instance[index]) if index < len(instance) else None

    def _paint_errors(self, painter: QPainter, truth: Points, predicted: Points) -> None:
        painter.setPen(QPen(QColor("#ffffff"), 1.2, Qt.PenStyle.SolidLine))
        for true, found in zip(truth, predicted):
            for start, end in zip(true, found):
                first, second = self._place(start), self._place(end)
                if first is not None and second is not None:
                    painter.drawLine(QLineF(first, second))

    def _paint_points(self, painter: QPainter, truth: Points, predicted: Points) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for instance in truth:
            for node, point in enumerate(instance):
                place = self._place(point)
                if place is not None:
                    for pen in _outlined(part_color(node), 1.8):
                        painter.setPen(pen)
                        painter.drawEllipse(place, TRUTH_RADIUS, TRUTH_RADIUS)
        for instance in predicted:
            for node, point in enumerate(instance):
                place = self._place(point)
                if place is not None:
                    for pen in _outlined(part_color(node), 1.8):
                        painter.setPen(pen)
                        _draw_cross(painter, place)

    # -- pointer -------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._event is not None and event.angleDelta().y():
            self.zoom_by(1.2 ** (event.angleDelta().y() / 120), around=event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged_from = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None and self._zoom > 1.0:
            self._shift += event.position() - self._dragged_from
            self._dragged_from = event.position()
            self.update()
        self.pointed.emit(self.describe_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit("")

    def describe_at(self, position: QPointF) -> str:
        """The part nearest to a widget position with its error and confidence; empty when none is near."""
        if self._event is None:
            return ""
        body = self._event.body
        best, found = NEAR, ""
        for kind in ("truth", "predicted"):
            for number, instance in enumerate(body[kind]):
                for node, point in enumerate(instance):
                    place = self._place(point)
                    if place is None:
                        continue
                    distance = math.dist(place.toTuple(), position.toTuple())
                    if distance < best:
                        best, found = distance, self._describe(number, node)
        return found

    def _describe(self, instance: int, node: int) -> str:
        assert self._event is not None
        body = self._event.body
        parts = [self.nodes[node] if node < len(self.nodes) else f"part {node + 1}"]
        true, guess = _point(body["truth"], instance, node), _point(body["predicted"], instance, node)
        if true is not None and guess is not None:
            parts.append(f"{words.pixels(math.dist(true, guess) * body['scale'])} off")
        elif guess is None:
            parts.append("not found")
        else:
            parts.append("not labelled")
        score = _point(body["scores"], instance, node)
        if score is not None:
            parts.append(f"confidence {score:.2f}")
        return "  ·  ".join(parts)


def _outlined(color: QColor, width: float) -> tuple[QPen, QPen]:
    """A dark pen below and the colour above, so that a mark is seen on any image."""
    return QPen(QColor(0, 0, 0, 150), width + 1.8), QPen(color, width)


def _draw_cross(painter: QPainter, place: QPointF) -> None:
    painter.drawLine(place + QPointF(-CROSS, -CROSS), place + QPointF(CROSS, CROSS))
    painter.drawLine(place + QPointF(-CROSS, CROSS), place + QPointF(CROSS, -CROSS))


def _point(instances: list, instance: int, node: int) -> object:
    """What stands at a place of a nested list; None when there is nothing."""
    if instance < len(instances) and node < len(instances[instance]):
        return instances[instance][node]
    return None
