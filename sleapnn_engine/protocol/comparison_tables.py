"""Runs side by side as tables for other programs: one row a run, and one row an epoch of a run."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from sleapnn_engine.protocol.comparison import Compared
from sleapnn_engine.protocol.counting import epoch_number
from sleapnn_engine.protocol.measures import MEASURES


def runs_csv(names: Sequence[str], compared: Compared) -> str:
    """One row a run: figures of its best epoch, the error of each part in px, and the settings that differ.

    Epochs count from 1; what is not known is empty.
    """
    columns: dict[str, Sequence[Any]] = {"run": names, "folder": compared.folders}
    for figure, values in compared.figures:
        columns[_COLUMNS.get(figure.key, figure.key)] = values
    for part, values in compared.parts:
        columns[f"px {part}"] = values
    for one in compared.differences:
        columns[one.path] = [v if isinstance(v, str) else json.dumps(v) for v in one.values]
    rows = zip(*columns.values(), strict=True)
    return _text([list(columns), *rows])


def epochs_csv(names: Sequence[str], compared: Compared) -> str:
    """One row an epoch of a run, with its losses and figures; epochs count from 1, what is not known is empty."""
    head = ["run", "epoch", "step", "seconds", "train", "val", *(one.key for one in MEASURES)]
    rows = [
        [
            name,
            epoch_number(one.epoch),
            one.step,
            one.seconds,
            one.train,
            one.val,
            *(one.measured[measure] for measure in MEASURES),
        ]
        for name, epochs in zip(names, compared.epochs, strict=True)
        for one in epochs
    ]
    return _text([head, *rows])


_COLUMNS = {"val": "best validation loss", "epoch": "best epoch", "seconds": "seconds to best epoch"}


def _text(rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        [["" if value is None else value for value in row] for row in rows]
    )
    return stream.getvalue()
