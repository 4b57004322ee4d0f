"""Which checkpoint files a run keeps, and under which names."""

import contextlib
import os
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.disk import copy_whole
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.protocol.events import Checkpoint
from sleapnn_engine.training.artifacts.checkpoint_file import contents, first_broken, write_atomically
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.failures import Diverged
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import EpochResult, Training

BEST = "best.ckpt"
LAST = "last.ckpt"


@attrs.frozen
class Kept:
    """A checkpoint of this run that counts towards `save_top_k`; the one with the least `score` is the best."""

    path: Path
    epoch: int
    val: float
    score: float


class Checkpoints(Callback):
    """Writes the best models after each epoch, and the last one where it is wanted; takes as long as the disk.

    `best.ckpt` is always the best model so far; further ones are `best-v1.ckpt`, `best-v2.ckpt`, ... in the order
    they were set aside. `top_k` is how many are kept: -1 all, 0 none. Only files that this object wrote are removed.
    `inherited` is the best model of an earlier training that this one goes on with: a copy of it is the first one kept.
    Weights and moments that are not all finite are never written: Diverged is raised, and every file stays as it is.
    """

    def __init__(self, folder: Path, *, top_k: int, save_last: bool) -> None:
        self.folder = folder
        self.top_k = top_k
        self.save_last = save_last
        self.kept: list[Kept] = []
        self.inherited: Kept | None = None
        self._epoch_of_last: int | None = None

    def fit_begun(self, training: Training) -> None:
        if self.inherited is None:
            return
        epoch, val, path = self.inherited.epoch, self.inherited.val, self.folder / BEST
        with training.parts.report.phase("save", "Copying the best model of the earlier training"):
            copy_whole(self.inherited.path, path)
            self.kept.append(attrs.evolve(self.inherited, path=path))
            training.parts.report.event(Checkpoint(epoch=epoch, path=str(path), best=True, val=val))

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        keeps = self._keeps(_score(result))
        if not keeps and not self.save_last:
            return
        with training.parts.report.phase("save", f"Saving {epoch_name(result.epoch)}"):
            if keeps:
                self._keep(training, result)
            if self.save_last:
                self.write_last(training, val=result.val, score=result.score)

    def fit_ended(self, training: Training, outcome: str) -> None:
        """A stopped training can be taken up again later, so its last weights are kept as well."""
        progress = training.progress
        saved = self.save_last and progress.step > progress.start_step
        if outcome == "stopped" and progress.step and not saved:
            with training.parts.report.phase("save", "Saving where it stopped"):
                self.write_last(training)

    def write_last(self, training: Training, *, val: float | None = None, score: float | None = None) -> Path:
        """Write `last.ckpt` with the weights as they are now, whatever the settings say about keeping models."""
        path = self.folder / LAST
        best = min(self.kept, key=lambda kept: kept.score, default=None)
        content = _finite_contents(training, val=val, score=score, best=None if best is None else best.val)
        write_atomically(content, path)
        epoch = self._epoch_of_last = training.progress.epoch
        training.parts.report.event(Checkpoint(epoch=epoch, path=str(path), best=False, val=val))
        return path

    def rescue(self, training: Training) -> None:
        """Write `last.ckpt` of a run that ends before its time; where that cannot be done, a warning says why."""
        try:
            with training.parts.report.phase("save", "Saving the last state"):
                self.write_last(training)
        except OSError as error:
            log.warning("The last state could not be saved (%s).", error)
        except Diverged as error:
            log.warning("The last state was not saved. %s %s", error.message, self.way_back())

    def way_back(self) -> str:
        """From which files of this run training can go on, in a sentence; the latest epoch comes first."""
        best = min(self.kept, key=lambda kept: kept.score, default=None)
        epochs = {} if self._epoch_of_last is None else {LAST: self._epoch_of_last}
        if best is not None:
            epochs[BEST] = best.epoch
        if not epochs:
            return "No model was saved before, so there is nothing to go on from."
        latest_first = sorted(epochs, key=lambda name: -epochs[name])
        files = " or ".join(f"{name} ({epoch_name(epochs[name])})" for name in latest_first)
        return f"Training can go on from {files} in this run's folder, with trainer_config.resume_ckpt_path."

    def _keeps(self, score: float) -> bool:
        if self.top_k < 0 or len(self.kept) < self.top_k:
            return True
        return self.top_k > 0 and score < max(kept.score for kept in self.kept)

    def _keep(self, training: Training, result: EpochResult) -> None:
        score = _score(result)
        best = min(self.kept, key=lambda kept: kept.score, default=None)
        is_best = best is None or score < best.score
        path = self.folder / BEST if is_best else self._free_name()
        val_of_best = result.val if best is None or is_best else best.val
        content = _finite_contents(training, val=result.val, score=result.score, best=val_of_best)
        if is_best and self.kept and self.top_k != 1:
            self._set_best_aside()
        write_atomically(content, path)
        if self.top_k == 1:
            self.kept.clear()
        self.kept.append(Kept(path, result.epoch, result.val, score))
        self._drop_worst()
        training.parts.report.event(
            Checkpoint(epoch=result.epoch, path=str(path), best=is_best, val=result.val)
        )

    def _set_best_aside(self) -> None:
        """Give the former best model a second name; `best.ckpt` stays in place until the new one replaces it."""
        index = next(i for i, kept in enumerate(self.kept) if kept.path.name == BEST)
        aside = self._free_name()
        try:
            os.link(self.folder / BEST, aside)
        except OSError:  # a file system without hard links
            copy_whole(self.folder / BEST, aside)
        self.kept[index] = attrs.evolve(self.kept[index], path=aside)

    def _free_name(self) -> Path:
        number = 1
        while (path := self.folder / f"best-v{number}.ckpt").exists():
            number += 1
        return path

    def _drop_worst(self) -> None:
        while 0 <= self.top_k < len(self.kept):
            worst = max(self.kept, key=lambda kept: kept.score)
            self.kept.remove(worst)
            with contextlib.suppress(FileNotFoundError):
                worst.path.unlink()


def _score(result: EpochResult) -> float:
    return result.val if result.score is None else result.score


def _finite_contents(
    training: Training, *, val: float | None, score: float | None, best: float | None
) -> dict[str, Any]:
    """A checkpoint whose weights have the validation loss `val`, while `best.ckpt` has `best`.

    `score` is the loss by which they may be the best, where that is another.

    Raises Diverged when weights or moments are not all finite.
    """
    parts = training.parts
    content = contents(
        parts.model,
        parts.optimizer,
        parts.schedule.state_dicts(),
        position=training.position,
        own={**training.own_section(), "val": val, "score": score, "val_of_best": best},
    )
    if (broken := first_broken(content)) is not None:
        raise Diverged(
            f"The network holds values that are no longer numbers, first in {broken}, so training cannot go on.",
            where="trainer_config.optimizer.lr",
            hint="Try a smaller learning rate.",
        )
    return content
