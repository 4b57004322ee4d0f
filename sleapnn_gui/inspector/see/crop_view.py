"""What crops hold: the frame with the box to drag, a gallery, what is cut off, and the curve over sizes."""

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_engine.config.reader import PREPROCESSING
from sleapnn_gui.inspector.see.fact_rows import FactRows
from sleapnn_gui.inspector.see.tiles import Fitted, Tile, Tiles
from sleapnn_gui.inspector.see.views import SightView
from sleapnn_gui.monitor.colormaps import gray_or_color_image
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

CROP_SIZE = PREPROCESSING + "crop_size"
_WHY = {
    "smallest": tr("smallest"),
    "median": tr("median"),
    "largest": tr("largest"),
    "edge": tr("near edge"),
    "random": tr("random"),
}
_NEAR = 9.0
"""How close the pointer must come to a side of the box, in screen pixels."""


class CropView(SightView):
    """`previewed` carries a side that is being dragged, 0 when it is let go."""

    previewed = Signal(int)

    _FIT, _CUT, _FOUND, _INPUT = (
        tr("Animals that fit"),
        tr("Parts cut off"),
        tr("Found from the labels"),
        tr("The network gets"),
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame = CropFrame(self)
        self.tiles = Tiles(columns=3, rows=2, shape=1.0, name=tr("Crops of some animals"), parent=self)
        self.curve = CoverCurve(self)
        self.facts = FactRows([self._FIT, self._CUT, self._FOUND, self._INPUT], use=self._FOUND, parent=self)
        self.facts.used.connect(self._use_found)
        for widget in (self.frame, self.facts, self.tiles, self.curve):
            self.column.addWidget(widget)
        self.frame.dragged.connect(self.previewed)
        self.frame.dropped.connect(
            lambda side: self.set_asked.emit(CROP_SIZE, side, tr("Drag crop size to {side} px", side=side))
        )
        self._found = 0

    def show_answer(self, answer: dict[str, Any]) -> None:
        self.frame.show_answer(answer)
        self.tiles.show_tiles(
            [
                Tile(
                    gray_or_color_image(picture),
                    answer["input"],
                    answer["input"],
                    shown["points"],
                    tr("{why}: {cut} cut off", why=_WHY[shown["why"]], cut=", ".join(shown["cut"]))
                    if shown["cut"]
                    else _WHY[shown["why"]],
                    cut=bool(shown["cut"]),
                )
                for picture, shown in zip(answer["arrays"]["crops"], answer["gallery"])
            ],
            answer,
        )
        clipped = answer["clipped"]
        self.facts.set_value(
            self._FIT,
            tr(
                "{fitting} of {animals}",
                fitting=clipped["of_animals"] - clipped["animals"],
                animals=clipped["of_animals"],
            ),
        )
        most = ", ".join(f"{name} {count}" for name, count in clipped["most"])
        self.facts.set_value(
            self._CUT,
            tr(
                "{parts} of {of_parts}: {most}",
                parts=clipped["parts"],
                of_parts=clipped["of_parts"],
                most=most,
            )
            if most
            else tr("none"),
        )
        self.facts.set_value(self._FOUND, tr("{found} px", found=answer["found"]))
        self.facts.set_value(self._INPUT, tr("{input} × {input} px", input=answer["input"]))
        self.facts.use.setVisible(answer["found"] != answer["side"])
        self._found = answer["found"]
        self.curve.show_curve(answer["curve"], side=answer["side"])

    def _use_found(self) -> None:
        self.set_asked.emit(CROP_SIZE, self._found, tr("Use crop size {found} px", found=self._found))


class CropFrame(Tiles):
    """A frame with the crop of each animal and what the network sees at once; the boxes can be dragged larger and smaller."""

    dragged = Signal(int)
    dropped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(columns=1, rows=1, shape=0.72, name=tr("Crops on the frame"), parent=parent)
        self._answer: dict[str, Any] = {}
        self._side = self._begun = 0
        self._held: QPointF | None = None
        """The centre of the box that is dragged, in pixels of the picture."""
        self.setMouseTracking(True)
        self.setToolTip(tr("Drag a side of a box to set the crop size"))

    def show_answer(self, answer: dict[str, Any]) -> None:
        """Show a frame; the boxes stay as they are dragged."""
        self._answer = answer
        if self._held is None:
            self._side = answer["side"]
        points = [animal for shown in answer["animals"] for animal in shown["points"]]
        said = tr("crop {side} px", side=answer["side"])
        if answer["field"]:
            said += tr(", dotted: {field:.0f} px seen at once", field=answer["field"])
        image = gray_or_color_image(answer["arrays"]["frame"])
        self.show_tiles([Tile(image, answer["width"], answer["height"], points, said)], answer)

    def _fitted(self) -> Fitted:
        return Fitted.into(self.box(0), width=self._answer["width"], height=self._answer["height"])

    def _boxes(self) -> list[tuple[QRectF, bool]]:
        """Each crop in pixels of the picture, and whether it is that of the animal in question."""
        grown = (self._side - self._answer["side"]) / 2
        shown = self._answer["index"]
        return [
            (
                QRectF(QPointF(left, top), QPointF(right, bottom)).adjusted(-grown, -grown, grown, grown),
                animal["index"] == shown,
            )
            for animal in self._answer["animals"]
            for left, top, right, bottom in [animal["box"]]
        ]

    def paint_between(self, painter: QPainter, fitted: Fitted, box: QRectF) -> None:
        """The crops, and the receptive field in their middle."""
        accent = QColor(current_theme().tokens.hex("accent", "dark"))
        warm = QColor(current_theme().tokens.hex("warning", "dark"))
        for crop, is_shown in self._boxes():
            painter.setPen(QPen(accent, 2.0 if is_shown else 1.0))
            # A box begins at the edge of its first pixel, half a pixel before its middle.
            painter.drawRect(
                QRectF(fitted.at(crop.left() - 0.5, crop.top() - 0.5), crop.size() * fitted.scale)
            )
            field = self._answer["field"]
            if field:
                inner = QRectF(0, 0, field * fitted.scale, field * fitted.scale)
                inner.moveCenter(fitted.at(crop.center().x() - 0.5, crop.center().y() - 0.5))
                painter.setPen(QPen(warm, 1.2, Qt.PenStyle.DotLine))
                painter.drawRect(inner)

    def _edge_at(self, position: QPointF) -> QPointF | None:
        """The centre of the box whose side is at a place of the widget, in pixels of the picture."""
        if not self._answer:
            return None
        fitted = self._fitted()
        pixel, near = fitted.pixel(position), _NEAR / fitted.scale
        for crop, _ in sorted(self._boxes(), key=lambda pair: not pair[1]):
            centre = crop.center() - QPointF(0.5, 0.5)
            reach = max(abs(pixel.x() - centre.x()), abs(pixel.y() - centre.y()))
            if abs(reach - crop.width() / 2) <= near:
                return centre
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = self._edge_at(event.position())
            self._begun = self._side

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            at_edge = self._edge_at(event.position()) is not None
            self.setCursor(Qt.CursorShape.SizeAllCursor if at_edge else Qt.CursorShape.ArrowCursor)
            return
        pixel = self._fitted().pixel(event.position())
        reach = max(abs(pixel.x() - self._held.x()), abs(pixel.y() - self._held.y()))
        side = max(round(2 * reach), 2)
        if side != self._side:
            self._side = side
            self.dragged.emit(side)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, self._held = self._held, None
        if held is not None:
            self.dragged.emit(0)
            if self._side != self._begun:
                self.dropped.emit(self._side)


class CoverCurve(QWidget):
    """Which share of animals and of parts crops of each size hold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[list[float]] = []
        self._side = 0
        self.setFixedHeight(112)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("What crops hold by their size"))

    def sizeHint(self) -> QSize:
        return QSize(320, 112)

    def show_curve(self, rows: list[list[float]], *, side: int) -> None:
        """Rows of side, share of animals and share of parts."""
        self.rows, self._side = rows, side
        if rows:
            self.setAccessibleDescription(
                tr("All animals fit from {rows:.0f} px on; now {side} px", rows=rows[-1][0], side=side)
            )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        plot = QRectF(34, 6, self.width() - 40, self.height() - 28)
        for share in (0.0, 0.5, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(theme.color("line"))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(theme.color("muted"))
            label = QRectF(0, y - 8, 30, 16)
            painter.drawText(
                label, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{share:.0%}"
            )
        if not self.rows:
            return
        most = max(self.rows[-1][0], 1.15 * self._side, 1)
        for column, color, style in (
            (2, "muted", Qt.PenStyle.DashLine),
            (1, "accent", Qt.PenStyle.SolidLine),
        ):
            painter.setPen(QPen(theme.color(color), 1.6, style))
            line = [
                QPointF(
                    plot.left() + row[0] / most * plot.width(), plot.bottom() - row[column] * plot.height()
                )
                for row in [*self.rows, [most, 1.0, 1.0]]
            ]
            painter.drawPolyline(line)
        x = plot.left() + self._side / most * plot.width()
        painter.setPen(QPen(theme.color("validation_line"), 1.2, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setPen(theme.color("muted"))
        below = QRectF(plot.left(), plot.bottom() + 4, plot.width(), 16)
        text = tr("animals (line) and parts (dashes), to {most:.0f} px", most=most)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(below.width()))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), shown)
