"""What a head is made of: each kind of head has a file of its own, which ends with its `HEAD`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import attrs
import numpy as np
from torch import Tensor, nn

from sleapnn_engine.config.model_types import HeadTraits
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.decoding.animals import Animals
from sleapnn_engine.decoding.grouping import Grouping
from sleapnn_engine.decoding.peaks import Peaks
from sleapnn_engine.heads.map_error import HardKeypoints, map_error


@attrs.frozen(kw_only=True)
class Outputs:
    """How much there is to find; numbers that a model type has no use for may stay 0."""

    n_nodes: int
    n_edges: int = 0
    n_classes: int = 0


@attrs.frozen(kw_only=True)
class Site:
    """Where in a network a head stands.

    `name` is its own in the checkpoint, `channels` what it gives, `where` its section in the config for messages.
    `bottleneck_stride` is that of the backbone, `input_size` (height, width) in network-input pixels, None where
    images of several sizes are let in.
    """

    name: str
    channels: int
    where: str
    bottleneck_stride: int
    input_size: tuple[int, int] | None


class Head(Protocol):
    """A head of one network: how its layers are made, and how they are applied to features at `stride`.

    `maps`: it gives (B, channels, h, w), one cell every `stride` input pixels, else (B, channels). `flattened` is the
    name of the layer that reads every cell of (height, width), None where no layer does.
    """

    @property
    def name(self) -> str: ...

    @property
    def channels(self) -> int: ...

    @property
    def stride(self) -> int: ...

    @property
    def maps(self) -> bool: ...

    @property
    def flattened(self) -> tuple[str, tuple[int, int]] | None: ...

    def build(self, *, inputs: int) -> nn.ModuleDict:
        """Layers for features of `inputs` channels."""
        ...

    def apply(self, layers: nn.ModuleDict, features: Tensor) -> Tensor:
        """Features (B, inputs, h, w) -> what the head puts out."""
        ...


class Target(Protocol):
    """The answer one head should give; `head` is its name in the model's outputs."""

    @property
    def head(self) -> str: ...

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """Points (B, animals, nodes, 2) in input pixels and tracks (B, animals) -> what the head should put out."""
        ...


class Criterion(Protocol):
    """What an output lacks of its target: the loss, a scalar to differentiate, and the part of each channel, (C,).

    `weights`, (B,), say how much each sample counts; None, and for what reads crops always, each counts alike.
    """

    def __call__(
        self,
        predicted: Tensor,
        target: Tensor,
        *,
        hard: HardKeypoints | None,
        weights: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]: ...


class Group(Protocol):
    """Joins the peaks of a batch to animals by a head's maps (B, channels, h, w): one `Animals` per image.

    `edges` is int (E, 2), None where the caller knows none; `stride` is that of the maps.
    """

    def __call__(
        self,
        peaks: Peaks,
        maps: Tensor,
        *,
        edges: np.ndarray | None,
        n_nodes: int,
        stride: int,
        settings: Grouping,
    ) -> list[Animals]: ...


@attrs.frozen(kw_only=True)
class Picture:
    """How its maps are shown: `prefix` in the names of the files, and `view` from (channels, h, w) to (layers, h, w)."""

    prefix: str = ""
    view: Callable[[np.ndarray], np.ndarray] = lambda maps: maps


@attrs.frozen(kw_only=True)
class HeadKind:
    """One kind of head.

    `traits` are what the config and the window know of it, too. It has `per` channels for each of what it `counts`.
    `layers` and `target` read its section of the config. `criterion` is its loss. `group` joins peaks to animals,
    `identify` reads (B, channels) to the number of a class and how likely that is, each (B,); a head may have neither.
    Where a target is `drawn_by_batch`, the least values of what is drawn for a sample depend on the others of its batch.
    """

    traits: HeadTraits
    counts: Literal["n_nodes", "n_edges", "n_classes"]
    per: int = 1
    layers: Callable[[Any, Site], Head]
    target: Callable[[Any, str, LabelSet], Target]
    drawn_by_batch: bool = False
    criterion: Criterion = map_error
    group: Group | None = None
    identify: Callable[[Tensor], tuple[np.ndarray, np.ndarray]] | None = None
    picture: Picture = Picture()
