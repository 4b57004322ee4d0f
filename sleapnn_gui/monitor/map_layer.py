"""Maps over a frame: confidence as warmth, PAFs as a wheel of colours, class maps in a colour for each identity."""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QConicalGradient, QImage, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.model_types import HEADS
from sleapnn_gui.monitor.colormaps import colormap, confidence_image, part_color
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

#: The maps a frame may have, by the names of their arrays, in words.
KINDS: Mapping[str, str] = {key: tr(head.words) for key, head in HEADS.items() if head.maps}
_ARROWS = "→↗↑↖←↙↓↘"
_WHEEL_SATURATION = 0.8


def every(kind: str) -> str:
    """What is chosen where no channel is."""
    head = HEADS[kind]
    return tr("all limbs") if head.limbs else tr("all animals") if head.identities else tr("all parts")


def map_image(kind: str, maps: np.ndarray, *, channel: int | None, heat: str) -> QImage:
    """A picture of maps (channels, h, w), of one channel or of the strongest in each cell; clear where there is nothing."""
    if not HEADS[kind].limbs and not HEADS[kind].identities:
        return confidence_image(maps, node=channel, name=heat)
    maps = np.nan_to_num(maps.astype(np.float32), nan=0.0)
    if HEADS[kind].limbs:
        x, y = _strongest(maps, channel)
        angle = (np.degrees(np.arctan2(-y, x)) % 360.0).astype(np.uint16)
        return _colored(_wheel()[np.minimum(angle, 359)], np.hypot(x, y))
    who = np.full(maps.shape[1:], channel) if channel is not None else maps.argmax(axis=0)
    colors = np.array([_rgb(part_color(number)) for number in range(len(maps))], np.uint8)
    return _colored(colors[who], np.take_along_axis(maps, who[None], axis=0)[0])


def value_text(
    kind: str, maps: np.ndarray, *, channel: int | None, cell: tuple[int, int], names: Sequence[str]
) -> str:
    """What a cell (column, row) holds: whose it is, how strong, and of a field which way it goes."""
    column, row = cell
    if not (0 <= row < maps.shape[1] and 0 <= column < maps.shape[2]):
        return ""
    values = maps[:, row, column].astype(np.float32)
    if HEADS[kind].limbs:
        lengths = np.hypot(values[0::2], values[1::2])
        place = int(lengths.argmax()) if channel is None else channel
        x, y = values[2 * place], values[2 * place + 1]
        arrow = _ARROWS[round(float(np.degrees(np.arctan2(-y, x))) / 45.0) % 8]
        return f"{_name(names, place)}  ·  {arrow} {lengths[place]:.2f}"
    place = int(np.nan_to_num(values, nan=-1.0).argmax()) if channel is None else channel
    return f"{_name(names, place)}  ·  {KINDS[kind].removesuffix(' maps')} {values[place]:.2f}"


def _name(names: Sequence[str], place: int) -> str:
    return names[place] if place < len(names) else f"{place + 1}"


def _strongest(fields: np.ndarray, limb: int | None) -> tuple[np.ndarray, np.ndarray]:
    x, y = fields[0::2], fields[1::2]
    if limb is not None:
        return x[limb], y[limb]
    most = np.hypot(x, y).argmax(axis=0)[None]
    return np.take_along_axis(x, most, axis=0)[0], np.take_along_axis(y, most, axis=0)[0]


def _wheel() -> np.ndarray:
    """A colour for each degree, counted from the right against the clock."""
    colors = (QColor.fromHsvF(degree / 360.0, _WHEEL_SATURATION, 1.0) for degree in range(360))
    return np.array([_rgb(color) for color in colors], np.uint8)


def _rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def _colored(colors: np.ndarray, strength: np.ndarray) -> QImage:
    pixels = np.empty((*strength.shape, 4), np.uint8)
    pixels[..., :3] = colors
    # The root keeps what is weak visible, as in confidence maps.
    pixels[..., 3] = (np.sqrt(np.clip(strength, 0.0, 1.0)) * 255).astype(np.uint8)
    height, width = strength.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


class MapLegend(QWidget):
    """What the colours of the maps mean: confidence from 0 to 1, the direction of a limb, or who."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = "confmaps"
        self.names: Sequence[str] = ()
        self.setFixedHeight(20)
        self.show_kind("confmaps", ())
        current_theme().changed.connect(self.update)

    def show_kind(self, kind: str, names: Sequence[str]) -> None:
        """Explain maps of this kind, of these channels."""
        self.kind, self.names = kind, tuple(names)
        swatches = min(84, 14 * len(names)) if HEADS[kind].identities else 64
        self.setMinimumWidth(20 if HEADS[kind].limbs else swatches)
        told = tr("Colour scale of confidence, 0 to 1")
        if HEADS[kind].limbs:
            told = tr("The colour is the direction from the first part of a limb to the second")
        elif HEADS[kind].identities:
            told = tr("A colour for each animal: {names}", names=", ".join(names))
        self.setAccessibleName(told)
        self.setToolTip(told)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("muted"))
        if HEADS[self.kind].limbs:
            if self.width() >= 26 + painter.fontMetrics().horizontalAdvance("direction"):
                beside = self.rect().adjusted(26, 0, 0, 0)
                painter.drawText(beside, int(Qt.AlignmentFlag.AlignVCenter), "direction")
            gradient = QConicalGradient(QPointF(10, 10), 0.0)
            for place, rgb in enumerate(_wheel()[::30]):
                gradient.setColorAt(place / 12, QColor(*rgb.tolist()))
            gradient.setColorAt(1.0, QColor(*_wheel()[0].tolist()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(gradient)
            painter.drawEllipse(QPointF(10, 10), 8, 8)
        elif HEADS[self.kind].identities:
            painter.setPen(Qt.PenStyle.NoPen)
            for number in range(min(len(self.names), self.width() // 14)):
                painter.setBrush(part_color(number))
                painter.drawRoundedRect(QRectF(14 * number, 5, 10, 10), 2, 2)
        else:
            self._paint_scale(painter)

    def _paint_scale(self, painter: QPainter) -> None:
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), "0")
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), "1")
        bar = QRectF(12, 6, self.width() - 24, 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for stop in range(9):
            gradient.setColorAt(stop / 8, QColor(*colormap("magma")[round(255 * stop / 8)].tolist()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)
