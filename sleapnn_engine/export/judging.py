"""What speaks against a job before it is sent elsewhere: found by the functions that train, without what is of this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.labels import LabelReading, read_labels
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.export.contents import real
from sleapnn_engine.training.inputs.labels import (
    FRACTION,
    open_training_labels,
    open_validation_labels,
    split_data,
)
from sleapnn_engine.training.inputs.test_sets import open_test_sets
from sleapnn_engine.training.resuming.previous_run import SETTING, read_previous_run


@attrs.define(eq=False)
class Opened:
    """The labels of a job as they were read: for each file, the set that it is in and its number there."""

    files: dict[Path, tuple[LabelSet, int]] = attrs.field(factory=dict)
    others: list[LabelSet] = attrs.field(factory=list)

    def read(self, paths: Sequence[str | Path], **how: Any) -> LabelReading:
        """As `read_labels`, and remember what came of it."""
        reading = read_labels(paths, **how)
        self.others.append(reading.labels)
        if not reading.problems:
            for number, file in enumerate(reading.labels.files):
                self.files.setdefault(real(file), (reading.labels, number))
        return reading

    def close(self) -> None:
        """Release videos."""
        for labels in self.others:
            labels.close()


def open_all(job: Job, *, found: Findings) -> Opened:
    """Read the labels of a job and the training it goes on with; what refuses the job goes to `found`."""
    opened = Opened()
    with found.trying(SETTING):
        read_previous_run(job)
    before = len(found.refusals)
    labels = open_training_labels(job, found=found, read=opened.read)
    to = labels if len(found.refusals) == before else None
    val = open_validation_labels(job, to=to, found=found, read=opened.read)
    opened.others += [test.labels for test in open_test_sets(job, to=to, found=found, read=opened.read)]
    if to is not None and not found.refusals:
        with found.trying(FRACTION):
            split_data(job, to, val=val, found=found)
    return opened
