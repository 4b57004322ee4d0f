"""Class maps: one map per identity, high around that animal's parts."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor

from sleapnn_engine.config.model_types import HEADS
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.decoding.animals import Animals
from sleapnn_engine.decoding.grouping import Grouping
from sleapnn_engine.decoding.identities import group_by_class
from sleapnn_engine.decoding.peaks import Peaks
from sleapnn_engine.heads.gaussians import profiles
from sleapnn_engine.heads.kind import HeadKind, Picture, Site
from sleapnn_engine.heads.maps import MapHead, map_head


def _layers(section: Any, site: Site) -> MapHead:
    return map_head(section, site, sigmoid=True)


def class_maps(
    points: torch.Tensor,
    tracks: torch.Tensor,
    *,
    classes: int,
    height: int,
    width: int,
    stride: int,
    sigma: float,
    threshold: float = 0.2,
) -> torch.Tensor:
    """Say whose place each cell is: points (B, I, N, 2), tracks int64 (B, I) -> (B, classes, h, w) in 0..1.

    An animal's claim on a cell is its greatest confidence over nodes, counted where above `threshold`,
    divided by the sum of all claims. Each class shows the greatest claim of its animals. Tracks outside
    0..classes-1 (-1: none) claim their place without showing it for any class.
    """
    factors = profiles(points, height=height, width=width, stride=stride, sigma=sigma)
    columns, rows = (factor.mT.contiguous() for factor in factors)
    claims = torch.stack(
        [
            (rows[:, animal, :, :, None] * columns[:, animal, :, None, :]).amax(dim=1)
            for animal in range(points.shape[1])
        ],
        dim=1,
    )
    total = claims.sum(dim=1, keepdim=True)
    share = torch.where(claims > threshold, claims / total.clamp_min(torch.finfo(claims.dtype).tiny), 0.0)
    return torch.stack(
        [torch.where((tracks == c)[:, :, None, None], share, 0.0).amax(dim=1) for c in range(classes)], dim=1
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


def _target(section: Any, name: str, labels: LabelSet) -> ClassMapTarget:
    return ClassMapTarget(
        head=name, stride=section.output_stride, sigma=section.sigma, classes=len(labels.tracks)
    )


def _group(
    peaks: Peaks,
    maps: Tensor,
    *,
    edges: np.ndarray | None,
    n_nodes: int,
    stride: int,
    settings: Grouping,
) -> list[Animals]:
    return group_by_class(peaks, maps, n_nodes=n_nodes, stride=stride, rule=settings.identities)


HEAD = HeadKind(
    traits=HEADS["class_maps"],
    counts="n_classes",
    layers=_layers,
    target=_target,
    group=_group,
    picture=Picture(prefix="class_maps."),
)
