"""Frames that stayed in a run folder, read beside the window, one epoch after the other."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sleapnn_engine.protocol.kept_frames import kept_epochs, read_frames
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor.frame_cache import FrameCache


class KeptReading(QObject):
    """Fills a cache with what a run has kept, the newest epoch first; `came` says that there is more to show."""

    came = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._task = BackgroundTask(self)
        self._cache: FrameCache | None = None
        self._waiting: list[tuple[int, Path]] = []

    def begin(self, run_dir: Path, cache: FrameCache) -> None:
        """Read what is kept of the run in a folder and not in the cache yet."""
        self._cache = cache
        self._task.begin(partial(kept_epochs, run_dir), self._listed)

    def drop(self) -> None:
        """Read no more."""
        self._task.drop()
        self._cache, self._waiting = None, []

    def _listed(self, found: dict[int, Path]) -> None:
        cache = self._cache
        self._waiting = [] if cache is None else [one for one in found.items() if not cache.has(one[0])]
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting:
            _, path = self._waiting.pop()
            self._task.begin(partial(read_frames, path), self._read)

    def _read(self, frames: list[Event]) -> None:
        if self._cache is not None:
            for frame in frames:
                self._cache.add(frame)
            if frames:
                self.came.emit()
        self._go_on()
