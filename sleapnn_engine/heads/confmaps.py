"""Confidence maps: one map per part, highest where the part is; every model has them."""

from __future__ import annotations

import math
from typing import Any

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.model_types import HEADS
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.decoding.animals import Animals, make_animals
from sleapnn_engine.decoding.peaks import Peaks, Refinement, local_peaks
from sleapnn_engine.heads.gaussians import map_size, profiles
from sleapnn_engine.heads.kind import HeadKind
from sleapnn_engine.heads.maps import map_head
from sleapnn_engine.heads.patch_indexing import NOTHING, inside, places

#: Gaussians are drawn as patches when one covers no more than this share of a map; writing a cell of a patch costs
#: about twenty times what writing a cell of a whole map costs (measured on one CPU thread).
PATCH_SHARE = 0.05
#: An untrained network shows peaks everywhere; beyond this many of a node they cost time and mean nothing.
MOST_PEAKS = 100
#: Each of these is an animal by itself, and nothing has to be paired.
MOST_CENTRES = 1000


def confidence_maps(
    points: torch.Tensor, *, height: int, width: int, stride: int, sigma: float
) -> torch.Tensor:
    """Draw a gaussian for each visible point: (B, I, N, 2) -> float32 (B, N, h, w), greatest over animals.

    `sigma` is in map cells, so the standard deviation is sigma * stride input pixels. The peak is 1 at the
    point itself and a little less on the grid around it. Missing points (NaN) leave no trace. Values below
    `NOTHING` may be 0.
    """
    rows, columns = map_size(height, width, stride=stride)
    side = 2 * math.ceil(sigma * math.sqrt(-2 * math.log(NOTHING))) + 1
    if side**2 > PATCH_SHARE * rows * columns or side > min(rows, columns):
        return _whole_maps(points, height=height, width=width, stride=stride, sigma=sigma)
    batch, animals, nodes = points.shape[:3]
    cells = points / stride
    start = cells.nan_to_num(nan=0.0).round().long() - side // 2
    xs, ys = inside(start[..., 0], side=side, count=columns), inside(start[..., 1], side=side, count=rows)
    across = torch.exp((xs - cells[..., :1]).square() * (-0.5 / sigma**2)).nan_to_num_(nan=0.0)
    down = torch.exp((ys - cells[..., 1:]).square() * (-0.5 / sigma**2)).nan_to_num_(nan=0.0)
    maps = points.new_zeros(batch * nodes * rows * columns)
    planes = torch.arange(batch * nodes, device=points.device).view(batch, nodes)
    for animal in range(animals):
        index = places(planes, ys[:, animal], xs[:, animal], size=(rows, columns))
        patch = down[:, animal, :, :, None] * across[:, animal, :, None, :]
        maps[index] = patch if animal == 0 else torch.maximum(maps[index], patch)
    return maps.view(batch, nodes, rows, columns)


def _whole_maps(points: torch.Tensor, *, height: int, width: int, stride: int, sigma: float) -> torch.Tensor:
    """Draw gaussians that reach over most of the map, every cell of them; the memory layout is channels_last, which
    is that of a network's answers."""
    across, down = profiles(points, height=height, width=width, stride=stride, sigma=sigma)
    # Factors of one animal at a time, (B, h, 1, N) and (B, 1, w, N).
    first, *others = zip(down.unsqueeze(3).unbind(1), across.unsqueeze(2).unbind(1), strict=True)
    maps = torch.mul(*first)
    one = torch.empty_like(maps) if others else maps
    for factors in others:
        torch.maximum(maps, torch.mul(*factors, out=one), out=maps)
    return maps.permute(0, 3, 1, 2)


@attrs.frozen(kw_only=True)
class MapTarget:
    """Confidence maps; `sigma` is in cells of the map, one cell every `stride` input pixels."""

    head: str
    stride: int
    sigma: float

    def draw(self, points: Tensor, tracks: Tensor, *, height: int, width: int) -> Tensor:
        """(B, nodes, h, w)."""
        return confidence_maps(points, height=height, width=width, stride=self.stride, sigma=self.sigma)


def _target(section: Any, name: str, labels: LabelSet) -> MapTarget:
    return MapTarget(head=name, stride=section.output_stride, sigma=section.sigma)


def find_peaks(
    maps: Tensor, *, stride: int, threshold: float, refinement: Refinement | None, centroid: bool
) -> Peaks:
    """All peaks of maps (B, nodes, h, w), as `local_peaks` finds them; `centroid` says that each is an animal."""
    most = MOST_CENTRES if centroid else MOST_PEAKS
    return local_peaks(maps, stride=stride, threshold=threshold, refinement=refinement, most=most)


def animals_of_one_node(peaks: Peaks, *, images: int) -> list[Animals]:
    """Every peak is an animal, one `Animals` for each of so many images."""
    rows, points, values = (part.cpu().numpy() for part in (peaks.rows, peaks.points, peaks.values))
    chosen = (rows == row for row in range(images))
    return [
        make_animals(points[mine][:, None], node_scores=values[mine][:, None], scores=values[mine])
        for mine in chosen
    ]


HEAD = HeadKind(traits=HEADS["confmaps"], counts="n_nodes", layers=map_head, target=_target)
