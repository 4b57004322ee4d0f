"""The frames with the most wrong as pictures that can be pressed."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.frame_view import FrameView
from sleapnn_gui.results.frame_source import Files, FrameSource, Shown
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_MOST, _WIDTH, _CAPTION = 10, 150, 18


class WorstFrame(QAbstractButton):
    """One frame, close up, with what is wrong with it below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.facts: dict[str, Any] = {}
        self.view = FrameView(self)
        self.view.one_animal = False
        self.view.close_up = True
        self.view.setMinimumSize(40, 40)
        self.view.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 60)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.view.setGeometry(2, 2, self.width() - 4, self.height() - _CAPTION - 2)

    def show_facts(self, facts: dict[str, Any]) -> None:
        """Say which frame it is; the picture comes later."""
        self.facts = facts
        wrong = []
        if facts["missed"]:
            wrong.append(tr("{missed} missed", missed=facts["missed"]))
        if facts["extra"]:
            wrong.append(tr("{extra} extra", extra=facts["extra"]))
        if facts["error_px"] is not None and not wrong:
            wrong.append(words.pixels(facts["error_px"]))
        self.setText(tr("frame {frame} · {wrong}", frame=facts["frame"], wrong=" · ".join(wrong)))
        self.setAccessibleName(self.text())
        self.setToolTip(tr("{video}, {words}. Press to see it.", video=facts["video"], words=self.text()))
        self.view.placeholder = "…"
        self.view.show_frame(None)

    def show_picture(self, found: Shown | str) -> None:
        """Show the picture, or why there is none."""
        if isinstance(found, str):
            self.view.placeholder = found
            self.view.update()
            return
        self.view.nodes, self.view.edges = found.nodes, found.edges
        self.view.show_frame(found.event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(theme.color("accent"), 1.5))
            around = QRectF(self.view.geometry()).adjusted(-1, -1, 1, 1)
            painter.drawRoundedRect(around, theme.size("radius"), theme.size("radius"))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("muted"))
        below = QRectF(2, self.height() - _CAPTION, self.width() - 4, _CAPTION)
        shown = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(below.width()))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


class WorstFrames(QWidget):
    """As many of them as have room, the worst first. `chosen` carries the files and what is told of the one pressed."""

    chosen = Signal(object, object)

    def __init__(self, source: FrameSource) -> None:
        super().__init__()
        self._place = f"worst {id(self)}:"
        self._source = source
        self._files: Files | None = None
        self._frames: list[dict[str, Any]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.buttons = [WorstFrame(self) for _ in range(_MOST)]
        for button in self.buttons:
            row.addWidget(button)
            button.hide()
            button.clicked.connect(
                lambda _checked=False, button=button: self.chosen.emit(self._files, button.facts)
            )

    def show_frames(self, files: Files, frames: Sequence[dict[str, Any]]) -> None:
        """Show the first of these frames of a report that the predictions have."""
        self._source.drop(self._place)
        self._files = files
        self._frames = [frame for frame in frames if frame["predicted"]][:_MOST]
        for button, facts in zip(self.buttons, self._frames):
            button.show_facts(facts)
            which = {"video": facts["video"], "frame": facts["frame"]}
            self._source.want(f"{self._place}{id(button)}", files, button.show_picture, **which)
        self._make_room()

    def clear(self) -> None:
        """Show none."""
        self._source.drop(self._place)
        self._frames = []
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        fit = max(1, self.width() // _WIDTH)
        for number, button in enumerate(self.buttons):
            button.setVisible(number < min(fit, len(self._frames)))
