"""What is drawn over a frame: labelled and predicted points, limbs, the lines between them, names, errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.heat import part_color
from sleapnn_gui.monitor.pairing import Pairing, as_points, body_sizes
from sleapnn_gui.widgets.theme import current_theme

MARK_SIZES = 2.0, 4.5
"""Smallest and largest radius of a mark, in screen pixels; small animals get small marks."""

CENTER_MARK = 7.0
"""Radius where an animal is a single point."""

MARKS_IN_A_BODY = 16.0

Place = Callable[[Sequence[float] | None], QPointF | None]
Animal = Sequence[Sequence[float] | None]


@dataclass
class Layers:
    """What is drawn over the image."""

    points: bool = True
    errors: bool = True
    limbs: bool = True
    names: bool = False
    confidence: bool = False
    opacity: float = 0.7
    node: int | None = None
    """The part whose confidence is shown; None for all."""
    heat: str = "magma"


@dataclass
class Overlay:
    """One `frame` event's animals, ready to be painted. `several` marks each animal with its own error."""

    truth: list[Animal] = field(default_factory=list)
    predicted: list[Animal] = field(default_factory=list)
    pairing: Pairing = field(default_factory=Pairing)
    nodes: tuple[str, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()
    several: bool = False
    body: float = 0.0
    """Diagonal of the largest animal, in pixels of the image."""

    @classmethod
    def of(cls, event_body: dict[str, Any], pairing: Pairing, **known: Any) -> "Overlay":
        """Read the animals of a `frame` event."""
        truth, predicted = event_body["truth"], event_body["predicted"]
        sizes = body_sizes(as_points(truth or predicted))
        return cls(truth, predicted, pairing, body=float(sizes.max(initial=0.0)), **known)

    def box(self) -> QRectF:
        """The part of the image that the labelled animals are in, else the predicted ones; empty without any."""
        points = [point for animal in (self.truth or self.predicted) for point in animal if point is not None]
        if not points:
            return QRectF()
        xs, ys = [point[0] for point in points], [point[1] for point in points]
        return QRectF(min(xs), min(ys), max(xs) - min(xs) + 1.0, max(ys) - min(ys) + 1.0)

    def paint(self, painter: QPainter, layers: Layers, *, place: Place, zoom: float, view: QRectF) -> None:
        """Paint on the screen: `place` maps image to screen, `zoom` is screen pixels per image pixel."""
        brush = _Brush(painter, self, place, self._mark(zoom))
        if layers.limbs:
            brush.limbs(self.truth, _inks()[0], Qt.PenStyle.SolidLine)
            if self.several:
                # Which parts were joined is what there is to see; with one animal it would only be a tangle.
                brush.limbs(self.predicted, _inks()[1], Qt.PenStyle.DashLine)
        if layers.errors:
            brush.errors()
        if layers.points:
            brush.points()
        taken: list[QRectF] = []
        if layers.errors and self.several:
            brush.tags(view, taken)
        if layers.names:
            brush.names(taken)

    def _mark(self, zoom: float) -> float:
        if len(self.nodes) == 1:
            return CENTER_MARK
        return min(max(self.body * zoom / MARKS_IN_A_BODY, MARK_SIZES[0]), MARK_SIZES[1])


class _Brush:
    """One painting of an overlay."""

    def __init__(self, painter: QPainter, overlay: Overlay, place: Place, mark: float) -> None:
        self.painter, self.overlay, self.place, self.mark = painter, overlay, place, mark
        self.thin = mark < MARK_SIZES[1]
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def limbs(self, animals: list[Animal], color: QColor, style: Qt.PenStyle) -> None:
        soft = QColor(color)
        soft.setAlpha(170)
        self.painter.setPen(QPen(soft, 1.1, style))
        for animal in animals:
            for first, second in self.overlay.edges:
                start, end = self._node(animal, first), self._node(animal, second)
                if start is not None and end is not None:
                    self.painter.drawLine(QLineF(start, end))

    def errors(self) -> None:
        """A line from each labelled point to where it was predicted."""
        self.painter.setPen(QPen(QColor("#ffffff"), 1.2))
        for true, found, _ in self.overlay.pairing.pairs:
            for start, end in zip(self.overlay.truth[true], self.overlay.predicted[found]):
                first, second = self.place(start), self.place(end)
                if first is not None and second is not None:
                    self.painter.drawLine(QLineF(first, second))

    def points(self) -> None:
        """A circle where a part was labelled, a cross where it was predicted, in the part's colour."""
        for animals, draw, ink in zip(
            (self.overlay.truth, self.overlay.predicted), (self._circle, self._cross), _inks()
        ):
            for animal in animals:
                for node, point in enumerate(animal):
                    spot = self.place(point)
                    if spot is None:
                        continue
                    for pen in _outlined(self._color(node, ink), 1.2 if self.thin else 1.8):
                        self.painter.setPen(pen)
                        draw(spot)

    def tags(self, view: QRectF, taken: list[QRectF]) -> None:
        """The error of each animal above it, or that it was missed, or that it is none."""
        pairing, truth, predicted = self.overlay.pairing, self.overlay.truth, self.overlay.predicted
        said = [(truth[true], words.pixels(error), "on_image") for true, _, error in pairing.pairs]
        said += [(truth[true], "missed", "validation_line") for true in pairing.missed]
        said += [(predicted[found], "extra", "validation_line") for found in pairing.extra]
        self.painter.setFont(current_theme().font("small"))
        metrics = QFontMetricsF(self.painter.font())
        for animal, text, token in said:
            spots = [spot for point in animal if (spot := self.place(point)) is not None]
            if not spots:
                continue
            left, right = min(spot.x() for spot in spots), max(spot.x() for spot in spots)
            top, bottom = min(spot.y() for spot in spots), max(spot.y() for spot in spots)
            size = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 2)
            gap = self.mark + 3
            for middle in (top - gap - size.height() / 2, bottom + gap + size.height() / 2):
                size.moveCenter(QPointF((left + right) / 2, middle))
                box = _inside(size, view)
                if not any(box.intersects(other) for other in taken):
                    break
            taken.append(box)
            self._tag(box, text, token)

    def names(self, taken: list[QRectF]) -> None:
        """Each part's name beside it, where there is room."""
        self.painter.setFont(current_theme().font("small"))
        metrics = QFontMetricsF(self.painter.font())
        for animal in self.overlay.truth or self.overlay.predicted:
            for name, point in zip(self.overlay.nodes, animal):
                spot = self.place(point)
                if spot is None:
                    continue
                box = QRectF(0, 0, metrics.horizontalAdvance(name), metrics.height())
                box.moveLeft(spot.x() + self.mark + 4)
                box.moveTop(spot.y() - box.height() / 2)
                if any(box.intersects(other) for other in taken):
                    continue
                taken.append(box)
                self.painter.setPen(QColor(0, 0, 0, 200))
                self.painter.drawText(box.translated(1, 1), int(Qt.AlignmentFlag.AlignCenter), name)
                self.painter.setPen(QColor(current_theme().tokens.hex("on_image", "dark")))
                self.painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), name)

    def _tag(self, box: QRectF, text: str, token: str) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(14, 16, 18, 200))
        self.painter.drawRoundedRect(box, 4, 4)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setPen(QColor(current_theme().tokens.hex(token, "dark")))
        self.painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def _node(self, animal: Animal, index: int) -> QPointF | None:
        return self.place(animal[index]) if index < len(animal) else None

    def _color(self, node: int, ink: QColor) -> QColor:
        return ink if len(self.overlay.nodes) == 1 else part_color(node)

    def _circle(self, spot: QPointF) -> None:
        self.painter.drawEllipse(spot, self.mark, self.mark)

    def _cross(self, spot: QPointF) -> None:
        arm = 0.8 * self.mark
        self.painter.drawLine(spot + QPointF(-arm, -arm), spot + QPointF(arm, arm))
        self.painter.drawLine(spot + QPointF(-arm, arm), spot + QPointF(arm, -arm))


def _inks() -> tuple[QColor, QColor]:
    """Truth and prediction where parts have no colour of their own; both on near-black in any theme."""
    tokens = current_theme().tokens
    return QColor(tokens.hex("best", "dark")), QColor(tokens.hex("validation_line", "dark"))


def _outlined(color: QColor, width: float) -> tuple[QPen, QPen]:
    """A dark pen below and the colour above, so that a mark is seen on any image."""
    return QPen(QColor(0, 0, 0, 150), width + 1.8), QPen(color, width)


def _inside(box: QRectF, view: QRectF) -> QRectF:
    """The box moved into the view."""
    moved = QRectF(box)
    moved.moveLeft(min(max(moved.left(), view.left() + 2), view.right() - moved.width() - 2))
    moved.moveTop(min(max(moved.top(), view.top() + 2), view.bottom() - moved.height() - 2))
    return moved
