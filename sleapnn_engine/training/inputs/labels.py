"""The labels of a run as its model reads them, split into what is learned from and what measures the model."""

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from sleapnn_engine.config.build import centring_of, model_type
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.label_fit import rare_identities, require_edges, unseen_identities
from sleapnn_engine.config.model_types import HEADS, ModelType
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.label_checks import (
    anchor_gaps,
    animals_per_track,
    edge_gaps,
    frames_per_track,
    require_one_animal,
    require_visible,
    unmeasured_identities,
)
from sleapnn_engine.data.labels import LabelReading, match_nodes, read_labels, select_nodes, with_animals
from sleapnn_engine.data.model_labels import (
    match_classes,
    select_classes,
    select_edges,
    with_centers,
    with_marks,
)
from sleapnn_engine.data.overlaps import shared_frames
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.split import Split, split_frames

TRAIN = "data_config.train_labels_path"
VAL = "data_config.val_labels_path"
FRACTION = "data_config.validation_fraction"
EMPTY = "data_config.use_negative_frames"

#: Reads labels files as `read_labels` does.
Read = Callable[..., LabelReading]


@attrs.frozen(kw_only=True)
class Data:
    """The labels of a run, split: what is learned from and what measures the model."""

    train: LabelSet
    val: LabelSet


def open_training_labels(job: Job, *, found: Findings, read: Read = read_labels) -> LabelSet | None:
    """Read the training labels with the nodes, limbs and identities that the model learns.

    Identities become the tracks of the set. Frames that show none of the nodes are still there, to be split. What is
    wrong with the files, or what they do not hold that this type of model needs, goes to `found`; None where they
    cannot be read.
    """
    labels = _read(job, job.data_config.train_labels_path, key=TRAIN, found=found, read=read)
    if labels is None:
        return None
    for change in (_with_centers, _with_nodes):
        with found.trying(TRAIN):
            labels = change(job, labels, found=found)
    _, head, _ = _head(job)
    with found.trying(TRAIN):
        _require_one(job, labels, where=head)
    before = len(found.refusals)
    with found.trying(TRAIN):
        require_visible(labels, where=head)
    if len(found.refusals) == before:
        labels = _with_heads(job, labels, found=found)
    return labels


def _with_heads(job: Job, labels: LabelSet, *, found: Findings) -> LabelSet:
    """With the limbs and identities that the heads learn, as far as the labels have them."""
    kind, head, section = _head(job)
    for name in kind.heads:
        with found.trying(TRAIN):
            if HEADS[name].limbs:
                where = f"{head}.{name}.edges"
                labels = select_edges(labels, getattr(section, name).edges, where=where)
                require_edges(labels.edges, where=head)
                found.warn(where, *edge_gaps(labels))
            if HEADS[name].identities:
                where = f"{head}.{name}.classes"
                labels = select_classes(labels, getattr(section, name).classes, head=head, where=where)
                animals = sum(len(frame.points) for frame in labels.frames)
                found.warn(where, *unseen_identities(animals_per_track(labels), animals=animals, head=head))
                found.warn(where, *rare_identities(frames_per_track(labels), frames=len(labels), head=head))
    return labels


def open_validation_labels(
    job: Job, *, to: LabelSet | None, found: Findings, read: Read = read_labels
) -> LabelSet | None:
    """The labels of the validation files; None where frames are set aside instead, or the files cannot be used."""
    data = job.data_config
    if not data.val_labels_path or data.use_same_data_for_val:
        return None
    return open_matching_labels(job, data.val_labels_path, to=to, key=VAL, found=found, read=read)


def open_matching_labels(
    job: Job, paths: list[str], *, to: LabelSet | None, key: str, found: Findings, read: Read = read_labels
) -> LabelSet | None:
    """Read validation or test labels; nodes, limbs and identities are those of the set `to`, matched by name.

    What keeps them from being read, another skeleton, or that they show nothing of what is learned, goes to `found`
    at `key`; then None. Without `to` they are only read.
    """
    labels = _read(job, paths, key=key, found=found, read=read)
    if labels is None or to is None:
        return None
    with found.trying(key):
        for change in (_with_centers, _with_nodes):
            labels = change(job, labels, found=found)
        _require_one(job, labels, where=key)
        labels = with_animals(match_nodes(labels, to=to))
        require_visible(labels, where=key)
        return match_classes(labels, to=to) if _has_identities(job) else labels
    return None


def learns_from_empty(job: Job) -> bool:
    """Whether frames that are marked as empty are learned from; a model of crops has nothing to look at there."""
    return job.data_config.use_negative_frames and not model_type(job).cropped


def split_data(job: Job, labels: LabelSet, *, val: LabelSet | None, found: Findings) -> Data:
    """Set frames aside for validation, unless there are those of validation files, `val`.

    Frames are set aside before those go that show nothing of what is learned, so that this does not depend on the
    parts that are chosen; where nothing would be left of one of both, they go first (`set_aside`). Raises UserError
    where the settings leave nothing to split.
    """
    data = job.data_config
    if val is not None:
        found.warn(VAL, *_overlap(val, labels))
        return _warn_of_unmeasured(job, Data(train=with_animals(labels), val=val), key=VAL, found=found)
    candidates, split = set_aside(labels, fraction=data.validation_fraction, same=data.use_same_data_for_val)
    train, held = (with_animals(candidates.subset(part)) for part in (split.train, split.val))
    found.warn(FRACTION, *split.warnings)
    return _warn_of_unmeasured(job, Data(train=train, val=held), key=FRACTION, found=found)


def set_aside(labels: LabelSet, *, fraction: float, same: bool) -> tuple[LabelSet, Split]:
    """The frames that are split, those of `labels` or of them only those with animals, and their split.

    Raises UserError where there is nothing to split.
    """
    for candidates in (labels, with_animals(labels)):
        split = split_frames(candidates, validation_fraction=fraction, use_same_data_for_val=same)
        if all(any(len(candidates.frames[i].points) for i in part) for part in (split.train, split.val)):
            break
    return candidates, split


def _overlap(val: LabelSet, train: LabelSet) -> Iterator[str]:
    shared = shared_frames(val, train)
    if shared:
        frames = f"{counted(shared, 'validation frame')} of {len(val)}"
        yield f"{frames} are training frames as well, which makes the model look better than it is."


def _warn_of_unmeasured(job: Job, data: Data, *, key: str, found: Findings) -> Data:
    """The same, after it has been told what of it cannot be measured."""
    if _has_identities(job):
        found.warn(key, *unmeasured_identities(data.train, data.val))
    return data


def _read(job: Job, paths: list[str], *, key: str, found: Findings, read: Read) -> LabelSet | None:
    """The labels of some files as they are; None, and every reason told, where they cannot be used."""
    data, with_empty = job.data_config, learns_from_empty(job)
    # Figures are made of frames with animals, so files that are only tested on need no others.
    reading = read(
        paths, user_instances_only=data.user_instances_only, with_empty=with_empty and key in (TRAIN, VAL)
    )
    if with_empty and key == TRAIN and not any(frame.empty for frame in reading.labels.frames):
        found.warn(
            EMPTY, "No frame of the training labels is marked as empty, so there is none to learn from."
        )
    found.warn(key, *reading.labels.warnings)
    for problem in reading.problems:
        found.refuse(problem, key)
    if reading.problems:
        reading.labels.close()
        return None
    return reading.labels


def _with_centers(job: Job, labels: LabelSet, *, found: Findings) -> LabelSet:
    """With the centres of animals, for models that look for them or around them."""
    kind, head, _ = _head(job)
    if not (kind.cropped or kind.centroid):
        return labels
    where, centring = f"{head}.confmaps.anchor_part", centring_of(job)
    labels = with_centers(labels, centring=centring, where=where)
    found.warn(where, *anchor_gaps(labels, centring=centring))
    return with_marks(labels) if kind.centroid else labels


def _with_nodes(job: Job, labels: LabelSet, *, found: Findings) -> LabelSet:
    """With the chosen nodes; centres are those of the whole animal, so they come first."""
    _, head, section = _head(job)
    chosen = getattr(section.confmaps, "part_names", None)  # a centroid model has no parts to choose
    return select_nodes(labels, chosen, where=f"{head}.confmaps.part_names")


def _require_one(job: Job, labels: LabelSet, *, where: str) -> None:
    if model_type(job).one_animal and not model_type(job).cropped:
        require_one_animal(labels, where=where)


def _has_identities(job: Job) -> bool:
    return model_type(job).identities


def _head(job: Job) -> tuple[ModelType, str, Any]:
    """The model type, the dotted path of its section, and the section."""
    kind = model_type(job)
    return kind, f"model_config.head_configs.{kind.key}", getattr(job.model_config.head_configs, kind.key)
