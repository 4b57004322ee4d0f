"""A strip of small pictures: only those in view are drawn and asked for, however many there are."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_WIDTH, _HEIGHT, _GAP = 84, 60, 8
#: Small pictures that are kept, 30 MB at most.
_KEPT = 400
_LEAP = 25


class FrameStrip(QWidget):
    """Shows `places` of the labels; `chosen` carries the one a person goes to, `wanted` those without a picture.

    The wheel and the arrow keys go from one to the next, Page Up and Down by 25, Home and End to the ends.
    """

    chosen = Signal(int)
    wanted = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.places: np.ndarray = np.zeros(0, dtype=np.int64)
        self.position = -1
        self.title_of: Callable[[int], str] = str
        self.is_measured: Callable[[int], bool] = lambda _: False
        self._first = 0
        self._turned = 0
        self._images: OrderedDict[int, QImage | None] = OrderedDict()
        self.setFixedHeight(_HEIGHT + 4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Frames"))
        self.setAccessibleDescription(tr("The arrow keys go from frame to frame."))

    def sizeHint(self) -> QSize:
        return QSize(6 * (_WIDTH + _GAP), _HEIGHT + 4)

    @property
    def place(self) -> int | None:
        """Place in the labels of the frame that is chosen."""
        return int(self.places[self.position]) if 0 <= self.position < len(self.places) else None

    def forget_pictures(self) -> None:
        """Other labels have come."""
        self._images.clear()

    def show_places(self, places: Sequence[int] | np.ndarray, *, at: int | None = None) -> None:
        """Show these, the one at the place `at` chosen, or the first where that is not among them."""
        self.places = np.asarray(places, dtype=np.int64)
        hits = np.flatnonzero(self.places == (-1 if at is None else at))
        self.position = int(hits[0]) if len(hits) else 0 if len(self.places) else -1
        self._first = 0
        self._keep_in_view()

    def go(self, position: int) -> None:
        """Choose another one, as near to `position` as there is."""
        position = min(max(position, 0), len(self.places) - 1)
        if position < 0 or position == self.position:
            return
        self.position = position
        self._keep_in_view()
        self.chosen.emit(int(self.places[position]))

    def show_pictures(self, images: dict[int, QImage | None]) -> None:
        """Small pictures have come; None where a frame has none."""
        for place, image in images.items():
            self._images[place] = image
            self._images.move_to_end(place)
        while len(self._images) > _KEPT:
            self._images.popitem(last=False)
        self.update()

    def ask(self) -> None:
        """Ask for what is in view and has no picture yet."""
        view = self.places[self._first : self._first + self._in_view()]
        missing = [int(place) for place in view if int(place) not in self._images]
        if missing:
            self.wanted.emit(missing)

    # -- where things are ----------------------------------------------------------------------------------

    def _in_view(self) -> int:
        return max(1, (self.width() + _GAP) // (_WIDTH + _GAP))

    def _keep_in_view(self) -> None:
        """Move on before the chosen one is the last that is seen."""
        shown = self._in_view()
        room = min(1, (shown - 1) // 2)
        least = self.position - shown + 1 + room
        self._first = min(max(self._first, least), self.position - room)
        self._first = max(0, min(self._first, len(self.places) - shown))
        self.update()
        self.ask()

    def _box(self, position: int) -> QRectF:
        return QRectF(2 + (position - self._first) * (_WIDTH + _GAP), 2, _WIDTH, _HEIGHT)

    def _at(self, x: float) -> int:
        position = self._first + int((x - 2) // (_WIDTH + _GAP))
        return position if position < len(self.places) else -1

    # -- Qt ------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(current_theme().font("small"))
        last = min(self._first + self._in_view() + 1, len(self.places))
        for position in range(self._first, last):
            self._paint_one(painter, position)

    def _paint_one(self, painter: QPainter, position: int) -> None:
        theme, box, place = current_theme(), self._box(position), int(self.places[position])
        corners = QPainterPath()
        corners.addRoundedRect(box, theme.size("radius"), theme.size("radius"))
        painter.fillPath(corners, theme.color("image"))
        image = self._images.get(place)
        if image is not None:
            painter.save()
            painter.setClipPath(corners)
            scale = min(box.width() / image.width(), box.height() / image.height())
            target = QRectF(0, 0, image.width() * scale, image.height() * scale)
            target.moveCenter(box.center())
            painter.drawImage(target, image)
            painter.restore()
        title = self.title_of(place)
        if self.is_measured(place):
            title += tr("  val")
        metrics = painter.fontMetrics()
        tag = QRectF(box.left() + 4, box.bottom() - 18, metrics.horizontalAdvance(title) + 8, 14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(14, 16, 18, 200))
        painter.drawRoundedRect(tag, 4, 4)
        token = "validation_line" if self.is_measured(place) else "on_image"
        painter.setPen(QColor(theme.tokens.hex(token, "dark")))
        painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), title)
        if position == self.position:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 3 if self.hasFocus() else 2))
            painter.drawRoundedRect(box, theme.size("radius"), theme.size("radius"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_in_view()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (at := self._at(event.position().x())) >= 0:
            self.go(at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        # A fine wheel tells of parts of a notch.
        self._turned += turned
        steps = int(self._turned / 120)
        self._turned -= 120 * steps
        if steps:
            self.go(self.position - steps)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: self.position - 1,
            Qt.Key.Key_Right: self.position + 1,
            Qt.Key.Key_PageUp: self.position - _LEAP,
            Qt.Key.Key_PageDown: self.position + _LEAP,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(self.places) - 1,
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
        else:
            self.go(move)
