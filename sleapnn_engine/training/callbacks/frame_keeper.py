"""Keeps the frames of the first, the best, the last and some other epochs in the run folder, within a number of bytes."""

import contextlib
import logging
import math
from pathlib import Path

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.kept_frames import FOLDER, Arrays, image_path, kept_epochs, write_frames

#: What is kept where nobody says otherwise.
FRAME_BYTES = 50_000_000
#: About so many epochs are kept beside the first, the best and the last.
_EPOCHS = 20
#: Maps of one epoch take about this share of all at most; what that does not hold is coarse, or left out.
_MAPS_SHARE = 0.25

log = logging.getLogger("sleapnn_engine.training")


class KeptFrames:
    """Takes the frames of each epoch. What cannot be written is told once, and tried again with the next epoch."""

    def __init__(self, run_dir: Path, *, most_bytes: int, epochs: int) -> None:
        self._folder, self._most = run_dir / FOLDER, most_bytes
        self._every = max(1, math.ceil(epochs / _EPOCHS))
        self._frames: list[tuple[Frame, Arrays]] = []
        self._latest: int | None = None
        self._first: int | None = None
        self._best: int | None = None
        self._images: dict[int, set[Path]] = {}
        self._told = False

    def add(self, said: Frame, arrays: Arrays) -> None:
        """One frame of the epoch that has just been validated."""
        self._frames.append((said, arrays))

    def end_epoch(self, epoch: int, *, best: bool) -> None:
        """All frames of an epoch are there. They are written at once: what ends a run may leave no time for it."""
        frames, self._frames = self._frames, []
        self._first = epoch if self._first is None else self._first
        before, self._best = self._best, epoch if best else self._best
        last, self._latest = self._latest, epoch
        try:
            self._write(epoch, frames)
            for older in {one for one in (before, last) if one is not None and one != epoch}:
                if older not in (self._first, self._best) and older % self._every:
                    self._drop(older)
        except OSError as problem:
            if not self._told:
                self._told = True
                log.warning(
                    "Validation frames cannot be kept in %s: %s. It is tried again after each epoch.",
                    self._folder,
                    reason_of(problem),
                )

    def _write(self, epoch: int, frames: list[tuple[Frame, Arrays]]) -> None:
        self._images[epoch] = {image_path(self._folder, said) for said, _ in frames}
        try:
            write_frames(self._folder, epoch, frames, map_bytes=_MAPS_SHARE * self._most)
        except OSError:
            with contextlib.suppress(OSError):
                self._drop(epoch)  # images without their epoch would only take room
            raise
        self._thin_out(epoch)

    def _thin_out(self, newest: int) -> None:
        """Drop epochs that have others near them, until all fit; of those that mean something only where nothing else helps."""
        while sum(path.stat().st_size for path in self._folder.iterdir()) > self._most:
            epochs = list(kept_epochs(self._folder.parent))
            dear = {self._first, self._best, newest}
            near = [
                (after - before, epoch)
                for before, epoch, after in zip(epochs, epochs[1:], epochs[2:])
                if epoch not in dear
            ]
            others = [epoch for epoch in epochs if epoch not in (self._best, newest)]
            if near:
                self._drop(min(near)[1])
            elif others or len(epochs) > 1:
                self._drop((others or epochs)[0])
            else:
                for path in self._folder.iterdir():  # one epoch alone is too much
                    path.unlink()

    def _drop(self, epoch: int) -> None:
        path = kept_epochs(self._folder.parent).get(epoch)
        if path is not None:
            path.unlink(missing_ok=True)
        for image in self._images.pop(epoch, set()).difference(*self._images.values()):
            image.unlink(missing_ok=True)
