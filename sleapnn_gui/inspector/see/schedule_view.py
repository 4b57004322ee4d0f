"""What the learning rate and early stopping would have done: the losses, the rate below them, where it falls and ends."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.counting import epoch_number
from sleapnn_gui.inspector.see.fact_rows import FactRows
from sleapnn_gui.inspector.see.views import SightView, words
from sleapnn_gui.widgets.language import counted, epoch_name, tr
from sleapnn_gui.widgets.theme import current_theme

_NAMED = 5
"""Most falls that are listed."""


class ScheduleView(SightView):
    """Two curves over the epochs, and in words what became of them."""

    _FALLS, _LAST, _BEST, _ENDS = (
        tr("Rate falls after epoch"),
        tr("Rate at the end"),
        tr("Best epoch"),
        tr("Training ends"),
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.told = words(parent=self)
        self.plot = SchedulePlot(self)
        self.facts = FactRows([self._FALLS, self._LAST, self._BEST, self._ENDS], parent=self)
        for widget in (self.told, self.plot, self.facts):
            self.column.addWidget(widget)

    def show_answer(self, answer: dict[str, Any]) -> None:
        self.told.setText(source_text(answer))
        self.plot.show_answer(answer)
        falls, rates, best = answer["falls"], answer["rates"], answer["best"]
        self.facts.set_value(self._FALLS, falls_text(falls, rates))
        self.facts.set_value(self._LAST, plain(rates[-1], figures=3) if rates else "")
        self.facts.set_value(self._BEST, "" if best is None else str(epoch_number(best)))
        self.facts.set_value(self._ENDS, end_text(answer))


def source_text(answer: dict[str, Any]) -> str:
    """Whose losses these are."""
    known = counted(len(answer["val"]), "epoch")
    if answer["run"] is None:
        return tr(
            "No run of these labels is known yet, so this is a typical curve over {known}, "
            "with the learning rate and the early stopping of this config.",
            known=known,
        )
    return tr(
        "The validation losses of the last run of these labels, {run} ({known}), "
        "with the learning rate and the early stopping of this config. Another rate would have led to other losses.",
        run=answer["run"],
        known=known,
    )


def falls_text(falls: Sequence[int], rates: Sequence[float]) -> str:
    """After which epochs the rate is lower; a curve falls all the time."""
    if not falls:
        return tr("never")
    if len(falls) > len(rates) / 2:
        return tr("with each one")
    more = tr(" and {count} more", count=len(falls) - _NAMED) if len(falls) > _NAMED else ""
    return ", ".join(str(fall) for fall in falls[:_NAMED]) + more


def end_text(answer: dict[str, Any]) -> str:
    """When training ends, and why."""
    if answer["stopped"] is not None:
        return tr("{epoch}, early", epoch=epoch_name(answer["stopped"]))
    if len(answer["val"]) < answer["max_epochs"]:
        return tr("later than {epoch}", epoch=epoch_name(len(answer["val"]) - 1))
    return tr("{epoch}, the last", epoch=epoch_name(answer["max_epochs"] - 1))


class SchedulePlot(QWidget):
    """The validation loss above, the learning rate below, both on log scales over the same epochs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer: dict[str, Any] = {}
        self.setFixedHeight(260)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Validation loss and learning rate over the epochs"))

    def sizeHint(self) -> QSize:
        return QSize(320, 260)

    def show_answer(self, answer: dict[str, Any]) -> None:
        """Show these curves."""
        self._answer = answer
        self.setAccessibleDescription(
            tr(
                "The rate falls after epoch: {falls_text}. Training ends: {end_text}.",
                falls_text=falls_text(answer["falls"], answer["rates"]),
                end_text=end_text(answer),
            )
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._answer:
            return
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        losses, rates = self._answer["val"], self._answer["rates"]
        across = max(len(losses), len(rates), 2)
        above, below = QRectF(8, 20, self.width() - 16, 128), QRectF(8, 178, self.width() - 16, 52)
        stopped = self._answer["stopped"]
        self._paint_end(painter, above, below, stopped=stopped, across=across)
        painter.setPen(QPen(theme.color("muted"), 1, Qt.PenStyle.DotLine))
        for fall in self._answer["falls"] if len(self._answer["falls"]) <= len(rates) / 2 else ():
            x = _across(above, fall, across)
            painter.drawLine(QPointF(x, above.top()), QPointF(x, below.bottom()))
        known = len(losses) if stopped is None else stopped + 1
        painter.setPen(QPen(theme.color("line"), 1.6))
        painter.drawPolyline(_curve(losses, above, across=across))
        painter.setPen(QPen(theme.color("validation_line"), 1.6))
        painter.drawPolyline(_curve(losses, above, across=across)[:known])
        painter.setPen(QPen(theme.color("accent"), 1.8))
        painter.drawPolyline(_steps(rates, below, across=across))
        self._paint_best(painter, above, losses, across=across)
        painter.setPen(theme.color("muted"))
        left = int(Qt.AlignmentFlag.AlignLeft)
        painter.drawText(
            QRectF(above.left(), 0, above.width(), 16),
            left,
            tr("Validation loss, {span}", span=_span(losses)),
        )
        painter.drawText(
            QRectF(below.left(), 158, below.width(), 16), left, tr("Learning rate, {span}", span=_span(rates))
        )
        painter.drawText(QRectF(below.left(), below.bottom() + 8, below.width(), 16), left, tr("epoch 1"))
        right = int(Qt.AlignmentFlag.AlignRight)
        painter.drawText(QRectF(below.left(), below.bottom() + 8, below.width(), 16), right, f"{across}")

    def _paint_end(
        self, painter: QPainter, above: QRectF, below: QRectF, *, stopped: int | None, across: int
    ) -> None:
        """What lies behind the end of the training, shaded."""
        theme = current_theme()
        for plot in (above, below):
            painter.setPen(theme.color("line"))
            painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        if stopped is None:
            return
        x = _across(above, stopped, across)
        painter.fillRect(QRectF(QPointF(x, above.top()), below.bottomRight()), theme.color("hover"))
        painter.setPen(QPen(theme.color("text"), 1.2))
        painter.drawLine(QPointF(x, above.top()), QPointF(x, below.bottom()))
        text = tr("stops here")
        room = painter.fontMetrics().horizontalAdvance(text) + 4
        place = x + 4 if x + 4 + room < above.right() else x - room - 2
        painter.drawText(QRectF(place, above.top(), room, 16), int(Qt.AlignmentFlag.AlignLeft), text)

    def _paint_best(self, painter: QPainter, plot: QRectF, losses: Sequence[float], *, across: int) -> None:
        best = self._answer["best"]
        if best is None:
            return
        spot = _curve(losses, plot, across=across)[best]
        painter.setPen(QPen(current_theme().color("best"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(spot, 4, 4)


def _across(plot: QRectF, epoch: float, across: int) -> float:
    return plot.left() + epoch / max(across - 1, 1) * plot.width()


def _curve(values: Sequence[float], plot: QRectF, *, across: int) -> list[QPointF]:
    """A point for each value on a log scale that spans them."""
    logs = [math.log10(max(value, 1e-300)) for value in values]
    low, high = min(logs, default=0.0), max(logs, default=0.0)
    span = high - low
    return [
        QPointF(
            _across(plot, epoch, across),
            plot.bottom() - 2 - ((log - low) / span if span > 1e-9 else 0.5) * (plot.height() - 4),
        )
        for epoch, log in enumerate(logs)
    ]


def _steps(values: Sequence[float], plot: QRectF, *, across: int) -> list[QPointF]:
    """The same as steps: each value holds until the next epoch."""
    points = _curve(values, plot, across=across)
    corners = (QPointF(after.x(), before.y()) for before, after in itertools.pairwise(points))
    return [point for pair in zip(points, corners) for point in pair] + points[-1:]


def _span(values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = plain(min(values), figures=2), plain(max(values), figures=2)
    return tr("{low} to {high}", low=low, high=high) if low != high else low
