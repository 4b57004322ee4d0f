"""Whether a checkpoint is of the network that a config describes, and in words what differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

import torch
from torch import Tensor

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import active, job_values
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.heads.assemble import kinds_of
from sleapnn_engine.models.assemble import build_network
from sleapnn_engine.models.matching import Misfit
from sleapnn_engine.models.weights import PREFIX

#: Tensors of each kind that a sentence names before it counts the rest.
LISTED = 3
#: Found out from the images and the heads, so a config may say something else and mean the same.
_FOUND_OUT = (
    ".in_channels",
    *(f"_config.{name}.output_stride" for name in ("unet", "convnext", "swint", "timm")),
)


def refuse_other_network(
    job: Job, state: Mapping[str, Tensor], *, config: Mapping[str, Any], where: str
) -> None:
    """Compare a state_dict with the network of a job, before any labels are read: what these decide is not compared.

    `config` is the one the state was trained with, empty where it is not known, and only makes the hint better.
    Raises UserError (usage) with what differs, `where` being the key that named the file.
    """
    model_type = active(job.model_config.head_configs)
    given = model_type_of(state)
    if given != model_type:
        known = f"a {given} model" if given else "another kind of model"
        raise UserError(
            f"The checkpoint is of {known}, and this config describes a {model_type} model.",
            where=where,
            hint="Choose a checkpoint of the same model type.",
            usage=True,
        )
    section = getattr(job.model_config.head_configs, model_type)
    if not all(getattr(getattr(section, key), "global_pool", True) for key in MODEL_TYPES[model_type].heads):
        return  # the size of its layers follows from the size of the crops
    with torch.device("meta"):
        network = build_network(job.model_config, model_type=model_type, **_outputs(state))
    refuse_misfit(network.state_dict(), state, hint=_differing_settings(job, config), where=where, usage=True)


def refuse_misfit(
    wanted: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    *,
    where: str,
    hint: str = "",
    usage: bool = False,
) -> None:
    """Raise UserError when names or shapes of two state_dicts differ; `given` has the prefix of files."""
    given = {name.removeprefix(PREFIX): value for name, value in given.items()}
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    misfits = [
        str(Misfit(name, tuple(given[name].shape), tuple(value.shape)))
        for name, value in wanted.items()
        if name in given and given[name].shape != value.shape
    ]
    if not missing and not unknown and not misfits:
        return
    said = [
        f"{start} {_some(names)}."
        for start, names in (
            ("Of another shape:", misfits),
            ("Not in the file:", missing),
            ("Only in the file:", unknown),
        )
        if names
    ]
    raise UserError(
        f"The checkpoint is of another network: {len(misfits) + len(missing)} of {len(wanted)} tensors do not fit. "
        + " ".join(said),
        where=where,
        hint=hint or "Use the model settings and labels of the training that the checkpoint is from.",
        usage=usage,
    )


def model_type_of(state: Mapping[str, Tensor]) -> str:
    """The model type whose heads a state_dict has; '' when it is none of ours."""
    heads = {head for name in state if (head := _head(name)) and not head.startswith("pre_classification")}
    return next((key for key, kind in MODEL_TYPES.items() if set(kind.heads.values()) == heads), "")


class _Sizes(TypedDict):
    """What `build_network` is told of the labels and images."""

    n_nodes: int
    n_edges: int
    n_classes: int
    in_channels: int


def _outputs(state: Mapping[str, Tensor]) -> _Sizes:
    """How much the network of a file finds, and the channels of its images; all of it is up to the labels."""
    sizes = {
        _head(name): len(value) for name, value in state.items() if name.endswith(".bias") and value.ndim
    }
    found: _Sizes = {"n_nodes": 1, "n_edges": 0, "n_classes": 0, "in_channels": 1}
    found["in_channels"] = next((value.shape[1] for value in state.values() if value.ndim == 4), 1)
    for model_type in MODEL_TYPES:
        for name, kind in kinds_of(model_type).items():
            if name in sizes:
                found[kind.counts] = sizes[name] // kind.per
    return found


def _head(name: str) -> str:
    """Name of the head that a tensor belongs to; '' for other tensors."""
    parts = name.removeprefix(PREFIX).split(".")
    return parts[2] if parts[0] == "head_layers" and len(parts) > 3 else ""


def _differing_settings(job: Job, config: Mapping[str, Any]) -> str:
    """A sentence with the model settings that the earlier config had otherwise; '' when it is not known."""
    differing = list(_differences(job_values(job), config))
    return f"In the earlier training {_some(differing)}." if differing else ""


def _differences(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for path in SPEC.keys:
        if not path.startswith("model_config.backbone_config.") or path.endswith(_FOUND_OUT):
            continue
        old, new = tree.get(before, path), tree.get(now, path)
        if None not in (old, new) and old != new:
            yield f"{path} was {old}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")
