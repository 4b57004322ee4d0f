"""One frame on near-black: image, confidence maps, truth, prediction and the lines between them; zoom and pan."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_engine.config.model_types import HEADS
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.colormaps import gray_or_color_image
from sleapnn_gui.monitor.map_layer import map_image, value_text
from sleapnn_gui.monitor.matching import Matching
from sleapnn_gui.monitor.overlay import Layers, Overlay
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

T = TypeVar("T")

NEAR = 12.0
"""How close the pointer must come to a point to hear its name, in screen pixels."""

CLOSE_UP_MARGIN, CENTER_ROOM = 0.25, 40.0
"""Room around the animals in a close-up: as a share of the box they are in, and around centres in image pixels."""


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
        self.tracks: tuple[str, ...] = ()
        self.channels: Mapping[str, Sequence[str]] = {}
        """What the channels of each kind of maps are of."""
        self.one_animal = True
        """Whether every image shows exactly one animal."""
        self.close_up = False
        self.overlay = Overlay()
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
        self.setAccessibleName(tr("Frame with labelled and predicted points"))

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
        self.overlay = self._read(event) if event is not None else Overlay()
        if self._image.size() != before or self.close_up:
            self.fit()
        self.setAccessibleDescription(self._description())
        self.update()

    def set_close_up(self, on: bool) -> None:
        """Show the animals large, or the whole image."""
        self.close_up = on
        self.fit()

    @property
    def matching(self) -> Matching:
        """Who is who among the animals shown."""
        return self.overlay.matching

    def _read(self, event: Event) -> Overlay:
        return Overlay.of(
            event.typed_as(Frame),
            nodes=self.nodes,
            edges=self.edges,
            several=not self.one_animal,
            tracks=self.tracks,
        )

    def _description(self) -> str:
        """The frame in a sentence."""
        if self._event is None:
            return tr("No frame")
        error, matching = self._event.typed_as(Frame).error_px, self.matching
        parts = [] if error is None else [tr("mean error {pixels}", pixels=words.pixels(error))]
        if not matching.known:
            parts.append(tr("the engine of this run does not tell which animals belong together"))
        elif not self.one_animal:
            labelled = words.counted(len(matching.pairs) + len(matching.missed), "animal", "animals")
            parts += [
                tr("{count} of {labelled} found", count=len(matching.pairs), labelled=labelled),
                tr("{count} found that are none", count=len(matching.extra)),
            ]
        if self.overlay.true_identities:
            wrong = sum(not self.overlay.identity_text(true, found)[1] for true, found, _ in matching.pairs)
            parts.append(tr("{wrong} taken for somebody else", wrong=wrong))
        return ", ".join(parts).capitalize()

    def fit(self) -> None:
        """Show the whole image, or in a close-up the part of it with the animals."""
        self._zoom, self._shift = 1.0, QPointF()
        box = self._close_up_box() if self.close_up else QRectF()
        if not box.isEmpty():
            # Around a centre there is an animal whose size is not known.
            least = CENTER_ROOM if len(self.nodes) == 1 else 8.0
            room = max(least, CLOSE_UP_MARGIN * max(box.width(), box.height()))
            box.adjust(-room, -room, room, room)
            wanted = min(self.width() / box.width(), self.height() / box.height())
            self._zoom = max(1.0, wanted / self._scale())
            self._shift = QPointF(self.rect().center()) - self._to_screen(box.center())
        self.update()

    def _close_up_box(self) -> QRectF:
        """The part of the image that a close-up shows, in its pixels; empty for all of it."""
        return self.overlay.box()

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

    def _to_point(self, point: Sequence[float] | None) -> QPointF | None:
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
        corners = QPainterPath()
        corners.addRoundedRect(QRectF(self.rect()), theme.size("radius"), theme.size("radius"))
        painter.setClipPath(corners)
        scale = self._scale()
        target = QRectF(self._origin(), QSize(self._image.width(), self._image.height()) * scale)
        # Large pixels are shown as they are; a shrunken image is smoothed.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 4.0)
        painter.drawImage(target, self._image)
        if self.layers.confidence:
            self._paint_heat(painter)
        origin = self._origin()
        left, top = origin.x(), origin.y()

        def place(point: Sequence[float] | None) -> QPointF | None:
            """What `_to_point` does, for thousands of points at one zoom."""
            if point is None:
                return None
            return QPointF(left + (point[0] + 0.5) * scale, top + (point[1] + 0.5) * scale)

        self.overlay.paint(painter, self.layers, place=place, zoom=scale, view=QRectF(self.rect()))

    @property
    def _maps(self) -> np.ndarray | None:
        """The maps of the layer that is chosen, (channels, h, w)."""
        maps = self._event.arrays.get(self.layers.maps) if self._event is not None else None
        return maps if maps is not None and maps.ndim == 3 else None

    def _channel(self, maps: np.ndarray) -> int | None:
        count = len(maps) // 2 if HEADS[self.layers.maps].limbs else len(maps)
        return self.layers.node if self.layers.node is not None and self.layers.node < count else None

    def _stride(self) -> float:
        """Image pixels for each cell of the maps that are chosen."""
        assert self._event is not None
        said = self._event.typed_as(Frame)
        return float((said.strides or {}).get(self.layers.maps, said.stride))

    def _paint_heat(self, painter: QPainter) -> None:
        maps = self._maps
        if maps is None:
            return
        wanted = (id(self._event), self.layers.maps, self.layers.node, self.layers.heat)
        if self._heat is None or wanted != self._heat_of:
            self._heat = map_image(self.layers.maps, maps, channel=self._channel(maps), heat=self.layers.heat)
            self._heat_of = wanted
        stride = self._stride()
        # The middle of cell 0 lies on the middle of pixel 0.
        start = QPointF((1.0 - stride) / 2, (1.0 - stride) / 2)
        size = QPointF(self._heat.width() * stride, self._heat.height() * stride)
        painter.save()
        painter.setOpacity(self.layers.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(self._to_screen(start), self._to_screen(start + size)), self._heat)
        painter.restore()

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.close_up:
            self.fit()

    def describe_at(self, position: QPointF) -> str:
        """The part nearest to a widget position with its error and confidence, else what the maps hold there."""
        best, found = NEAR, ""
        for kind, animals in (("truth", self.overlay.truth), ("predicted", self.overlay.predicted)):
            for number, animal in enumerate(animals):
                for node, point in enumerate(animal):
                    place = self._to_point(point)
                    if place is None:
                        continue
                    distance = math.dist(place.toTuple(), position.toTuple())
                    if distance < best:
                        best, found = distance, self._describe(kind, number, node)
        return found or self._describe_map(position)

    def _describe_map(self, position: QPointF) -> str:
        """What the maps that are shown hold at a widget position."""
        maps = self._maps if self.layers.confidence else None
        if maps is None:
            return ""
        place, stride = self._to_image(position) - QPointF(0.5, 0.5), self._stride()
        cell = round(place.x() / stride), round(place.y() / stride)
        names = self.channels.get(self.layers.maps, ())
        return value_text(self.layers.maps, maps, channel=self._channel(maps), cell=cell, names=names)

    def _describe(self, kind: str, number: int, node: int) -> str:
        """One part of one animal; `kind` says whether `number` counts the labelled or the predicted ones."""
        assert self._event is not None
        said = self._event.typed_as(Frame)
        other = self.matching.predicted_of(number) if kind == "truth" else self.matching.labelled_of(number)
        labelled, predicted = (number, other) if kind == "truth" else (other, number)
        true, guess = _point(said.truth, labelled, node), _point(said.predicted, predicted, node)
        parts = [self.nodes[node] if node < len(self.nodes) else tr("part {node}", node=node + 1)]
        if true is not None and guess is not None:
            parts.append(tr("{pixels} off", pixels=words.pixels(math.dist(true, guess) * said.scale)))
        elif not self.matching.known:
            pass
        elif guess is None:
            parts.append(
                tr("animal missed")
                if number in self.matching.missed and not self.one_animal
                else tr("not found")
            )
        else:
            parts.append(
                tr("not labelled") if labelled is not None or self.one_animal else tr("no labelled animal")
            )
        score = _point(said.scores, predicted, node)
        if score is not None:
            parts.append(tr("confidence {score:.2f}", score=score))
        return "  ·  ".join(parts)


def _point(animals: Sequence[Sequence[T]], animal: int | None, node: int) -> T | None:
    """What stands at a place of a nested list; None when there is nothing."""
    if animal is not None and animal < len(animals) and node < len(animals[animal]):
        return animals[animal][node]
    return None
