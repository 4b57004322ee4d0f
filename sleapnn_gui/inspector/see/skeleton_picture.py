"""The animals of a frame, painted for choosing: what is chosen in colour, the rest faint, what the pointer is on named."""

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from sleapnn_gui.inspector.see.picking import Picked, chosen_names
from sleapnn_gui.inspector.see.tiles import Fitted, Tile, Tiles, around
from sleapnn_gui.monitor.colormaps import gray_or_color_image, part_color
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_NEAR = 14.0
"""How close the pointer must come to a part, in screen pixels."""
_MARK = 5.0
_ROOM = 0.12
"""Room around what fills the picture, as a share of how large that is."""


class SkeletonPicture(Tiles):
    """`pressed` carries a `Picked`: the part under the pointer and the animal that has it."""

    pressed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(columns=1, rows=1, shape=0.9, name=tr("Animals to choose on"), parent=parent)
        self._answer: dict[str, Any] = {}
        self._mode = ""
        self._first: str | None = None
        self._under: tuple[int, int] | None = None
        self.setMouseTracking(True)

    def show_choice(self, answer: dict[str, Any], mode: str) -> None:
        """Show the animals of an answer; a press is to choose `mode`."""
        if mode != self._mode or answer.get("nodes") != self._answer.get("nodes"):
            self._first = None
        self._answer, self._mode, self._under = answer, mode, None
        shown = answer["points"] if mode == "identities" else _clearest(answer["points"])
        across = around(shown, room=0)
        view = around(shown, room=8 + _ROOM * max(across.width(), across.height()))
        image = gray_or_color_image(answer["arrays"]["image"])
        said = answer["place"].rpartition(", ")[2]
        self.show_tiles([Tile(image, answer["width"], answer["height"], caption=said, view=view)], {})

    def _fitted(self) -> Fitted:
        tile = self.tiles[0]
        return Fitted.into(self.box(0), width=tile.width, height=tile.height, view=tile.view)

    def spot(self, animal: int, part: int) -> QPointF | None:
        """Where a part of an animal is on the widget; None where it is not visible."""
        return self._fitted().place(self._answer["points"][animal][part]) if self.tiles else None

    def _at(self, position: QPointF) -> tuple[int, int] | None:
        """The animal and the part next to a place of the widget."""
        found = [
            (math.hypot(spot.x() - position.x(), spot.y() - position.y()), animal, part)
            for animal, points in enumerate(self._answer.get("points", ()))
            for part in range(len(points))
            if (spot := self.spot(animal, part)) is not None
        ]
        reach, animal, part = min(found, default=(math.inf, 0, 0))
        return (animal, part) if reach <= _NEAR else None

    # -- painting ------------------------------------------------------------------------------------------

    def paint_above(self, painter: QPainter, fitted: Fitted, box: QRectF) -> None:
        """Limbs, parts and names."""
        tracks = chosen_names(self._answer, "identities")
        for animal, points in enumerate(self._answer["points"]):
            faint = self._mode == "identities" and self._answer["tracks"][animal] not in tracks
            spots = [fitted.place(point) for point in points]
            painter.setOpacity(0.35 if faint else 1.0)
            self._paint_limbs(painter, spots)
            self._paint_parts(painter, spots)
            if self._mode == "identities":
                self._name(painter, spots, self._answer["tracks"][animal] or tr("no track"), box)
        painter.setOpacity(1.0)
        if self._under is not None and self._mode != "identities":
            animal, part = self._under
            spot = fitted.place(self._answer["points"][animal][part])
            self._name(painter, [spot], self._answer["nodes"][part], box)

    def _paint_limbs(self, painter: QPainter, spots: list[QPointF | None]) -> None:
        nodes = self._answer["nodes"]
        chosen = chosen_names(self._answer, "limbs")
        skeleton = [[nodes[a], nodes[b]] for a, b in self._answer["edges"]]
        for edge in [*(one for one in skeleton if one not in chosen), *chosen]:
            if not all(end in nodes for end in edge):
                continue
            start, end = (spots[nodes.index(name)] for name in edge)
            if start is None or end is None:
                continue
            color = QColor("#f0e442" if self._mode == "limbs" else "#ffffff")
            color.setAlpha(230 if edge in chosen and self._mode == "limbs" else 110)
            style = Qt.PenStyle.SolidLine if edge in chosen else Qt.PenStyle.DotLine
            painter.setPen(QPen(color, 2.0 if edge in chosen else 1.2, style))
            line = QLineF(start, end)
            painter.drawLine(line)
            if self._mode == "limbs" and edge in chosen:
                _paint_arrow(painter, line)

    def _paint_parts(self, painter: QPainter, spots: list[QPointF | None]) -> None:
        nodes, parts = self._answer["nodes"], chosen_names(self._answer, "parts")
        anchor = self._answer["chosen"].get("anchor", {}).get("value")
        painter.setFont(current_theme().font("small"))
        for part, spot in enumerate(spots):
            if spot is None:
                continue
            name = nodes[part]
            is_in = name in parts
            painter.setPen(QPen(QColor(0, 0, 0, 200) if is_in else QColor(255, 255, 255, 150), 1.0))
            painter.setBrush(part_color(part) if is_in else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(spot, _MARK, _MARK)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if (self._mode == "anchor" and name == anchor) or (self._mode == "limbs" and name == self._first):
                painter.setPen(QPen(QColor("#ffffff"), 2.0))
                painter.drawEllipse(spot, 2 * _MARK, 2 * _MARK)
            if self._mode == "parts" and is_in:
                self._number(painter, spot, parts.index(name) + 1)

    def _number(self, painter: QPainter, spot: QPointF, number: int) -> None:
        painter.setPen(QColor("#ffffff"))
        painter.drawText(spot + QPointF(_MARK + 2, -_MARK), str(number))

    def _name(self, painter: QPainter, spots: list[QPointF | None], text: str, box: QRectF) -> None:
        """A word on dark ground above the topmost of some spots, inside of the picture."""
        top = min((spot for spot in spots if spot is not None), key=lambda spot: spot.y(), default=None)
        if top is None:
            return
        painter.setFont(current_theme().font("small"))
        metrics = QFontMetricsF(painter.font())
        pill = QRectF(0, 0, metrics.horizontalAdvance(text) + 10, metrics.height() + 4)
        pill.moveCenter(top - QPointF(0, _MARK + pill.height()))
        pill.moveLeft(min(max(pill.left(), box.left() + 4), box.right() - pill.width() - 4))
        pill.moveTop(max(pill.top(), box.top() + 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(14, 16, 18, 220))
        painter.drawRoundedRect(pill, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), text)

    # -- Qt ------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        under = self._at(event.position())
        shape = Qt.CursorShape.PointingHandCursor if under and self._mode else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        if under != self._under:
            self._under = under
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        under = self._at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or under is None or not self._mode:
            return
        animal, part = under
        name, first = self._answer["nodes"][part], self._first
        if self._mode == "limbs":
            self._first = name if first is None else None
            self.update()
        self.pressed.emit(Picked(name, first=first, track=self._answer["tracks"][animal]))


def _clearest(animals: Sequence[Any]) -> list[Any]:
    """The animal that shows most parts, which alone fills the picture; none where there is none."""
    return sorted(animals, key=lambda points: -sum(point is not None for point in points))[:1]


def _paint_arrow(painter: QPainter, line: QLineF) -> None:
    """A small head in the middle of a limb, which points where it leads."""
    if line.length() < 16:
        return
    middle, angle = line.pointAt(0.55), math.radians(line.angle())
    for turn in (2.6, -2.6):
        way = QPointF(math.cos(angle + turn), -math.sin(angle + turn)) * 6
        painter.drawLine(middle, middle + way)
