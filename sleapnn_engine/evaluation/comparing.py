"""Two labels files compared: frames of the same video and number, and what is in only one of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.centring import USUAL, Centring
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import counted, quoted
from sleapnn_engine.evaluation.metrics import EvaluatedFrame, Metrics, centroid_metrics, pose_metrics
from sleapnn_engine.evaluation.sides import Sides, read_stored


@attrs.frozen(eq=False, kw_only=True)
class Comparison:
    """What there is to measure.

    `frames` are labelled frames that both files have, `unseen` labelled ones that the predictions lack, without a
    prediction. `nodes` are the predicted ones; `centers` says that animals are single points. `tracks` are names of
    identities that both files know; classes of frames are places in it. `notes` are sentences on what is in only one
    file.
    """

    nodes: tuple[str, ...]
    centers: bool
    frames: tuple[EvaluatedFrame, ...]
    unseen: tuple[EvaluatedFrame, ...]
    tracks: tuple[str, ...]
    notes: tuple[str, ...]


def compare_files(
    truth: Path, predicted: Path, *, centring: Centring = USUAL, with_predictions: bool = False
) -> Comparison:
    """Read labels and predictions and put their frames side by side; no images are opened.

    Labelled are the animals that a person has labelled, with `with_predictions` the predicted ones of that file too.
    Predictions of one node that the labels do not have are centres of animals: they are compared with the centres of
    these as `centring` has them. Labelled animals without a visible point are kept: nobody
    can find them, and they count as not found. Raises UserError with what makes the files unusable or no pair.
    """
    sides = Sides.of(
        truth, read_stored(predicted, user_only=False), centring=centring, with_predictions=with_predictions
    )
    return compared(sides)


def compared(sides: Sides) -> Comparison:
    """What there is to measure of labels and predictions that were read."""
    if not sides.known:
        raise UserError(
            "There are no hand-labelled animals to compare with.",
            where=str(sides.labels.path),
            hint="Give the labels with --truth and the predictions with --predicted.",
        )
    every = [(key in sides.given, sides.evaluated(key)) for key in sorted(sides.known)]
    unseen = tuple(frame for seen, frame in every if not seen)
    return Comparison(
        nodes=sides.found.skeleton.nodes,
        centers=sides.centers,
        frames=tuple(frame for seen, frame in every if seen),
        unseen=unseen,
        tracks=sides.tracks,
        notes=(*sides.notes, *_describe_unmatched(sides, unseen)),
    )


def measured(
    found: Comparison,
    *,
    oks_stddev: float = 0.025,
    oks_scale: float | None = None,
    match_threshold: float = 50.0,
) -> Metrics:
    """The figures of a comparison, as `pose_metrics` or, for centres, `centroid_metrics` has them."""
    if found.centers:
        return centroid_metrics([*found.frames, *found.unseen], limit=match_threshold)
    return pose_metrics(
        found.frames,
        n_nodes=len(found.nodes),
        oks_stddev=oks_stddev,
        oks_scale=oks_scale,
        unseen=found.unseen,
    )


def _describe_unmatched(
    sides: Sides,
    unseen: Sequence[EvaluatedFrame],
) -> list[str]:
    """What is in only one of the files."""
    labels, found, known, given = sides.labels, sides.found, sides.known, sides.given
    notes = []
    if unseen:
        animals = sum(len(frame.truth) for frame in unseen)
        notes.append(
            f"{counted(len(unseen), 'labelled frame')} of {len(known)}, with {counted(animals, 'animal')}, "
            f"{'is' if len(unseen) == 1 else 'are'} not in the predictions: counted as missed in “all animals”, and left "
            "out of the other figures, as other programs do."
        )
    extra = [key for key in given if key not in known]
    if extra:
        notes.append(
            f"{counted(len(extra), 'predicted frame')} of {len(given)} {'has' if len(extra) == 1 else 'have'} no labelled "
            "animal and cannot be judged."
        )
    unused = [node for node in labels.skeleton.nodes if node not in found.skeleton.nodes]
    if unused and len(unused) < len(labels.skeleton.nodes):
        notes.append(f"Labelled but not predicted, and left out: {quoted(unused)}.")
    return notes
