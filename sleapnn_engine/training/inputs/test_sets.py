"""Labels and videos that the trained model is tested on, opened before training so that a wrong path costs no run."""

from pathlib import Path

import attrs

from sleapnn_engine.config.build import model_type
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.unlabelled_video import open_unlabelled
from sleapnn_engine.training.inputs.labels import Read, open_matching_labels

KEY = "data_config.test_file_path"


@attrs.frozen(kw_only=True)
class EvaluationSet:
    """One test file: its place in the config's list, its frames, and whether they are labelled."""

    number: int
    labels: LabelSet
    labelled: bool


def open_test_sets(
    job: Job, *, to: LabelSet | None, found: Findings, read: Read = read_labels
) -> tuple[EvaluationSet, ...]:
    """Open every test file of the job; nodes, limbs and identities are those of the training labels `to`.

    What keeps one from being used goes to `found`. Without `to` they are only read.
    """
    given = job.data_config.test_file_path or []
    paths = [given] if isinstance(given, str) else list(given)
    opened = (
        _open(job, path, number=number, to=to, found=found, read=read) for number, path in enumerate(paths)
    )
    return tuple(test for test in opened if test is not None)


def _open(
    job: Job, path: str, *, number: int, to: LabelSet | None, found: Findings, read: Read
) -> EvaluationSet | None:
    if path.lower().endswith(".slp"):
        labels = open_matching_labels(job, [path], to=to, key=KEY, found=found, read=read)
        return None if labels is None else EvaluationSet(number=number, labels=labels, labelled=True)
    with found.trying(KEY):
        if model_type(job).cropped:
            raise UserError(
                f"{path} has no labels, and this model only looks at animals whose place is known.",
                where=KEY,
                hint="Test it on a labels file, or test a video with both models of the pair in SLEAP.",
            )
        if to is not None:
            video = open_unlabelled(Path(path).expanduser(), like=to)
            return EvaluationSet(number=number, labels=video, labelled=False)
    return None
