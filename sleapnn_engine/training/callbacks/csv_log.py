"""`training_log.csv`: one row per epoch, in the columns that other programs read."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from sleapnn_engine.config.disk import write_whole
from sleapnn_engine.config.model_types import HEADS, MODEL_TYPES
from sleapnn_engine.protocol.measures import MEASURES
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.state import EpochResult, Training

FIXED = ("epoch", "train/loss", "val/loss", "learning_rate", "train/time", "val/time")


def epoch_values(result: EpochResult) -> dict[str, float]:
    """What is known of an epoch, by the names of the columns."""
    fixed = (
        result.epoch,
        result.train,
        result.val,
        result.learning_rate,
        result.train_seconds,
        result.val_seconds,
    )
    values: dict[str, float] = dict(zip(FIXED, fixed, strict=True))
    values |= {f"train/confmaps/{node}": value for node, value in result.by_node.items()}
    for part, by_head in (("train", result.train_by_head), ("val", result.val_by_head)):
        values |= {f"{part}/{HEADS[head].column}": value for head, value in by_head.items()}
    if result.errors is not None:
        values |= {measure.column: value for measure, value in result.errors.items() if measure.column}
    return values


class CsvLog(Callback):
    """Adds a row when an epoch has ended. All values are of the row's own epoch; times are in seconds.

    The file is closed between rows, so that it is whole at any moment and may be opened elsewhere.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def fit_begun(self, training: Training) -> None:
        write_whole(self.path, _line([*FIXED, *self._columns(training)]))

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        values = epoch_values(result)
        row = _line([values.get(name, "") for name in (*FIXED, *self._columns(training))])
        with self.path.open("a", newline="", encoding="utf-8") as file:
            file.write(row)
            file.flush()
            os.fsync(file.fileno())

    def _columns(self, training: Training) -> list[str]:
        parts = training.parts
        names = []
        kind = MODEL_TYPES[parts.model_type]
        if kind.one_animal:
            names += [f"train/confmaps/{node}" for node in parts.batches.nodes]
        heads = [loss.name for loss in parts.losses]
        if len(heads) > 1:
            names += [f"{part}/{HEADS[head].column}" for part in ("train", "val") for head in heads]
        return names + [measure.column for measure in MEASURES if measure.column and measure.belongs(kind)]


def _line(row: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()
