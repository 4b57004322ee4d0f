"""Asking the engine for labelled frames: the list of all, the one that is looked at, and small pictures of those in view."""

import time
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sleapnn_engine.config.reader import HEADS
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.frames.table import FrameTable
from sleapnn_gui.monitor.colormaps import gray_or_color_image

#: What decides which frames measure the model, besides the labels themselves; which model it is matters to what is
#: worth a look.
_SPLIT = ("data_config.validation_fraction", "data_config.use_same_data_for_val")
_PARTS = (".part_names", ".edges")
_DELAY_MS = 150
#: A question that is older than this is given up for a newer one; before, its answer is worth waiting for.
_PATIENCE_S = 0.6
#: Small pictures that are asked for at once.
_AT_ONCE = 8


class FramesWatch(QObject):
    """Keeps the list of frames in step with the document, once its labels are known.

    `listed` carries the list, `gone` says that there is none any more; `shown` carries a frame as the engine sent it,
    `failed` a sentence why there is none; `pictured` small pictures by their place, `examined`
    what a look through the labels has found.
    """

    listed = Signal(object)
    gone = Signal()
    shown = Signal(object)
    failed = Signal(str)
    pictured = Signal(object)
    examined = Signal(list)

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document, self._inspect = document, inspect
        self._known = False
        #: The first picture is on its way; what else there is to ask would keep it waiting.
        self._opening = False
        self._wanted: int | None = None
        self._since = 0.0
        self._small: list[int] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._list)
        document.changed.connect(self._changed)
        document.reloaded.connect(self._list_later)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    @Slot(dict)
    def show_known(self, facts: dict[str, Any]) -> None:
        """The labels have been read: list their frames and show the first."""
        self._known = bool(facts.get("labeled_frames")) and not facts.get("problems")
        if self._known:
            self._opening = True
            self.want(0)
        else:
            self.drop()

    @Slot()
    def drop(self) -> None:
        """There are no labels, or they are being read."""
        self._known, self._wanted, self._small = False, None, []
        self._timer.stop()
        for kind in ("frames", "frame", "thumbnails", "doctor"):
            self._inspect.cancel(kind)
        self.gone.emit()

    def want(self, place: int) -> None:
        """Show the frame at a place; the newest wish counts."""
        self._wanted = place
        if not self._inspect.is_asking("frame") or time.monotonic() - self._since > _PATIENCE_S:
            self._ask_frame()

    def want_small(self, places: Sequence[int]) -> None:
        """Small pictures of these, in this order, instead of those asked for before."""
        self._small = list(places)
        if not self._inspect.is_asking("thumbnails"):
            self._ask_small()

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self._known = False
        self._timer.stop()

    @Slot()
    def _list(self) -> None:
        if self._known:
            self._opening = False
            self._inspect.ask("frames", values=self._document.values)

    def _ask_frame(self) -> None:
        if self._known and self._wanted is not None:
            self._since = time.monotonic()
            self._inspect.ask("frame", values=self._document.values, index=self._wanted)

    def _ask_small(self) -> None:
        now, self._small = self._small[:_AT_ONCE], self._small[_AT_ONCE:]
        if now and self._known:
            self._inspect.ask("thumbnails", values=self._document.values, indices=now)

    @Slot(list)
    def _changed(self, paths: list[str]) -> None:
        if not paths or any(map(_is_decisive, paths)):
            self._list_later()

    @Slot()
    def _list_later(self) -> None:
        if self._known:
            self._timer.start()

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if not self._known:
            return
        if kind == "frames":
            self.listed.emit(FrameTable.of(answer))
            self._inspect.ask("doctor", values=self._document.values)
        elif kind == "frame":
            if answer["index"] != self._wanted:
                self._ask_frame()
            self.shown.emit(answer)
            if self._opening:
                self._list()
        elif kind == "doctor":
            self.examined.emit(answer["findings"])
        elif kind == "thumbnails":
            images = {
                int(name): gray_or_color_image(pixels) for name, pixels in answer["arrays"].items()
            } | dict.fromkeys(answer["failed"])
            self._ask_small()
            self.pictured.emit(images)

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == "frame" and self._known:
            self.failed.emit(text)
            if self._opening:
                self._list()
        elif kind == "thumbnails":
            self._small = []


def _is_decisive(path: str) -> bool:
    """Whether an edit there changes which frames are for what, or what is worth a look: another model, or other parts of it."""
    if path in _SPLIT:
        return True
    is_section = path.count(".") <= HEADS.count(".") + 1
    return path.startswith(HEADS) and (is_section or path.endswith(_PARTS))
