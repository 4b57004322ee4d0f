"""The heads of a model type, each made by its own file."""

from importlib import import_module
from typing import Any

import attrs

from sleapnn_engine.config.build import active
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.heads.kind import Head, HeadKind, Outputs, Site, Target

#: What is missing when there is none of what a head counts.
COUNTED = {"n_nodes": "body part", "n_edges": "limb", "n_classes": "identity"}


def kind_of(key: str) -> HeadKind:
    """The `HEAD` of the file that is named as the head's section in the config is."""
    kind = import_module(f"sleapnn_engine.heads.{key}").HEAD
    assert isinstance(kind, HeadKind)
    return kind


def kinds_of(model_type: str) -> dict[str, HeadKind]:
    """The heads of a model type in the order of checkpoint and loss, by their names in the checkpoint."""
    return {name: kind_of(key) for key, name in MODEL_TYPES[model_type].heads.items()}


def build_heads(
    section: Any,
    *,
    model_type: str,
    outputs: Outputs,
    bottleneck_stride: int,
    input_size: tuple[int, int] | None = None,
) -> list[Head]:
    """The heads of a model type in file order; `section` is its part of `head_configs`.

    `input_size` (height, width in network-input pixels) is only asked for by class vectors without global pooling.
    Raises UserError when there is nothing to find for one of the heads, or that size is unknown or does not fit.
    """
    where = f"model_config.head_configs.{model_type}"
    kinds = kinds_of(model_type)
    for kind in kinds.values():
        if getattr(outputs, kind.counts) < 1:
            raise UserError(
                f"this model type needs at least one {COUNTED[kind.counts]}, and there is none.",
                where=where,
                hint="Complete the labels, or choose another model type.",
            )
    if MODEL_TYPES[model_type].centroid:
        outputs = attrs.evolve(outputs, n_nodes=1)
    return [
        kind.layers(
            getattr(section, kind.traits.key),
            Site(
                name=name,
                channels=kind.per * getattr(outputs, kind.counts),
                where=f"{where}.{kind.traits.key}",
                bottleneck_stride=bottleneck_stride,
                input_size=input_size,
            ),
        )
        for name, kind in kinds.items()
    ]


def build_targets(job: Job, labels: LabelSet) -> tuple[Target, ...]:
    """One target for each head of the model, in the order of the heads.

    `labels` have the limbs and the identities (as tracks) that the model learns.
    """
    model_type = active(job.model_config.head_configs)
    section = getattr(job.model_config.head_configs, model_type)
    return tuple(
        kind.target(getattr(section, kind.traits.key), name, labels)
        for name, kind in kinds_of(model_type).items()
    )
