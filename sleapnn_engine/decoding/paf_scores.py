"""Lines between peaks: how well the field along one agrees with it, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs
import numpy as np
import torch

from sleapnn_engine.data.linear_assignment import best_pairs
from sleapnn_engine.decoding.peaks import Peaks

#: Which lines may be chosen: "strict" is the rule of the family's programs, "lenient" ours.
Limbs = Literal["strict", "lenient"]
# Pairs scored at once; bounds the memory that a noisy map with hundreds of peaks takes.
_CHUNK = 1 << 16


@attrs.frozen(kw_only=True)
class LineScoring:
    """How a line between two peaks is judged.

    `stride` of the field in input pixels; `longest` in input pixels is what a line may measure before the part
    beyond it costs `distance_penalty` times its share of the whole; `points` is the number of places looked at, both
    ends included; lines below `least` do not count, chosen as `choose_pairs` says.
    """

    stride: int
    longest: float
    distance_penalty: float
    points: int
    least: float
    limbs: Limbs = "strict"


@attrs.frozen(eq=False)
class Links:
    """Lines that were kept: `sources` and `targets` int64 (L,) are numbers of peaks, `scores` float (L,)."""

    sources: np.ndarray
    targets: np.ndarray
    scores: np.ndarray


def find_links(peaks: Peaks, fields: torch.Tensor, edges: np.ndarray, *, scoring: LineScoring) -> Links:
    """Choose lines of each edge, int (E, 2), on fields (B, 2E, h, w): no peak is in two lines of one edge."""
    found = [
        kept
        for number, (source, target) in enumerate(edges.tolist())
        for kept in _links_of_edge(peaks, fields[:, 2 * number : 2 * number + 2], (source, target), scoring)
    ]
    empty = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    sources, targets, scores = zip(*found) if found else ([part] for part in empty)
    return Links(np.concatenate(sources), np.concatenate(targets), np.concatenate(scores))


def line_scores(
    field: torch.Tensor, rows: torch.Tensor, starts: torch.Tensor, ends: torch.Tensor, *, scoring: LineScoring
) -> torch.Tensor:
    """Score lines from starts to ends, (L, 2) x, y in input pixels, on images `rows` (L,) of a field (B, 2, h, w).

    The score is the mean over equally spaced places of the field's component along the line, read from the nearest
    cell, minus what the line's length costs. A line without length has no score, NaN.
    """
    span = ends - starts
    length = span.norm(dim=-1)
    unit = span / length[:, None]
    along = torch.linspace(0, 1, scoring.points, device=field.device)
    places = (starts[:, None] + span[:, None] * along[:, None]) / scoring.stride
    height, width = field.shape[-2:]
    x = places[..., 0].round().clamp(0, width - 1).long()
    y = places[..., 1].round().clamp(0, height - 1).long()
    values = field[rows[:, None], :, y, x]
    agreement = (values * unit[:, None]).sum(dim=-1).mean(dim=-1)
    beyond = (1 - scoring.longest / length.clamp_min(1e-6)).clamp_min(0)
    scores: torch.Tensor = agreement - scoring.distance_penalty * beyond
    return scores


def _links_of_edge(
    peaks: Peaks, field: torch.Tensor, edge: tuple[int, int], scoring: LineScoring
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Give sources, targets and scores of the lines kept on each image that has both ends."""
    sources = torch.nonzero(peaks.channels == edge[0])[:, 0]
    targets = torch.nonzero(peaks.channels == edge[1])[:, 0]
    first = torch.searchsorted(peaks.rows[targets], peaks.rows[sources])
    last = torch.searchsorted(peaks.rows[targets], peaks.rows[sources], right=True)
    counts = last - first
    one = torch.repeat_interleave(torch.arange(len(sources), device=counts.device), counts)
    other = first[one] + torch.arange(len(one), device=counts.device) - (counts.cumsum(0) - counts)[one]
    scores = [
        line_scores(
            field, peaks.rows[sources[i]], peaks.points[sources[i]], peaks.points[targets[j]], scoring=scoring
        )
        for i, j in zip(one.split(_CHUNK), other.split(_CHUNK), strict=True)
    ]
    found = torch.cat(scores).cpu().numpy() if scores else np.empty(0)
    rows = peaks.rows[sources].cpu().numpy()
    froms, ends, lengths = sources.cpu().numpy(), targets.cpu().numpy(), counts.cpu().numpy()
    starts, done = first.cpu().numpy(), 0
    for row in np.unique(rows[lengths > 0]):
        mine = np.flatnonzero(rows == row)
        shape = (len(mine), lengths[mine[0]])
        table = found[done : done + shape[0] * shape[1]].reshape(shape)
        done += table.size
        i, j = choose_pairs(table, least=scoring.least, limbs=scoring.limbs)
        yield froms[mine[i]], ends[starts[mine[0]] + j], table[i, j].astype(np.float64)


def choose_pairs(
    values: np.ndarray, *, least: float, limbs: Limbs = "strict"
) -> tuple[np.ndarray, np.ndarray]:
    """Pair rows with columns of (R, C) one to one for the greatest sum; pairs below `least` (or NaN) are no pairs.

    By the strict rule those below `least` are dropped after the choice, so that a wrong pair, which has to be somewhere,
    can keep a right one from being chosen; by the lenient one they are worth nothing while pairs are chosen.
    """
    allowed, known = values >= least, np.isfinite(values)
    if limbs == "lenient":
        worth = np.where(allowed, values, 0.0)
    else:
        # Whatever is known is better than what is not.
        spread = np.ptp(values[known]) if known.any() else 0.0
        worth = np.where(known, values, values[known].min(initial=0.0) - min(values.shape) * (1.0 + spread))
    i, j = best_pairs(worth, greatest=True)
    kept = allowed[i, j]
    return i[kept], j[kept]
