"""What each head of a model is told to answer, drawn from points and tracks on the training device."""

from typing import Protocol

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.build import active
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.fields import edge_table, part_affinity_fields
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.targets import class_maps, class_vectors, confidence_maps


class Target(Protocol):
    """The answer one head should give; `head` is its name in the model's outputs."""

    @property
    def head(self) -> str: ...

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """Points (B, animals, nodes, 2) in input pixels and tracks (B, animals) -> what the head should put out."""
        ...


@attrs.frozen(kw_only=True)
class MapTarget:
    """Confidence maps; `sigma` is in cells of the map, one cell every `stride` input pixels."""

    head: str
    stride: int
    sigma: float

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """(B, nodes, h, w)."""
        return confidence_maps(points, height=height, width=width, stride=self.stride, sigma=self.sigma)


@attrs.frozen(kw_only=True, eq=False)
class FieldTarget:
    """Part affinity fields along `edges`, int64 (E, 2); `sigma` in input pixels squared."""

    head: str
    stride: int
    sigma: float
    edges: Tensor

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """(B, 2E, h, w)."""
        return part_affinity_fields(
            points,
            self.edges.to(points.device),
            height=height,
            width=width,
            stride=self.stride,
            sigma=self.sigma,
        )


@attrs.frozen(kw_only=True)
class ClassMapTarget:
    """One map per identity; `sigma` in cells of the map."""

    head: str
    stride: int
    sigma: float
    classes: int

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """(B, classes, h, w)."""
        return class_maps(
            points,
            tracks,
            classes=self.classes,
            height=height,
            width=width,
            stride=self.stride,
            sigma=self.sigma,
        )


@attrs.frozen(kw_only=True)
class ClassVectorTarget:
    """The identity of the only animal of each sample."""

    head: str
    classes: int

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """(B, classes), one-hot; zeros for an animal without an identity."""
        return class_vectors(tracks[:, 0], classes=self.classes)


def build_targets(job: Job, labels: LabelSet) -> tuple[Target, ...]:
    """One target for each head of the model, in the order of the heads.

    `labels` have the limbs and the identities (as tracks) that the model learns.
    """
    model_type = active(job.model_config.head_configs)
    section = getattr(job.model_config.head_configs, model_type)
    return tuple(
        _target(name, head, getattr(section, name), labels)
        for name, head in MODEL_TYPES[model_type].heads.items()
    )


def _target(name: str, head: str, part: object, labels: LabelSet) -> Target:
    if name == "class_vectors":
        return ClassVectorTarget(head=head, classes=len(labels.tracks))
    size = {"head": head, "stride": part.output_stride, "sigma": part.sigma}  # type: ignore[attr-defined]
    if name == "pafs":
        return FieldTarget(**size, edges=torch.tensor(edge_table(labels.nodes, labels.edges)))
    if name == "class_maps":
        return ClassMapTarget(**size, classes=len(labels.tracks))
    return MapTarget(**size)
