"""The labels of a run as its model reads them, split into what is learned from and what measures the model."""

import logging
from collections.abc import Iterable, Iterator

import attrs

from sleapnn_engine.config.build import active
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.label_checks import (
    anchor_gaps,
    edge_gaps,
    require_edges,
    require_identities,
    require_one_animal,
    require_visible,
    unmeasured_identities,
)
from sleapnn_engine.data.label_videos import Progress
from sleapnn_engine.data.labels import match_nodes, open_labels, select_nodes, with_animals
from sleapnn_engine.data.model_labels import (
    match_classes,
    select_classes,
    select_edges,
    with_centers,
    with_marks,
)
from sleapnn_engine.data.overlaps import shared_frames
from sleapnn_engine.data.phrases import counted
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.split import split_frames
from sleapnn_engine.models.heads import HEADS

log = logging.getLogger("sleapnn_engine.training")

#: Model types that look at one crop per animal.
CROPPED = ("centered_instance", "multi_class_topdown")


@attrs.frozen(kw_only=True)
class Data:
    """The labels of a run, split: what is learned from and what measures the model."""

    train: LabelSet
    val: LabelSet


def open_training_labels(job: Job, *, progress: Progress | None = None) -> LabelSet:
    """Read the training labels with the nodes, limbs and identities that the model learns.

    Identities become the tracks of the set. Frames that show none of the nodes are still there, to be split. `progress`
    is told of frames that were looked at. Raises UserError with everything that is wrong with the files, or when they do
    not hold what this type of model needs.
    """
    labels = _open(job, job.data_config.train_labels_path, progress=progress)
    require_visible(labels)
    head = f"model_config.head_configs.{active(job.model_config.head_configs)}"
    section = getattr(job.model_config.head_configs, active(job.model_config.head_configs))
    for name, _ in HEADS[active(job.model_config.head_configs)]:
        if name == "pafs":
            labels = select_edges(labels, section.pafs.edges, where=f"{head}.pafs.edges")
            require_edges(labels)
            _warn(edge_gaps(labels))
        if name in ("class_maps", "class_vectors"):
            chosen, where = getattr(section, name).classes, f"{head}.{name}.classes"
            labels, said = select_classes(labels, chosen, where=where)
            _warn([*said, *require_identities(labels)])
    return labels


def open_matching_labels(job: Job, paths: list[str], *, to: LabelSet) -> LabelSet:
    """Read validation or test labels; nodes, limbs and identities are those of the set `to`, matched by name.

    Raises UserError when they cannot be read, have another skeleton, or show nothing of what is learned.
    """
    labels = with_animals(match_nodes(_open(job, paths), to=to))
    require_visible(labels)
    if active(job.model_config.head_configs).startswith("multi_class"):
        labels = match_classes(labels, to=to)
    return labels


def split_data(job: Job, labels: LabelSet) -> Data:
    """Set frames aside for validation, or read the validation files; warnings go to the log.

    Frames are set aside before those go that show nothing of what is learned, so that this does not depend on the
    parts that are chosen; where nothing would be left of one of both, they go first.
    """
    data = job.data_config
    if data.val_labels_path and not data.use_same_data_for_val:
        val = open_matching_labels(job, data.val_labels_path, to=labels)
        _warn(_overlap(val, labels))
        return _told(job, Data(train=with_animals(labels), val=val))
    for candidates in (labels, with_animals(labels)):
        split = split_frames(
            candidates,
            validation_fraction=data.validation_fraction,
            use_same_data_for_val=data.use_same_data_for_val,
        )
        train, val = (with_animals(candidates.subset(part)) for part in (split.train, split.val))
        if len(train) and len(val):
            break
    _warn(split.warnings)
    return _told(job, Data(train=train, val=val))


def _overlap(val: LabelSet, train: LabelSet) -> Iterator[str]:
    shared = shared_frames(val, train)
    if shared:
        frames = f"{counted(shared, 'validation frame')} of {len(val)}"
        yield f"{frames} are training frames as well, which makes the model look better than it is."


def _told(job: Job, data: Data) -> Data:
    """The same, after the log has been told what of it cannot be measured."""
    if active(job.model_config.head_configs).startswith("multi_class"):
        _warn(unmeasured_identities(data.train, data.val))
    return data


def _open(job: Job, paths: list[str], *, progress: Progress | None = None) -> LabelSet:
    """The labels of some files with their centres and the chosen nodes."""
    user_only = job.data_config.user_instances_only
    labels = open_labels(paths, user_instances_only=user_only, progress=progress)
    _warn(labels.warnings)
    model_type = active(job.model_config.head_configs)
    confmaps = getattr(job.model_config.head_configs, model_type).confmaps
    if model_type in (*CROPPED, "centroid"):
        where = f"model_config.head_configs.{model_type}.confmaps.anchor_part"
        labels = with_centers(labels, anchor=confmaps.anchor_part, where=where)
        _warn(anchor_gaps(labels, anchor=confmaps.anchor_part))
    if model_type == "centroid":
        labels = with_marks(labels)
    # Centres are those of the whole animal, so they come first; a centroid model has no parts to choose.
    where = f"model_config.head_configs.{model_type}.confmaps.part_names"
    labels = select_nodes(labels, getattr(confmaps, "part_names", None), where=where)
    if model_type == "single_instance":
        require_one_animal(labels)
    return labels


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        log.warning("%s", sentence)
