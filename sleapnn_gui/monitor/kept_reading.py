"""Frames that stayed in a run folder, read beside the window, one epoch after the other."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.protocol.kept_frames import FOLDER, KeptEpoch, kept_epochs, read_frames
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor.frame_cache import FrameCache
from sleapnn_gui.widgets.language import tr


class KeptReading(QObject):
    """Fills a cache with what a run has kept, the newest epoch first; `came` says that there is more to show.

    `refused` has a sentence on files that hold no frames, once all were looked at.
    """

    came = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._task = BackgroundTask(self)
        self._cache: FrameCache | None = None
        self._waiting: list[tuple[int, Path]] = []
        self._refused: dict[str, None] = {}

    def begin(self, run_dir: Path, cache: FrameCache) -> None:
        """Read what is kept of the run in a folder and not in the cache yet."""
        self._cache = cache
        self._task.begin(partial(kept_epochs, run_dir), self._listed)

    def drop(self) -> None:
        """Read no more."""
        self._task.drop()
        self._cache, self._waiting, self._refused = None, [], {}

    def _listed(self, found: dict[int, Path]) -> None:
        cache = self._cache
        self._waiting = [] if cache is None else [one for one in found.items() if not cache.has(one[0])]
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting:
            _, path = self._waiting.pop()
            self._task.begin(partial(read_frames, path), self._read)
        elif self._refused:
            self.refused.emit(refused_text(sorted(self._refused)))

    def _read(self, kept: KeptEpoch) -> None:
        if self._cache is not None:
            for frame in kept.events:
                self._cache.add(frame)
            self._refused |= dict.fromkeys(kept.refused)
            if kept.events:
                self.came.emit()
        self._go_on()


def refused_text(names: list[str]) -> str:
    """What is said of files in the folder of kept frames that are left out."""
    if len(names) == 1:
        return tr(
            "{name} in the folder {folder} of this run is left out: it holds no frames that can be shown, or is damaged.",
            name=names[0],
            folder=FOLDER,
        )
    return tr(
        "{names} in the folder {folder} of this run are left out: they hold no frames that can be shown, or are damaged.",
        names=first_few(names),
        folder=FOLDER,
    )
