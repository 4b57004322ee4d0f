"""What is drawn over a frame: labelled and predicted points, limbs, the lines between them, names, errors."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap

from sleapnn_engine.protocol.events import Frame
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.colormaps import part_color
from sleapnn_gui.monitor.matching import Matching
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

MARK_SIZES = 2.0, 4.5
"""Smallest and largest radius of a mark, in screen pixels; small animals get small marks."""

CENTER_MARK = 7.0
"""Radius where an animal is a single point."""

MARKS_IN_A_BODY = 16.0

MOST_NAMES = 120
"""More would be a carpet of words, and looking for room between them would take long."""

Place = Callable[[Sequence[float] | None], QPointF | None]
Animal = Sequence[Sequence[float] | None]
Spots = Sequence[QPointF | None]


@attrs.define
class Layers:
    """What is drawn over the image."""

    points: bool = True
    errors: bool = True
    limbs: bool = True
    names: bool = False
    by_animal: bool = False
    """Whether predicted animals are told apart by colour, rather than their parts."""
    confidence: bool = False
    opacity: float = 0.7
    maps: str = "confmaps"
    """The maps that are shown with `confidence`, by the name of their array."""
    node: int | None = None
    """The part, limb or animal whose map is shown; None for all."""
    heat: str = "magma"


@attrs.define
class Overlay:
    """One `frame` event's animals, ready to be painted. `several` marks each animal with its own error."""

    truth: Sequence[Animal] = ()
    predicted: Sequence[Animal] = ()
    matching: Matching = attrs.field(factory=Matching)
    nodes: tuple[str, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()
    several: bool = False
    true_identities: Sequence[str | None] = ()
    identities: Sequence[str | None] = ()
    """Who each labelled and each predicted animal is; empty where the model does not tell."""
    tracks: Sequence[str] = ()
    """Names in the order of their colours, where animals are told apart by colour."""
    body: float = 0.0
    """Diagonal of the largest animal, in pixels of the image."""

    @classmethod
    def of(cls, said: Frame, **known: Any) -> "Overlay":
        """Read the animals of a `frame` event."""
        return cls(
            said.truth,
            said.predicted,
            Matching.of(said),
            body=max(map(_diagonal, said.truth or said.predicted), default=0.0),
            true_identities=said.true_identities or (),
            identities=said.identities or (),
            **known,
        )

    @classmethod
    def labelled(
        cls, animals: Sequence[Animal], *, nodes: tuple[str, ...], edges: tuple[tuple[int, int], ...]
    ) -> "Overlay":
        """Labelled animals without any prediction."""
        return cls(animals, body=max(map(_diagonal, animals), default=0.0), nodes=nodes, edges=edges)

    def identity_text(self, true: int, found: int) -> tuple[str, bool]:
        """What is said of a pair's identity, empty without one, and whether it is right."""
        wanted = self.true_identities[true] if true < len(self.true_identities) else None
        given = self.identities[found] if found < len(self.identities) else None
        if wanted is None or wanted == given:
            return given or "", True
        return tr("{given}, is {wanted}", given=given or tr("nobody"), wanted=wanted), False

    def box(self) -> QRectF:
        """The part of the image that the labelled animals are in, else the predicted ones; empty without any."""
        points = [point for animal in (self.truth or self.predicted) for point in animal if point is not None]
        if not points:
            return QRectF()
        xs, ys = [point[0] for point in points], [point[1] for point in points]
        return QRectF(min(xs), min(ys), max(xs) - min(xs) + 1.0, max(ys) - min(ys) + 1.0)

    def paint(self, painter: QPainter, layers: Layers, *, place: Place, zoom: float, view: QRectF) -> None:
        """Paint on the screen: `place` maps image to screen, `zoom` is screen pixels per image pixel."""
        brush = _Brush(painter, self, place=place, mark=self._mark(zoom), view=view)
        brush.by_animal = layers.by_animal
        if layers.limbs:
            brush.limbs(brush.truth, _inks()[0], Qt.PenStyle.SolidLine)
            if layers.by_animal:
                for number, spots in enumerate(brush.predicted):
                    brush.limbs([spots], self.color_of(number), Qt.PenStyle.SolidLine)
            elif self.several:
                # Which parts were joined is what there is to see; with one animal it would only be a tangle.
                brush.limbs(brush.predicted, _inks()[1], Qt.PenStyle.DashLine)
        if layers.errors:
            brush.errors()
        if layers.points:
            brush.points()
        if layers.errors and (self.several or self.true_identities):
            brush.tags()
        if layers.names:
            brush.names()

    def color_of(self, number: int) -> QColor:
        """The colour of a predicted animal: that of its track, or of its place where it has none."""
        name = self.identities[number] if number < len(self.identities) else None
        return part_color(self.tracks.index(name) if name in self.tracks else number)

    def _mark(self, zoom: float) -> float:
        if len(self.nodes) == 1:
            return CENTER_MARK
        wanted = round(4 * self.body * zoom / MARKS_IN_A_BODY) / 4
        return min(max(wanted, MARK_SIZES[0]), MARK_SIZES[1])


class _Brush:
    """One painting of an overlay; every point is placed on the screen once."""

    def __init__(
        self, painter: QPainter, overlay: Overlay, *, place: Place, mark: float, view: QRectF
    ) -> None:
        self.painter, self.overlay, self.mark, self.view = painter, overlay, mark, view
        self.truth: list[Spots] = [[place(point) for point in animal] for animal in overlay.truth]
        self.predicted: list[Spots] = [[place(point) for point in animal] for animal in overlay.predicted]
        self.by_animal = False
        self.taken: list[QRectF] = []
        """Where words stand already."""
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def limbs(self, animals: list[Spots], color: QColor, style: Qt.PenStyle) -> None:
        """The skeleton of each animal."""
        soft = QColor(color)
        soft.setAlpha(170)
        lines = []
        for spots in animals:
            for first, second in self.overlay.edges:
                if max(first, second) < len(spots):
                    start, end = spots[first], spots[second]
                    if start is not None and end is not None:
                        lines.append(QLineF(start, end))
        self.painter.setPen(QPen(soft, 1.1, style))
        self.painter.drawLines(lines)

    def errors(self) -> None:
        """A line from each labelled point to where it was predicted."""
        lines = [
            QLineF(start, end)
            for true, found, _ in self.overlay.matching.pairs
            for start, end in zip(self.truth[true], self.predicted[found])
            if start is not None and end is not None
        ]
        self.painter.setPen(QPen(QColor("#ffffff"), 1.2))
        self.painter.drawLines(lines)

    def points(self) -> None:
        """A circle where a part was labelled, a cross where it was predicted, in the part's colour."""
        scale = self.painter.device().devicePixelRatioF()
        for animals, cross, ink in zip((self.truth, self.predicted), (False, True), _inks()):
            nodes = max(map(len, animals), default=0)
            stamps = [
                _stamp(self._color(node, ink).rgb(), self.mark, cross=cross, scale=scale)
                for node in range(nodes)
            ]
            half = stamps[0].deviceIndependentSize().width() / 2 if stamps else 0.0
            corner = QPointF(half, half)
            for number, spots in enumerate(animals):
                if cross and self.by_animal:
                    color = self.overlay.color_of(number).rgb()
                    stamps = [_stamp(color, self.mark, cross=cross, scale=scale)] * nodes
                for spot, stamp in zip(spots, stamps):
                    if spot is not None:
                        self.painter.drawPixmap(spot - corner, stamp)

    def tags(self) -> None:
        """Who each animal is taken for and its error, above it, or that it was missed, or that it is none."""
        matching = self.overlay.matching
        said = []
        if not matching.known and self.by_animal:
            sides = (self.truth, self.overlay.true_identities), (self.predicted, self.overlay.identities)
            said = [
                (spots, name, "on_image")
                for animals, names in sides
                for spots, name in zip(animals, names)
                if name
            ]
        for true, found, error in matching.pairs:
            who, right = self.overlay.identity_text(true, found)
            text = "  ·  ".join(part for part in (who, "" if error is None else words.pixels(error)) if part)
            said.append((self.truth[true], text, "on_image" if right else "validation_line"))
        said += [(self.truth[true], "missed", "validation_line") for true in matching.missed]
        said += [(self.predicted[found], "extra", "validation_line") for found in matching.extra]
        self.painter.setFont(current_theme().font("small"))
        metrics = QFontMetricsF(self.painter.font())
        for spots, text, token in said:
            around = _around(spots)
            if around is None or not around.intersects(self.view):
                continue
            size = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 2)
            gap = self.mark + 3 + size.height() / 2
            for middle in (around.top() - gap, around.bottom() + gap):
                size.moveCenter(QPointF(around.center().x(), middle))
                box = _inside(size, self.view)
                if not any(box.intersects(other) for other in self.taken):
                    break
            self.taken.append(box)
            self._tag(box, text, token)

    def names(self) -> None:
        """Each part's name beside it, where there is room."""
        self.painter.setFont(current_theme().font("small"))
        metrics = QFontMetricsF(self.painter.font())
        widths = [metrics.horizontalAdvance(name) for name in self.overlay.nodes]
        written = 0
        for spots in self.truth or self.predicted:
            for name, width, spot in zip(self.overlay.nodes, widths, spots):
                if spot is None or written >= MOST_NAMES or not self.view.contains(spot):
                    continue
                box = QRectF(spot.x() + self.mark + 4, 0, width, metrics.height())
                box.moveTop(spot.y() - box.height() / 2)
                if any(box.intersects(other) for other in self.taken):
                    continue
                written += 1
                self.taken.append(box)
                for place, color in (
                    (box.translated(1, 1), QColor(0, 0, 0, 200)),
                    (box, _on_image("on_image")),
                ):
                    self.painter.setPen(color)
                    self.painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), name)

    def _tag(self, box: QRectF, text: str, token: str) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(14, 16, 18, 200))
        self.painter.drawRoundedRect(box, 4, 4)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setPen(_on_image(token))
        self.painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def _color(self, node: int, ink: QColor) -> QColor:
        return ink if len(self.overlay.nodes) == 1 else part_color(node)


def _diagonal(animal: Animal) -> float:
    """Of the box around the visible points; 0 without any."""
    points = [point for point in animal if point is not None]
    return math.hypot(*(max(side) - min(side) for side in zip(*points))) if points else 0.0


def _on_image(token: str) -> QColor:
    """A theme colour as it is on near-black, which images are in both themes."""
    return QColor(current_theme().tokens.hex(token, "dark"))


def _inks() -> tuple[QColor, QColor]:
    """Truth and prediction where parts have no colour of their own."""
    return _on_image("best"), _on_image("validation_line")


@functools.lru_cache(maxsize=256)
def _stamp(rgb: int, radius: float, *, cross: bool, scale: float) -> QPixmap:
    """One mark as a picture: crowded frames have thousands of them, and drawing each anew would take seconds.

    A dark line lies below the coloured one, so that a mark is seen on any image.
    """
    width = 1.8 if radius >= MARK_SIZES[1] else 1.2
    side = math.ceil(2 * (radius + width + 2))
    pixmap = QPixmap(round(side * scale), round(side * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle, arm = QPointF(side / 2, side / 2), 0.8 * radius
    for pen in (QPen(QColor(0, 0, 0, 150), width + 1.8), QPen(QColor(rgb), width)):
        painter.setPen(pen)
        if cross:
            painter.drawLine(middle + QPointF(-arm, -arm), middle + QPointF(arm, arm))
            painter.drawLine(middle + QPointF(-arm, arm), middle + QPointF(arm, -arm))
        else:
            painter.drawEllipse(middle, radius, radius)
    painter.end()
    return pixmap


def _around(spots: Spots) -> QRectF | None:
    """The box around the visible points of an animal; None without any."""
    seen = [spot for spot in spots if spot is not None]
    if not seen:
        return None
    xs, ys = [spot.x() for spot in seen], [spot.y() for spot in seen]
    # A box without any extent meets nothing, so a point is given one.
    return QRectF(min(xs), min(ys), max(xs) - min(xs) + 1e-3, max(ys) - min(ys) + 1e-3)


def _inside(box: QRectF, view: QRectF) -> QRectF:
    """The box moved into the view."""
    moved = QRectF(box)
    moved.moveLeft(min(max(moved.left(), view.left() + 2), view.right() - moved.width() - 2))
    moved.moveTop(min(max(moved.top(), view.top() + 2), view.bottom() - moved.height() - 2))
    return moved
