"""What every sight has in common, and the sights of augmentation and of the chain."""

from collections.abc import Callable
from typing import Any

import attrs
from PySide6.QtCore import Property, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sleapnn_gui.inspector.see.fact_rows import FactRows
from sleapnn_gui.inspector.see.sights import head_label
from sleapnn_gui.inspector.see.tiles import Fitted, Tile, Tiles
from sleapnn_gui.monitor.colormaps import gray_or_color_image
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.theme import current_theme


class SightView(QWidget):
    """One sight: what the engine answered, drawn. `set_asked` carries a value for a setting and the name of the act."""

    set_asked = Signal(str, object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: Whoever asks the engine for it knows.
        self.is_current: Callable[[], bool] = lambda: False
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)

    #: Whether what it shows is of the config as it stands, for programs that drive the window.
    ready = Property(bool, lambda self: bool(self.is_current()))

    def show_answer(self, answer: dict[str, Any]) -> None:
        """Draw what the engine answered."""
        raise NotImplementedError


class AugmentView(SightView):
    """Draws of the training's own random changes, each with what was drawn."""

    again = Signal()

    _LEAVE, _MOST = tr("Points that leave the picture"), tr("Most often")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draw = QPushButton(tr("Draw again"), self)
        self.draw.setObjectName("draw_again")
        self.draw.setAccessibleDescription(tr("Shows other random changes of the same sample"))
        self.draw.clicked.connect(self.again)
        self.tiles = Tiles(columns=2, rows=3, name=tr("Random changes of one sample"), parent=self)
        self.facts = FactRows([self._LEAVE, self._MOST], parent=self)
        self.column.addWidget(self.draw, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self.tiles)
        self.column.addWidget(self.facts)

    def show_answer(self, answer: dict[str, Any]) -> None:
        pictures = answer["arrays"].get("draws", ())
        self.tiles.show_tiles(
            [
                Tile(
                    gray_or_color_image(picture),
                    answer["width"],
                    answer["height"],
                    draw["points"],
                    drawn_text(draw["drawn"], left=draw["left"], width=answer["width"]),
                    cut=draw["left"] > 0,
                )
                for picture, draw in zip(pictures, answer["draws"])
            ],
            answer,
        )
        leaving = answer["leaving"]
        if leaving is None or not leaving["points"]:
            self.facts.set_value(self._LEAVE, tr("none, for nothing moves"))
            self.facts.set_value(self._MOST, "")
        else:
            self.facts.set_value(self._LEAVE, f"{100 * leaving['left'] / leaving['points']:.1f} %")
            self.facts.set_value(self._MOST, ", ".join(name for name, _ in leaving["most"]) or tr("none"))


def drawn_text(drawn: dict[str, Any], *, left: int, width: int) -> str:
    """What was drawn, as short as a caption is: “−23° · ×0.97”."""
    parts = []
    if left:
        parts.append(counted(left, "point outside", "points outside"))
    if "rotation" in drawn:
        parts.append(f"{drawn['rotation']:.0f}°".replace("-", "−"))
    if "scale" in drawn:
        parts.append(f"×{drawn['scale']:.2f}")
    if "shift" in drawn:
        parts.append(
            tr("shift {x:.0f}, {y:.0f} px", x=drawn["shift"][0], y=drawn["shift"][1]).replace("-", "−")
        )
    for name, word in (("contrast", "contrast"), ("brightness", "light")):
        if name in drawn:
            parts.append(f"{word} ×{drawn[name]:.2f}")
    if "mixup" in drawn:
        parts.append(tr("mixed {mixup:.0f} %", mixup=100 * drawn["mixup"]))
    if "erase" in drawn:
        parts.append(tr("erased"))
    if "gaussian_noise" in drawn or "uniform_noise" in drawn:
        parts.append(tr("noise"))
    return " · ".join(parts) or tr("as it is")


_STEPS = {
    "source": (tr("As it is stored"), "{colours}"),
    "colour": (tr("Colour"), tr("made {colours}")),
    "match": (tr("Size match"), tr("brought to one size for all")),
    "scale": (tr("Scale"), tr("resized for the network")),
    "pad": (tr("Pad"), tr("black at the right and below")),
    "crop": (tr("Crop"), tr("cut out around the animal")),
    "augment": (tr("Augment"), tr("at random, in training alone")),
}
_TOLD = tr("told to the network")
_PIXELS = {"source": tr("px source"), "matched": tr("px matched"), "input": tr("px input"), "cells": "cells"}
_THUMB, _LINE = 64, 72


class ChainView(SightView):
    """Each step on the way to the network with its picture and its size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = StepList(self)
        self.column.addWidget(self.steps)

    def show_answer(self, answer: dict[str, Any]) -> None:
        arrays = answer["arrays"]
        self.steps.show_steps(
            [
                Step(
                    *step_text(step),
                    picture=gray_or_color_image(arrays[step["picture"]]) if step["picture"] else None,
                    width=step["width"],
                    height=step["height"],
                    changes=step["changes"],
                )
                for step in answer["steps"]
            ]
        )


@attrs.frozen(eq=False)
class Step:
    """One row of the chain."""

    title: str
    size: str
    remark: str
    picture: Any = None
    width: int = 1
    height: int = 1
    changes: bool = True


def step_text(step: dict[str, Any]) -> tuple[str, str, str]:
    """Title, size and remark of a step."""
    unit, channels = _PIXELS.get(step["pixels"], step["pixels"]), step["channels"]
    size = f"{step['width']} × {step['height']} {unit}"
    if step["name"] not in _STEPS:
        one = step["width"] == step["height"] == 1
        return (
            head_label(step["name"]),
            tr("{channels} numbers", channels=channels)
            if one
            else tr("{size}, {channels} channels", size=size, channels=channels),
            _TOLD,
        )
    title, remark = _STEPS[step["name"]]
    remark = remark.format(colours=tr("gray") if channels == 1 else tr("colour"))
    return title, size, remark if step["changes"] else tr("changes nothing here")


class StepList(QWidget):
    """Rows with a small picture, painted: none of them can be pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Step] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("From the image to the network"))

    def show_steps(self, rows: list[Step]) -> None:
        """Show these steps."""
        changed = len(rows) != len(self.rows)
        self.rows = rows
        self.setAccessibleDescription("; ".join(f"{row.title}: {row.size}" for row in rows))
        if changed:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, _LINE * max(len(self.rows), 6))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for number, row in enumerate(self.rows):
            top = number * _LINE
            box = QRectF(0, top, 1.4 * _THUMB, _THUMB)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("image"))
            painter.drawRoundedRect(box, 4, 4)
            if row.picture is not None:
                fitted = Fitted.into(box.adjusted(2, 2, -2, -2), width=row.width, height=row.height)
                painter.drawImage(fitted.target, row.picture)
            left, right = box.right() + 12, self.width() - box.right() - 12
            lines = (
                (row.title, "heading", "text"),
                (row.size, "caption", "text"),
                (row.remark, "caption", "muted"),
            )
            for line, (text, font, color) in enumerate(lines):
                painter.setFont(theme.font(font))
                painter.setPen(theme.color(color if row.changes else "muted"))
                metrics = QFontMetricsF(painter.font())
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right)
                place = QRectF(left, top + 4 + 19 * line, right, 19)
                painter.drawText(
                    place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown
                )


def words(text: str = "", parent: QWidget | None = None) -> QLabel:
    """A muted sentence that wraps."""
    label = QLabel(text, parent)
    label.setProperty("role", "caption")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
