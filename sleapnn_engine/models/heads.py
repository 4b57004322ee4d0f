"""Output heads: which ones each model type has, and how one is built."""

import math
from collections import OrderedDict
from typing import Any

import attrs
from torch import Tensor, nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import MODEL_TYPES


@attrs.frozen(kw_only=True)
class MapHead:
    """A head that gives one map per channel, at its own stride: a 1x1 convolution on a decoder feature map."""

    name: str
    channels: int
    stride: int
    sigmoid: bool = False

    def build(self, *, inputs: int) -> nn.Module:
        layers: list[nn.Module] = [nn.Conv2d(inputs, self.channels, kernel_size=1)]
        if self.sigmoid:
            layers.append(nn.Sigmoid())
        return nn.ModuleDict({self.name: nn.Sequential(*layers)})


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

    def build(self, *, inputs: int) -> nn.Module:
        if self.cells is not None:
            inputs *= math.prod(self.cells)
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        for j in range(self.layers):
            parts[f"pre_classification{j}_fc"] = nn.Linear(self.units if j else inputs, self.units)
        parts[self.name] = nn.Linear(self.units if self.layers else inputs, self.channels)
        return nn.ModuleDict(parts)

    def read(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C) or (B, C*h*w), what the first layer takes. Raises ValueError for another size."""
        if self.cells is None:
            return features.amax(dim=(-2, -1))
        if features.shape[-2:] != self.cells:
            height, width = (side * self.stride for side in self.cells)
            raise ValueError(
                f"this model reads every cell of the crop and only takes {height}x{width} pixels"
            )
        return features.flatten(start_dim=1)


Head = MapHead | VectorHead


def apply_head(head: Head, layers: nn.Module, features: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, channels, h, w) for a map head, (B, channels) summing to 1 for a vector head."""
    assert isinstance(layers, nn.ModuleDict)
    if isinstance(head, MapHead):
        maps: Tensor = layers[head.name](features)
        return maps
    x = head.read(features)
    for name, layer in layers.items():
        x = layer(x)
        if name != head.name:
            x = x.relu()
    return x.softmax(dim=-1)


def confidence_head(model_type: str, *, n_nodes: int, stride: int) -> MapHead:
    """The confidence-map head of a model type; a centroid model has a single channel."""
    kind = MODEL_TYPES[model_type]
    return MapHead(name=kind.heads["confmaps"], channels=1 if kind.centroid else n_nodes, stride=stride)


def field_head(*, n_edges: int, stride: int) -> MapHead:
    """Part affinity fields: x and y of each edge in turn."""
    return MapHead(name="PartAffinityFieldsHead", channels=2 * n_edges, stride=stride)


def class_map_head(*, n_classes: int, stride: int) -> MapHead:
    """One map per identity, each in 0..1."""
    return MapHead(name="ClassMapsHead", channels=n_classes, stride=stride, sigmoid=True)


def class_vector_head(
    *, n_classes: int, stride: int, layers: int, units: int, cells: tuple[int, int] | None = None
) -> VectorHead:
    """One probability per identity for a crop; `stride` is the backbone's bottleneck stride."""
    return VectorHead(
        name="ClassVectorsHead", channels=n_classes, stride=stride, layers=layers, units=units, cells=cells
    )


@attrs.frozen(kw_only=True)
class Outputs:
    """How much there is to find; numbers that a model type has no use for may stay 0."""

    n_nodes: int
    n_edges: int = 0
    n_classes: int = 0


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
    _require(outputs, model_type)
    stride = section.confmaps.output_stride
    heads: list[Head] = [confidence_head(model_type, n_nodes=outputs.n_nodes, stride=stride)]
    kind = MODEL_TYPES[model_type]
    if kind.limbs:
        heads.append(field_head(n_edges=outputs.n_edges, stride=section.pafs.output_stride))
    if kind.class_maps:
        heads.append(class_map_head(n_classes=outputs.n_classes, stride=section.class_maps.output_stride))
    if kind.class_vectors:
        vectors = section.class_vectors
        heads.append(
            class_vector_head(
                n_classes=outputs.n_classes,
                stride=bottleneck_stride,
                layers=vectors.num_fc_layers,
                units=vectors.num_fc_units,
                cells=None if vectors.global_pool else _cells(input_size, bottleneck_stride),
            )
        )
    return heads


def _require(outputs: Outputs, model_type: str) -> None:
    needed = {"n_nodes": "body part", "n_edges": "limb", "n_classes": "identity"}
    names = ["n_nodes"]
    if MODEL_TYPES[model_type].limbs:
        names.append("n_edges")
    if MODEL_TYPES[model_type].identities:
        names.append("n_classes")
    for name in names:
        if getattr(outputs, name) < 1:
            raise UserError(
                f"this model type needs at least one {needed[name]}, and there is none.",
                where=f"model_config.head_configs.{model_type}",
                hint="Complete the labels, or choose another model type.",
            )


def _cells(input_size: tuple[int, int] | None, stride: int) -> tuple[int, int]:
    where = "model_config.head_configs.multi_class_topdown.class_vectors.global_pool"
    if input_size is None or any(side < stride or side % stride for side in input_size):
        known = "is not known" if input_size is None else f"is {input_size[0]}x{input_size[1]}"
        raise UserError(
            f"without global pooling the size of the crops must be a multiple of {stride}, but it {known}.",
            where=where,
            hint="Set a crop size that is, or turn global pooling on.",
        )
    height, width = input_size
    return height // stride, width // stride
