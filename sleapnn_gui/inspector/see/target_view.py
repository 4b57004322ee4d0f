"""What the network is told to answer: bumps, fields and identities on the sample, and how large a bump is."""

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from sleapnn_engine.config.model_types import HEADS
from sleapnn_gui.inspector.see.fact_rows import FactRows
from sleapnn_gui.inspector.see.sights import head_label
from sleapnn_gui.inspector.see.tiles import Fitted, Tile, Tiles, around, color_image
from sleapnn_gui.inspector.see.views import SightView, words
from sleapnn_gui.monitor.colormaps import confidence_image, gray_or_color_image, part_color
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.language import tr

_ALL = tr("All parts")
_ARROW = 9.0
"""Screen pixels between two arrows of a field."""
_WEAK = 0.15
"""A field that is weaker is not drawn."""


class TargetView(SightView):
    """`part_asked` carries the place of a part whose bumps alone are to be seen, −1 for all."""

    part_asked = Signal(int)

    _BUMP, _BODY, _CELLS, _MERGED = (
        tr("One sigma"),
        tr("Of a body length"),
        tr("Cells"),
        tr("Merging, of two animals"),
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.part = QuietComboBox(self)
        self.part.setMinimumWidth(160)
        self.part.setObjectName("see_part")
        self.part.setAccessibleName(tr("Part whose bumps are shown"))
        self.part.addItem(_ALL)
        self.part.activated.connect(lambda row: self.part_asked.emit(row - 1))
        self.close_up = QToolButton(self)
        self.close_up.setText(tr("Close-up"))
        self.close_up.setCheckable(True)
        self.close_up.setChecked(True)
        self.close_up.setToolTip(tr("Show the animals large, or the whole image"))
        self.close_up.setAccessibleDescription(tr("Shows the animals large, or the whole image"))
        self.close_up.clicked.connect(self._fit)
        self._answer: dict[str, Any] | None = None
        self.maps = MapTile(tr("Confidence maps"), self)
        self.second = MapTile(tr("What the second head is told"), self)
        self.guide = MapTile(tr("Confidence maps as the guide has them"), self)
        self.guide_told = words(parent=self)
        self.facts = FactRows([self._BUMP, self._BODY, self._CELLS, self._MERGED], parent=self)
        self.remark = words(parent=self)
        row = QHBoxLayout()
        row.addWidget(self.part)
        row.addWidget(self.close_up)
        row.addStretch(1)
        self.column.addLayout(row)
        for widget in (self.maps, self.facts, self.remark, self.second, self.guide_told, self.guide):
            self.column.addWidget(widget)

    def show_answer(self, answer: dict[str, Any]) -> None:
        self._answer = answer
        self._list_parts(answer["nodes"], answer["part"])
        for tile in (self.maps, self.second, self.guide):
            tile.close_up = self.close_up.isChecked()
        heads = {head["name"]: head for head in answer["heads"]}
        first, *more = answer["heads"]
        self.maps.show_head(first, answer)
        self.second.setVisible(bool(more) and "vector" not in more[0])
        if more and "vector" not in more[0]:
            self.second.show_head(more[0], answer)
        self._show_guide(answer)
        self._show_facts(first, answer)
        vector = next((head for head in heads.values() if "vector" in head), None)
        said = merging_text(answer["merging"]) if len(answer["nodes"]) > 1 else ""
        if vector is not None:
            said = f"{vector_text(vector)} {said}".strip()
        self.remark.setText(said)
        self.remark.setVisible(bool(said))

    def _show_guide(self, answer: dict[str, Any]) -> None:
        """The bump as the words of the guide have it, where it is another one."""
        guide = answer["guide"]
        for part in (self.guide, self.guide_told):
            part.setVisible(guide is not None)
        if guide is not None:
            self.guide_told.setText(guide_text(answer))
            self.guide.show_head(guide, answer)

    def _fit(self) -> None:
        if self._answer is not None:
            self.show_answer(self._answer)

    def _list_parts(self, nodes: list[str], part: int | None) -> None:
        wanted = [_ALL, *nodes]
        if [self.part.itemText(row) for row in range(self.part.count())] != wanted:
            self.part.clear()
            self.part.addItems(wanted)
        self.part.setCurrentIndex(0 if part is None else part + 1)
        self.part.setEnabled(len(nodes) > 1)

    def _show_facts(self, head: dict[str, Any], answer: dict[str, Any]) -> None:
        bump, merging = answer["bump"], answer["merging"]
        self.facts.set_value(
            self._BUMP,
            tr(
                "{input_px:.4g} px input = {source_px:.4g} px source",
                input_px=bump["input_px"],
                source_px=bump["source_px"],
            ),
        )
        share = bump["share"]
        self.facts.set_value(
            self._BODY,
            ""
            if share is None
            else tr("{share:.0f} % of {animal_px:.0f} px", share=100 * share, animal_px=bump["animal_px"]),
        )
        stride = head["stride"]
        self.facts.set_value(
            self._CELLS,
            tr(
                "{columns} × {rows} × {channels}, every {stride} px",
                columns=head["columns"],
                rows=head["rows"],
                channels=head["channels"],
                stride=stride,
            ),
        )
        alone = len(answer["points"]) < 2 and not merging["animals"]
        self.facts.set_value(
            self._MERGED,
            tr("none")
            if alone
            else tr(
                "{animals} of {of_animals} animals",
                animals=merging["animals"],
                of_animals=merging["of_animals"],
            ),
        )


def guide_text(answer: dict[str, Any]) -> str:
    """Why the guide's words mean another bump than the one that is learned."""
    guide, bump = answer["guide"], answer["bump"]
    return tr(
        "The guide's words count sigma in input pixels: one sigma would be {input_px:.4g} px, as below. "
        "Released programs and presets count it in cells of the map, and so does the training: "
        "{input_px_2:.4g} px.",
        input_px=guide["input_px"],
        input_px_2=bump["input_px"],
    )


def vector_text(head: dict[str, Any]) -> str:
    """Which identity the head of the whole image is told."""
    chosen = [name for name, value in zip(head["classes"], head["vector"]) if value]
    return (
        tr("Identity: {chosen}.", chosen=chosen[0])
        if chosen
        else tr("This animal has no identity to be told.")
    )


def merging_text(merging: dict[str, Any]) -> str:
    """Which parts of an animal have bumps that cover each other."""
    if not merging["pairs"]:
        return tr("No two parts of an animal are so near that their bumps cover each other.")
    named = ", ".join(
        tr("{first} and {second} ({share:.0%})", first=first, second=second, share=share)
        for first, second, share in merging["pairs"]
    )
    more = tr(" and {more} more pairs", more=merging["more"]) if merging["more"] else ""
    return tr(
        "Bumps cover each other on part of the animals: {named}{more}. "
        "Each part has a map of its own, so that is no mistake; a smaller sigma places them more exactly.",
        named=named,
        more=more,
    )


class MapTile(Tiles):
    """A sample with the target of one head on it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(columns=1, rows=1, shape=0.85, name=name, parent=parent)
        self._heat: QImage | None = None
        self._field: np.ndarray | None = None
        self._stride = 1.0
        self.close_up = True

    def show_head(self, head: dict[str, Any], answer: dict[str, Any]) -> None:
        """Show what this head is told."""
        array = answer["arrays"][head.get("array", head["name"])]
        self._stride, self._heat, self._field = float(head["stride"]), None, None
        said = head_label(head["name"])
        if HEADS[head["name"]].limbs:
            self._field = array.astype(np.float32)
        elif "classes" in head:
            self._heat = class_image(array)
            said += ": " + ", ".join(head["classes"])
        else:
            self._heat = confidence_image(array[None].astype(np.float32) / 255, node=0)
        image = gray_or_color_image(answer["arrays"]["image"])
        shown = [] if self._field is None and "classes" not in head else answer["points"]
        reach = 4 * (answer["bump"]["input_px"] if answer["bump"] else self._stride)
        view = around(answer["points"], room=reach) if self.close_up else QRectF()
        tile = Tile(image, answer["width"], answer["height"], shown, said, view=view)
        self.show_tiles([tile], answer)

    def paint_between(self, painter: QPainter, fitted: Fitted, box: QRectF) -> None:
        """The maps, whose first cell has its middle on the middle of the first pixel."""
        if self._heat is not None:
            start = fitted.at(-self._stride / 2, -self._stride / 2)
            size = QPointF(self._heat.width(), self._heat.height()) * (self._stride * fitted.scale)
            painter.setOpacity(0.75)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(start, start + size), self._heat)
            painter.setOpacity(1.0)
        if self._field is not None:
            self._paint_field(painter, fitted, self._field)

    def _paint_field(self, painter: QPainter, fitted: Fitted, field: np.ndarray) -> None:
        """An arrow for some cells, as long as the field is strong."""
        step = max(math.ceil(_ARROW / (self._stride * fitted.scale)), 1)
        sparse = field[:, ::step, ::step]
        strength = np.hypot(*sparse)
        rows, columns = np.nonzero(strength > _WEAK)
        reach = min(self._stride * step * fitted.scale, 2 * _ARROW) * 0.9
        lines = []
        for row, column in zip(rows.tolist(), columns.tolist()):
            start = fitted.at(column * step * self._stride, row * step * self._stride)
            way = QPointF(float(sparse[0, row, column]), float(sparse[1, row, column])) * reach
            lines.append(QLineF(start, start + way))
        for color, width in ((QColor(0, 0, 0, 160), 3.0), (QColor("#f0e442"), 1.4)):
            painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLines(lines)
        painter.setPen(QPen(QColor("#f0e442"), 3.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints([line.p1() for line in lines])


def class_image(maps: np.ndarray) -> QImage:
    """Maps of identities, uint8 (classes, h, w), each in a colour of its own, as clear as it is sure."""
    pixels = np.zeros((*maps.shape[1:], 4), np.uint8)
    strongest = maps.argmax(axis=0)
    for number in range(len(maps)):
        color = part_color(number)
        pixels[strongest == number, :3] = (color.red(), color.green(), color.blue())
    pixels[..., 3] = maps.max(axis=0)
    return color_image(pixels)
