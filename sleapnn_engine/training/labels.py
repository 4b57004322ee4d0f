"""The labels of a run as its model reads them, split into what is learned from and what measures the model."""

import logging

import attrs

from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.unbuilt import active
from sleapnn_engine.data.label_checks import require_edges, require_one_animal
from sleapnn_engine.data.labels import match_nodes, open_labels, select_nodes
from sleapnn_engine.data.model_labels import match_classes, select_classes, select_edges, with_centers
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


def open_training_labels(job: Job) -> LabelSet:
    """Read the training labels with the nodes, limbs and identities that the model learns.

    Identities become the tracks of the set. Raises UserError with everything that is wrong with the files, or when
    they do not hold what this type of model needs.
    """
    labels = _open(job, job.data_config.train_labels_path)
    head = f"model_config.head_configs.{active(job.model_config.head_configs)}"
    section = getattr(job.model_config.head_configs, active(job.model_config.head_configs))
    for name, _ in HEADS[active(job.model_config.head_configs)]:
        if name == "pafs":
            labels = select_edges(labels, section.pafs.edges, where=f"{head}.pafs.edges")
            require_edges(labels)
        if name in ("class_maps", "class_vectors"):
            chosen, where = getattr(section, name).classes, f"{head}.{name}.classes"
            labels, said = select_classes(labels, chosen, where=where)
            for sentence in said:
                log.warning("%s", sentence)
    return labels


def open_matching_labels(job: Job, paths: list[str], *, to: LabelSet) -> LabelSet:
    """Read validation or test labels; nodes, limbs and identities are those of the set `to`, matched by name."""
    labels = match_nodes(_open(job, paths), to=to)
    if active(job.model_config.head_configs).startswith("multi_class"):
        labels = match_classes(labels, to=to)
    return labels


def split_data(job: Job, labels: LabelSet, *, seed: int) -> Data:
    """Set frames aside for validation, or read the validation files; warnings go to the log."""
    data = job.data_config
    if data.val_labels_path and not data.use_same_data_for_val:
        return Data(train=labels, val=open_matching_labels(job, data.val_labels_path, to=labels))
    split = split_frames(
        labels,
        validation_fraction=data.validation_fraction,
        seed=seed,
        use_same_data_for_val=data.use_same_data_for_val,
    )
    for warning in split.warnings:
        log.warning("%s", warning)
    return Data(train=labels.subset(split.train), val=labels.subset(split.val))


def _open(job: Job, paths: list[str]) -> LabelSet:
    """The labels of some files with their centres and the chosen nodes."""
    labels = open_labels(paths, user_instances_only=job.data_config.user_instances_only)
    for warning in labels.warnings:
        log.warning("%s", warning)
    model_type = active(job.model_config.head_configs)
    confmaps = getattr(job.model_config.head_configs, model_type).confmaps
    if model_type in (*CROPPED, "centroid"):
        where = f"model_config.head_configs.{model_type}.confmaps.anchor_part"
        labels = with_centers(labels, anchor=confmaps.anchor_part, where=where)
    # Centres are those of the whole animal, so they come first; a centroid model has no parts to choose.
    labels = select_nodes(labels, getattr(confmaps, "part_names", None))
    if model_type == "single_instance":
        require_one_animal(labels)
    return labels
