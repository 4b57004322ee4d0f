"""Error by body part as bars, worst first, in pixels of the source image."""

import math
import statistics
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from sleapnn_gui.monitor import words
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

ROW = 20
BAR = 8
GAP = 8

STANDS_OUT = 1.5
"""A part whose error is this many times the middle one is drawn in the second colour, besides being longer."""


class PartErrors(QWidget):
    """One bar a body part. What does not fit is counted in the last line and told in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, float]] = []
        self._unmeasured: list[str] = []
        self._otherwise = ""
        self.setAccessibleName(tr("Error by body part"))
        self.setMinimumSize(120, 2 * ROW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        current_theme().changed.connect(self.update)

    def set_errors(self, by_node: Mapping[str, float | None], *, otherwise: str = "") -> None:
        """Show the median error of each part in pixels, None for a part that was not seen; `otherwise` when none is."""
        measured = {
            name: value for name, value in by_node.items() if value is not None and math.isfinite(value)
        }
        rows = sorted(measured.items(), key=lambda row: row[1], reverse=True)
        unmeasured = [name for name in by_node if name not in measured]
        if (rows, unmeasured, otherwise) == (self._rows, self._unmeasured, self._otherwise):
            return
        self._rows, self._unmeasured, self._otherwise = rows, unmeasured, otherwise
        told = ", ".join(f"{name} {words.pixels(value)}" for name, value in rows)
        self.setAccessibleDescription(told or otherwise or tr("No distances measured"))
        self.update()

    @property
    def rows(self) -> list[tuple[str, float]]:
        """Part and error in pixels, worst first."""
        return list(self._rows)

    def sizeHint(self) -> QSize:
        return QSize(240, 6 * ROW)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._rows:
            lines = [f"{name}: {words.pixels(value)}" for name, value in self._rows]
            if self._unmeasured:
                lines.append(
                    tr("not seen in validation: {unmeasured}", unmeasured=", ".join(self._unmeasured))
                )
            QToolTip.showText(event.globalPos(), "\n".join(lines), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setFont(theme.font("caption"))
        if not self._rows:
            painter.setPen(theme.color("muted"))
            painter.drawText(self.rect(), int(Qt.TextFlag.TextWordWrap), self._otherwise)
            return
        metrics = QFontMetrics(painter.font())
        fit = max(1, self.height() // ROW)
        rows = self._rows if len(self._rows) <= fit else self._rows[: max(1, fit - 1)]
        names = min(
            int(self.width() * 0.36), max(metrics.horizontalAdvance(name) for name, _ in rows) + GAP + 2
        )
        values = metrics.horizontalAdvance("88.8 px") + GAP
        room = max(8, self.width() - names - values)
        longest = rows[0][1] or 1.0
        middle = statistics.median(value for _, value in self._rows)
        for index, (name, value) in enumerate(rows):
            top = index * ROW
            self._paint_row(painter, metrics, (name, value), top, names)
            token = "validation_line" if value > STANDS_OUT * middle and len(self._rows) > 2 else "accent"
            bar = QRectF(names, top + (ROW - BAR) / 2, max(2.0, room * value / longest), BAR)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(token))
            painter.drawRoundedRect(bar, 2, 2)
        if len(rows) < len(self._rows):
            rest = len(self._rows) - len(rows)
            painter.setPen(theme.color("muted"))
            last = QRectF(0, len(rows) * ROW, self.width(), ROW)
            painter.drawText(
                last, int(Qt.AlignmentFlag.AlignVCenter), tr("and {rest} parts with less", rest=rest)
            )

    def _paint_row(
        self, painter: QPainter, metrics: QFontMetrics, row: tuple[str, float], top: int, names: int
    ) -> None:
        theme = current_theme()
        name, value = row
        box = QRectF(0, top, self.width(), ROW)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(theme.color("line"))
        painter.drawLine(0, top + ROW - 1, self.width(), top + ROW - 1)
        painter.setPen(theme.color("text"))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, names - GAP)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), shown)
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.drawText(box, right, words.pixels(value))
