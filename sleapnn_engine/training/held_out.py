"""Labels and films that the trained model is tested on, opened before training so that a wrong path costs no run."""

from pathlib import Path

import attrs

from sleapnn_engine.config.build import active
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.films import open_film
from sleapnn_engine.data.records import LabelSet

from .labels import CROPPED, open_matching_labels

KEY = "data_config.test_file_path"


@attrs.frozen(kw_only=True)
class HeldOut:
    """One test file: its place in the config's list, its frames, and whether they are labelled."""

    number: int
    labels: LabelSet
    labelled: bool


def open_held_out(job: Job, *, to: LabelSet) -> tuple[HeldOut, ...]:
    """Open every test file of the job; nodes, limbs and identities are those of the training labels `to`.

    Raises UserError when one cannot be used.
    """
    given = job.data_config.test_file_path or []
    paths = [given] if isinstance(given, str) else list(given)
    return tuple(_open(job, path, number=number, to=to) for number, path in enumerate(paths))


def _open(job: Job, path: str, *, number: int, to: LabelSet) -> HeldOut:
    if path.lower().endswith(".slp"):
        return HeldOut(number=number, labels=open_matching_labels(job, [path], to=to), labelled=True)
    if active(job.model_config.head_configs) in CROPPED:
        raise UserError(
            f"{path} has no labels, and this model only looks at animals whose place is known.",
            where=KEY,
            hint="Test it on a labels file, or test a video with both models of the pair in SLEAP.",
        )
    return HeldOut(number=number, labels=open_film(Path(path).expanduser(), like=to), labelled=False)
