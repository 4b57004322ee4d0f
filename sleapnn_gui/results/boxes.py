"""Error by body part as boxes: half of all points inside, nine of ten between the whiskers; one run or two."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.bars import STANDS_OUT
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_LEAST_ROW, _ROW, _GAP = 17, 32, 10
Part = dict[str, Any]


class PartBoxes(QWidget):
    """One row a part, the worst last, as in a report: the eye ends where there is something to do."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[Part] = []
        self._others: dict[str, Part] = {}
        self.setAccessibleName(tr("Error by body part"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(260, 3 * _LEAST_ROW)
        current_theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 8 * _ROW)

    def show_parts(self, parts: Sequence[Part], others: Sequence[Part] = ()) -> None:
        """Show the parts of a report, and beside each that of a second one."""
        self._parts = sorted(
            parts, key=lambda part: (part["px"]["median"] is None, part["px"]["median"] or 0.0)
        )
        self._others = {part["name"]: part for part in others}
        self.setAccessibleDescription("; ".join(map(_describe_part, self._parts)))
        self.update()

    @property
    def names(self) -> list[str]:
        """The parts from the first row to the last."""
        return [part["name"] for part in self._parts]

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), "\n".join(map(_describe_part, reversed(self._parts))), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setFont(theme.font("caption"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._parts:
            return
        height = min(_ROW, max(_LEAST_ROW, self.height() // len(self._parts)))
        fit = max(1, self.height() // height)
        # Where not all have room, the worst do.
        rows = self._parts[-fit:]
        metrics = QFontMetrics(painter.font())
        names = min(
            self.width() // 3, max(metrics.horizontalAdvance(part["name"]) for part in rows) + _GAP + 2
        )
        values = max(metrics.horizontalAdvance(_value(part)) for part in rows) + _GAP
        room = QRectF(names, 0, max(20, self.width() - names - values), height)
        shown = [part for part in (*rows, *self._others.values()) if part["px"]["high"] is not None]
        most = max((part["px"]["high"] for part in shown), default=1.0) or 1.0
        medians = sorted(part["px"]["median"] for part in self._parts if part["px"]["median"] is not None)
        usual = medians[len(medians) // 2] if medians else 0.0
        for number, part in enumerate(rows):
            top = number * height
            painter.setPen(theme.color("text"))
            name = metrics.elidedText(part["name"], Qt.TextElideMode.ElideMiddle, names - _GAP)
            box = QRectF(0, top, self.width(), height)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), name)
            painter.setPen(theme.color("muted"))
            painter.drawText(
                box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), _value(part)
            )
            other = self._others.get(part["name"])
            place = room.translated(0, top)
            if other is not None:
                half = height / 2
                self._box(painter, QRectF(place.x(), top, place.width(), half), part, most, "accent")
                lower = QRectF(place.x(), top + half, place.width(), half)
                self._box(painter, lower, other, most, "validation_line", hollow=True)
            else:
                stands_out = len(medians) > 2 and (part["px"]["median"] or 0) > STANDS_OUT * usual
                token = "validation_line" if stands_out else "accent"
                self._box(painter, place, part, most, token)

    def _box(
        self, painter: QPainter, room: QRectF, part: Part, most: float, token: str, *, hollow: bool = False
    ) -> None:
        """A whisker, the box on it, and the median across; `hollow` is the second run's."""
        if part["px"]["median"] is None:
            return
        theme = current_theme()
        low, q1, median, q3, high = (
            room.x() + room.width() * part["px"][end] / most for end in ("low", "q1", "median", "q3", "high")
        )
        middle, half = room.center().y(), min(6.5, room.height() / 2 - 2)
        painter.setPen(QPen(theme.color("faint"), 1.4))
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        ink = theme.color(token)
        fill = QColor(ink)
        fill.setAlpha(0 if hollow else 90)
        painter.setPen(QPen(ink, 1.2) if hollow else Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("panel") if hollow else fill)
        painter.drawRoundedRect(QRectF(q1, middle - half, max(2.0, q3 - q1), 2 * half), 2, 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink, 2))
        painter.drawLine(QPointF(median, middle - half - 1), QPointF(median, middle + half + 1))


def _value(part: Part) -> str:
    px, percent = part["px"]["median"], part["percent"]["median"]
    if px is None:
        return tr("not found")
    return words.pixels(px) if percent is None else f"{words.pixels(px)} · {words.share(percent)}"


def _describe_part(part: Part) -> str:
    if part["px"]["median"] is None:
        return tr("{name}: not found", name=part["name"])
    px = part["px"]
    return tr(
        "{name}: median {value}, half within {q1:.1f} to {q3:.1f} px, found {found} of {labelled}",
        name=part["name"],
        value=_value(part),
        q1=px["q1"],
        q3=px["q3"],
        found=part["found"],
        labelled=part["labelled"],
    )
