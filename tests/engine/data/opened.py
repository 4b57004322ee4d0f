"""Labels for tests that expect them to be good: what is wrong with them is raised."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sleapnn_engine.config.findings import raise_all
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.records import LabelSet


def open_labels(paths: Sequence[str | Path], **options: Any) -> LabelSet:
    """Read labels files, or raise UserError with everything that is wrong with them."""
    reading = read_labels(paths, **options)
    if reading.problems:
        reading.labels.close()
        raise_all(reading.problems, what="The labels cannot be used")
    return reading.labels
