"""A box to tick with its words, drawn in the theme's colours: Qt's own outline is lost on dark panels."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox

from sleapnn_gui.widgets.theme import current_theme

_SIDE, _GAP = 14, 8


class Tick(QCheckBox):
    """A check box to the keyboard and to screen readers; all of it takes clicks."""

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text())
        return QSize(_SIDE + _GAP + words.width() + 4, max(_SIDE + 6, words.height() + 4))

    def hitButton(self, pos: object) -> bool:  # noqa: N802 - Qt's name
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1, (self.height() - _SIDE) / 2, _SIDE, _SIDE)
        ticked, line = self.isChecked(), "accent" if self.isChecked() or self.hasFocus() else "muted"
        painter.setPen(QPen(theme.color(line), 1.5 if self.hasFocus() else 1))
        painter.setBrush(theme.color("accent" if ticked else "hover" if self.underMouse() else "control"))
        painter.drawRoundedRect(box, 3, 3)
        if ticked:
            painter.setPen(QPen(theme.color("on_accent"), 2))
            corner = box.topLeft()
            painter.drawPolyline([corner + QPointF(x, y) for x, y in ((3, 7.5), (6, 10.5), (11, 4))])
        painter.setPen(theme.color("text" if self.isEnabled() else "muted"))
        words = self.rect().adjusted(_SIDE + _GAP, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic, self.text())
