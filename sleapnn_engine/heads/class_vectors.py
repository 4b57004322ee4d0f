"""Class vectors: for each identity the probability that it is the animal of the crop."""

import math
from collections import OrderedDict
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import HEADS
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.heads.kind import HeadKind, Site
from sleapnn_engine.heads.map_error import HardKeypoints


@attrs.frozen(kw_only=True)
class VectorHead:
    """A head that gives one probability per class for the whole image, from the bottleneck.

    Without `cells` each channel's maximum is read. With `cells`, the bottleneck's height and width, every cell is, so
    that the head then takes images of one size only.
    """

    name: str
    channels: int
    stride: int
    layers: int
    units: int
    cells: tuple[int, int] | None = None
    maps: bool = attrs.field(default=False, init=False)

    @property
    def flattened(self) -> tuple[str, tuple[int, int]] | None:
        """The first layer, without pooling."""
        first = "pre_classification0_fc" if self.layers else self.name
        return None if self.cells is None else (first, self.cells)

    def build(self, *, inputs: int) -> nn.ModuleDict:
        if self.cells is not None:
            inputs *= math.prod(self.cells)
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        for j in range(self.layers):
            parts[f"pre_classification{j}_fc"] = nn.Linear(self.units if j else inputs, self.units)
        parts[self.name] = nn.Linear(self.units if self.layers else inputs, self.channels)
        return nn.ModuleDict(parts)

    def apply(self, layers: nn.ModuleDict, features: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels) that sum to 1. Raises ValueError for features of another size."""
        x = self._read(features)
        for name, layer in layers.items():
            x = layer(x)
            if name != self.name:
                x = x.relu()
        return x.softmax(dim=-1)

    def _read(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C) or (B, C*h*w), what the first layer takes."""
        if self.cells is None:
            return features.amax(dim=(-2, -1))
        if features.shape[-2:] != self.cells:
            height, width = (side * self.stride for side in self.cells)
            raise ValueError(
                f"this model reads every cell of the crop and only takes {height}x{width} pixels"
            )
        return features.flatten(start_dim=1)


def vector_head(section: Any, site: Site) -> VectorHead:
    """The head at the backbone's bottleneck. Raises UserError where cells are read and do not fit the crops."""
    return VectorHead(
        name=site.name,
        channels=site.channels,
        stride=site.bottleneck_stride,
        layers=section.num_fc_layers,
        units=section.num_fc_units,
        cells=None if section.global_pool else _cells(site),
    )


def _cells(site: Site) -> tuple[int, int]:
    input_size, stride = site.input_size, site.bottleneck_stride
    if input_size is None or any(side < stride or side % stride for side in input_size):
        known = "is not known" if input_size is None else f"is {input_size[0]}x{input_size[1]}"
        raise UserError(
            f"without global pooling the size of the crops must be a multiple of {stride}, but it {known}.",
            where=f"{site.where}.global_pool",
            hint="Set a crop size that is, or turn global pooling on.",
        )
    height, width = input_size
    return height // stride, width // stride


def class_vectors(tracks: torch.Tensor, *, classes: int) -> torch.Tensor:
    """Turn tracks, int64 (...), into one-hot float32 (..., classes); other tracks give zeros."""
    return (tracks[..., None] == torch.arange(classes, device=tracks.device)).float()


@attrs.frozen(kw_only=True)
class ClassVectorTarget:
    """The identity of the only animal of each sample."""

    head: str
    classes: int

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """(B, classes), one-hot; zeros for an animal without an identity."""
        return class_vectors(tracks[:, 0], classes=self.classes)


def _target(section: Any, name: str, labels: LabelSet) -> ClassVectorTarget:
    return ClassVectorTarget(head=name, classes=len(labels.tracks))


def cross_entropy(
    predicted: Tensor, target: Tensor, *, hard: HardKeypoints | None, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Of (B, classes) probabilities as they are: other programs take the softmax of them once more, which bounds their loss from
    below. Samples without a class count for nothing."""
    assert weights is None  # there is an animal on every crop
    logs = predicted.clamp_min(torch.finfo(predicted.dtype).tiny).log()
    by_class = -(target * logs).sum(dim=0)
    known = target.sum().clamp_min(1.0)
    return by_class.sum() / known, by_class.detach() / known


def most_likely(vectors: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(B, classes) -> number of the most likely class and its probability, each (B,)."""
    chances = vectors.float().cpu().numpy()
    return chances.argmax(axis=1), chances.max(axis=1)


HEAD = HeadKind(
    traits=HEADS["class_vectors"],
    counts="n_classes",
    layers=vector_head,
    target=_target,
    criterion=cross_entropy,
    identify=most_likely,
)
