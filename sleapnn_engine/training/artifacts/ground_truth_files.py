"""`labels_gt.train.0.slp` and its kind: the split that was used, as labels files other programs open."""

import logging
from collections.abc import Sequence
from pathlib import Path

import sleap_io as sio

from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.label_parts import write_part
from sleapnn_engine.data.labels import without_empty
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.training.inputs.labels import Data
from sleapnn_engine.training.inputs.test_sets import EvaluationSet

log = logging.getLogger("sleapnn_engine.training")


def write_split(job: Job, data: Data, test_sets: Sequence[EvaluationSet], *, folder: Path) -> None:
    """Write copies of the labels as they are used, files for testing included; what cannot be written is logged."""
    parts = [("train", data.train, 0), ("val", data.val, 0)]
    parts += [("test", test.labels, test.number) for test in test_sets if test.labelled]
    only_user = job.data_config.user_instances_only
    known: dict[Path, sio.Labels] = {}
    for split, labels, first in parts:
        try:
            shown = without_empty(labels)
            write_truth(shown, folder, split=split, user_instances_only=only_user, first=first, known=known)
        except Exception as error:  # the third-party writer; a copy of the labels is not worth a training
            log.warning("labels_gt.%s could not be written (%s: %s).", split, type(error).__name__, error)


def write_truth(
    labels: LabelSet,
    folder: Path,
    *,
    split: str,
    user_instances_only: bool,
    first: int = 0,
    known: dict[Path, sio.Labels] | None = None,
) -> list[Path]:
    """Write `labels_gt.<split>.<file number>.slp` for each labels file that has frames in `labels`, counted from `first`.

    Predictions are left out where they were not used. Images are not copied: the files refer to the same videos, and
    to the package itself where images are inside one. Labels files in `known` are not read again (`write_part`).
    Returns the paths.
    """
    written = []
    for number in range(len(labels.files)):
        path = folder / f"labels_gt.{split}.{first + number}.slp"
        if write_part(labels, path, file=number, user_instances_only=user_instances_only, known=known):
            written.append(path)
    return written
