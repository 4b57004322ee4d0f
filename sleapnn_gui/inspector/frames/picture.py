"""One labelled frame with skeletons, names of parts and tracks, and boxes around animals that are pointed out."""

from collections.abc import Sequence
from typing import Any

import attrs
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent

from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.frame_view import FrameView
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

_ROOM = 10.0
"""Between an animal that is pointed out and the box around it, in screen pixels."""


class LabelView(FrameView):
    """Draws a labelled frame; the wheel zooms, dragging moves, a double click fits."""

    def __init__(self) -> None:
        super().__init__()
        self.one_animal = False
        self.layers.by_animal = True
        self.pointed_out: Sequence[int] = ()
        self.setMinimumSize(220, 200)
        self.setAccessibleName(tr("Labelled frame"))

    def show_answer(self, answer: dict[str, Any], *, pointed_out: Sequence[int] = ()) -> None:
        """Show a frame as the engine sent it, with boxes around some of its animals."""
        self.nodes = tuple(answer["nodes"])
        self.edges = tuple((int(a), int(b)) for a, b in answer["limbs"])
        self.pointed_out = pointed_out
        body = {
            "epoch": 0,
            "split": "validation" if answer["measured"] else "train",
            "index": answer["index"],
            "labels_file": None,
            "video": answer["video"],
            "frame": answer["frame"],
            "scale": 1.0,
            "truth": answer["points"],
            "predicted": [],
            "scores": [],
            "true_identities": answer["tracks"],
            "error_px": None,
            "stride": 1,
        }
        self.show_frame(Event(None, 0.0, Frame.kind, body, answer["arrays"]))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.frame is None or not self.pointed_out:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(current_theme().tokens.hex("warning", "dark")), 1.6, Qt.PenStyle.DashLine))
        for number in self.pointed_out:
            box = self._around(number)
            if not box.isNull():
                painter.drawRoundedRect(box, 6, 6)

    def _around(self, number: int) -> QRectF:
        """The box around one animal on the screen; a null one where it is not there."""
        points = self.overlay.truth[number] if number < len(self.overlay.truth) else ()
        spots = [spot for spot in map(self._to_point, points) if spot is not None]
        if not spots:
            return QRectF()
        xs, ys = [spot.x() for spot in spots], [spot.y() for spot in spots]
        corners = QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys))
        return QRectF(*corners).adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM)

    def point_out(self, animals: Sequence[int]) -> None:
        """Draw boxes around these animals of the frame that is shown, and none around others."""
        self.pointed_out = animals
        if self.close_up:
            self.fit()
        self.update()

    def _close_up_box(self) -> QRectF:
        """Around the animals that are pointed out, or around all."""
        animals = [self.overlay.truth[n] for n in self.pointed_out if n < len(self.overlay.truth)]
        return attrs.evolve(self.overlay, truth=animals).box() if animals else super()._close_up_box()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Without a picture the wheel is the page's.
        if self.frame is None:
            event.ignore()
        else:
            super().wheelEvent(event)

    def _description(self) -> str:
        if self.frame is None:
            return tr("No frame")
        return words.counted(len(self.overlay.truth), "animal", "animals")

    def _describe(self, kind: str, number: int, node: int) -> str:
        """The part, and whose it is."""
        name = self.nodes[node] if node < len(self.nodes) else tr("part {node}", node=node + 1)
        tracks = self.overlay.true_identities
        track = tracks[number] if number < len(tracks) else None
        point = self.overlay.truth[number][node]
        place = "" if point is None else tr("{x:.1f}, {y:.1f} px", x=point[0], y=point[1])
        return "  ·  ".join(part for part in (name, track, place) if part)
