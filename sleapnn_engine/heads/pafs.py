"""Part affinity fields: which way each limb goes, drawn along it."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor

from sleapnn_engine.config.model_types import HEADS
from sleapnn_engine.data.records import LabelSet, edge_table
from sleapnn_engine.decoding.animals import Animals
from sleapnn_engine.decoding.grouping import Grouping, group_along_fields
from sleapnn_engine.decoding.peaks import Peaks
from sleapnn_engine.heads.gaussians import map_size
from sleapnn_engine.heads.kind import HeadKind, Picture
from sleapnn_engine.heads.maps import map_head
from sleapnn_engine.heads.patch_indexing import LEAST_EXPONENT, NOTHING, inside, places

#: Limbs are drawn as patches when the largest covers no more than this share of a map.
PATCH_SHARE = 0.4


def part_affinity_fields(
    points: torch.Tensor, edges: torch.Tensor, *, height: int, width: int, stride: int, sigma: float
) -> torch.Tensor:
    """Draw the direction of each edge around it: points (B, I, N, 2), edges int64 (E, 2) -> (B, 2E, h, w).

    Channels are edge-major: x then y of edge 0, of edge 1, ... Each animal adds its unit vector from source
    to destination times exp(-d^4 / (2 sigma^2)), d being the distance to the edge in input pixels (the
    fourth power and the unscaled sigma are the family's). An edge with a missing end, or with both ends in
    one place, adds nothing. Values below `NOTHING` may be 0.
    """
    rows, columns = map_size(height, width, stride=stride)
    start, end = points[:, :, edges[:, 0]], points[:, :, edges[:, 1]]
    span = end - start
    length = span.norm(dim=-1)
    drawn = torch.isfinite(length) & (length > 0)
    if not drawn.any():
        return points.new_zeros((len(points), 2 * len(edges), rows, columns))
    batch, _, edge = drawn.nonzero().unbind(1)
    start, end, span, length = start[drawn], end[drawn], span[drawn], length[drawn, None]
    reach = (-2 * sigma**2 * math.log(NOTHING)) ** 0.25
    low = torch.floor((torch.minimum(start, end) - reach) / stride).long()
    high = torch.ceil((torch.maximum(start, end) + reach) / stride).long()
    xs, ys = _cells(low, high, rows=rows, columns=columns)
    dx, dy = xs[:, None] * stride - start[:, :1, None], ys[:, :, None] * stride - start[:, 1:, None]
    along = (dx * span[:, :1, None] + dy * span[:, 1:, None]) / length.square().clamp_min(1.0)[..., None]
    along = along.clamp(0.0, 1.0)
    squared = (dx - along * span[:, :1, None]).square() + (dy - along * span[:, 1:, None]).square()
    weight = squared.square_().mul_(-0.5 / sigma**2).clamp_min_(LEAST_EXPONENT).exp_()
    fields = points.new_zeros(len(points) * len(edges) * 2 * rows * columns)
    index = places((batch * len(edges) + edge) * 2, ys, xs, size=(rows, columns))
    for axis in (0, 1):
        patch = weight * (span[:, axis, None, None] / length[..., None])
        fields.index_add_(0, (index + axis * rows * columns).flatten(), patch.flatten())
    return fields.view(len(points), 2 * len(edges), rows, columns)


def _cells(
    low: torch.Tensor, high: torch.Tensor, *, rows: int, columns: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Columns (M, l) and rows (M, k) of patches from cells `low` (M, 2) to `high` (M, 2).

    All patches are as large as the largest; where that is most of the map, they are the map.
    """
    across, down = (
        min(int(side), limit) for side, limit in zip((high - low + 1).amax(dim=0), (columns, rows))
    )
    if across * down > PATCH_SHARE * rows * columns:
        across, down = columns, rows
    return inside(low[:, 0], side=across, count=columns), inside(low[:, 1], side=down, count=rows)


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


def _target(section: Any, name: str, labels: LabelSet) -> FieldTarget:
    edges = torch.tensor(edge_table(labels.nodes, labels.edges))
    return FieldTarget(head=name, stride=section.output_stride, sigma=section.sigma, edges=edges)


def _group(
    peaks: Peaks,
    maps: Tensor,
    *,
    edges: np.ndarray | None,
    n_nodes: int,
    stride: int,
    settings: Grouping,
) -> list[Animals]:
    if edges is None:
        raise ValueError("a bottomup model cannot be decoded without the edges of its skeleton")
    return group_along_fields(peaks, maps, edges, n_nodes=n_nodes, stride=stride, settings=settings)


def magnitude(fields: np.ndarray) -> np.ndarray:
    """Lengths (edges, h, w) of part affinity fields (2 * edges, h, w)."""
    lengths: np.ndarray = np.hypot(fields[0::2], fields[1::2])
    return lengths


HEAD = HeadKind(
    traits=HEADS["pafs"],
    counts="n_edges",
    per=2,
    layers=map_head,
    target=_target,
    drawn_by_batch=True,
    group=_group,
    picture=Picture(prefix="pafs_magnitude.", view=magnitude),
)
