"""`training_log.csv`: one row per epoch, in the columns that other programs read."""

import csv
import os
from pathlib import Path

from ..state import EpochResult, Training
from .base import Callback

FIXED = ("epoch", "train/loss", "val/loss", "learning_rate", "train/time", "val/time")


class CsvLog(Callback):
    """Adds a row when an epoch has ended. All values are of the row's own epoch; times are in seconds.

    The file is closed between rows, so that it is whole at any moment and may be opened elsewhere.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def fit_begun(self, training: Training) -> None:
        nodes = (f"train/confmaps/{node}" for node in training.feed.nodes)
        self._write([*FIXED, *nodes], mode="w")

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        fixed = (
            result.epoch,
            result.train,
            result.val,
            result.learning_rate,
            result.train_seconds,
            result.val_seconds,
        )
        self._write([*fixed, *(result.by_node.get(node, "") for node in training.feed.nodes)], mode="a")

    def _write(self, row: list[object], *, mode: str) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(row)
            file.flush()
            os.fsync(file.fileno())
