"""The network as its blocks: as wide as their maps are, with shapes, parameters and the memory of a step."""

import math
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_gui.inspector.see.fact_rows import FactRows
from sleapnn_gui.inspector.see.sights import head_label
from sleapnn_gui.inspector.see.views import SightView
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.theme import current_theme

_ROLES = {
    "stem": tr("Stem"),
    "encoder": tr("Encoder"),
    "middle": tr("Middle"),
    "decoder": tr("Decoder"),
    "head": tr("Head"),
}
_LINE = 26


class NetworkView(SightView):
    """The table of blocks with what they come to."""

    _COUNT, _FIELD, _MEMORY, _INPUT = (
        tr("Parameters"),
        tr("Seen at once"),
        tr("Memory of a step"),
        tr("Input"),
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = FactRows([self._COUNT, self._FIELD, self._MEMORY, self._INPUT], parent=self)
        self.blocks = BlockList(self)
        self.column.addWidget(self.facts)
        self.column.addWidget(self.blocks)

    def show_answer(self, answer: dict[str, Any]) -> None:
        channels, height, width = answer["input"]
        self.facts.set_value(self._COUNT, f"{answer['parameters']:,}")
        field = answer["field"]
        self.facts.set_value(
            self._FIELD,
            tr("not counted here")
            if field is None
            else tr(
                "{field} input = {source:.0f} source px", field=field, source=field * answer["source_scale"]
            ),
        )
        self.facts.set_value(
            self._MEMORY,
            tr(
                "{size_text} for {samples}",
                size_text=size_text(answer["step"]),
                samples=counted(answer["batch"], "sample"),
            ),
        )
        self.facts.set_value(
            self._INPUT,
            tr(
                "{width} × {height} px, {value}",
                width=width,
                height=height,
                value=tr("gray") if channels == 1 else tr("colour"),
            ),
        )
        self.blocks.show_blocks(answer["blocks"], tallest=height)


def size_text(count: int) -> str:
    """Bytes as people say them."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return tr("{count} bytes", count=count)


def count_text(count: int) -> str:
    """A count as short as a table needs it."""
    for unit, size in ((" M", 1e6), (" k", 1e3)):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count)


class BlockList(QWidget):
    """One line a block: name, a bar as wide as its map, channels and size, parameters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.blocks: list[dict[str, Any]] = []
        self._names: list[str] = []
        self._tallest = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Blocks of the network"))

    def sizeHint(self) -> QSize:
        return QSize(320, _LINE * (max(len(self.blocks), 8) + 1))

    def show_blocks(self, blocks: list[dict[str, Any]], *, tallest: int) -> None:
        """Show these; `tallest` is the height of the input."""
        changed = len(blocks) != len(self.blocks)
        self.blocks, self._tallest = blocks, tallest
        self._names = names_of(blocks)
        self.setAccessibleDescription(
            "; ".join(
                tr(
                    "{name}: {shape_text}, {parameters} parameters",
                    name=name,
                    shape_text=shape_text(block),
                    parameters=block["parameters"],
                )
                for name, block in zip(self._names, blocks)
            )
        )
        if changed:
            self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        left, right = 104.0, 100.0
        room = max(self.width() - left - right, 40.0)
        center, end = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        painter.setPen(theme.color("muted"))
        painter.drawText(QRectF(0, 0, left + room, _LINE), int(center), tr("Block: channels · size"))
        painter.drawText(QRectF(left + room, 0, right, _LINE), int(center | end), tr("weights · memory"))
        for number, (name, block) in enumerate(zip(self._names, self.blocks)):
            top = _LINE * (number + 1)
            share = (math.log2(block["rows"]) + 1) / (math.log2(self._tallest) + 1) if block["rows"] else 0.15
            bar = QRectF(0, top + 3, room * max(share, 0.15), _LINE - 6)
            bar.moveCenter(QRectF(left, top, room, _LINE).center())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_tint" if block["role"] != "head" else "hover"))
            painter.drawRoundedRect(bar, 4, 4)
            painter.setPen(theme.color("text"))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(left) - 4)
            painter.drawText(QRectF(0, top, left - 4, _LINE), int(center), shown)
            middle = QRectF(left, top, room, _LINE)
            painter.drawText(middle, int(center | Qt.AlignmentFlag.AlignHCenter), shape_text(block))
            painter.setPen(theme.color("muted"))
            figures = f"{count_text(block['parameters'])} · {size_text(block['kept'])}"
            painter.drawText(QRectF(left + room, top, right, _LINE), int(center | end), figures)


def names_of(blocks: list[dict[str, Any]]) -> list[str]:
    """Each block's name: its role with a number where there are several, of a head what it gives."""
    counts: dict[str, int] = {}
    names = []
    for block in blocks:
        role = block["role"]
        counts[role] = counts.get(role, 0) + 1
        words = _ROLES.get(role, role)
        names.append(head_label(block["name"]) if role == "head" else f"{words} {counts[role]}")
    return names


def shape_text(block: dict[str, Any]) -> str:
    """What a block puts out."""
    if block["channels"] is None:
        return tr("not used")
    if block["rows"] is None:
        return f"{block['channels']}"
    columns = "" if block["columns"] is None else f"{block['columns']} × "
    return f"{block['channels']} · {columns}{block['rows']}"
