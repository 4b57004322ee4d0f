"""From peaks and part affinity fields to animals: what hangs together along the edges of the skeleton.

Every pair of peaks that an edge could join is scored along the straight line between them (`lines`). Per image and
edge the best one-to-one choice is kept, and peaks that hang together become an animal. The skeleton may point in any
direction, have loops and several roots, and consist of several trees: edges are used wherever they are.

Two rules say which lines are chosen. By the strict one, that of the family's programs, a line counts as long beyond a
share of the larger side of the field, for which they take the number of its channels as well, and lines below the least
score are dropped after the choice. By the lenient one, ours, only real sides count, and such lines are worth nothing while
lines are chosen, so that a wrong one cannot cost a good one. By either, every tree counts; the family's programs use the
edges below one root only. No field leads from one tree to another, so their pieces are put together by distance.
"""

from __future__ import annotations

import attrs
import numpy as np
import torch

from sleapnn_engine.data.linear_assignment import best_pairs
from sleapnn_engine.decoding.animals import Animals, make_animals
from sleapnn_engine.decoding.identities import Identities
from sleapnn_engine.decoding.paf_scores import Limbs, LineScoring, Links, find_links
from sleapnn_engine.decoding.peaks import Peaks


@attrs.frozen(kw_only=True)
class Grouping:
    """What peaks are joined by: `group_along_fields` by all but `identities`, which is the rule of `group_by_class`; `limbs` is the rule by
    which lines are chosen.

    An animal of fewer than `min_points` points, or of less than that share of its nodes where it is below 1, is none.
    """

    max_edge_length_ratio: float = 0.25
    distance_penalty: float = 1.0
    line_points: int = 10
    min_line_score: float = 0.25
    min_points: float = 0
    limbs: Limbs = "strict"
    identities: Identities = "strict"


@attrs.frozen(eq=False)
class _Piece:
    """Peaks that belong together: `members` maps node to number of peak; `score` is the sum over lines."""

    members: dict[int, int]
    score: float

    def joined(self, other: _Piece) -> _Piece:
        return _Piece(self.members | other.members, self.score + other.score)


def group_along_fields(
    peaks: Peaks,
    fields: torch.Tensor,
    edges: np.ndarray,
    *,
    n_nodes: int,
    stride: int,
    settings: Grouping = Grouping(),
) -> list[Animals]:
    """Join peaks to animals, one `Animals` per image of fields (B, 2E, h, w), channels x, y of each edge in turn.

    `edges` is int (E, 2), source and target node; `stride` is that of the fields. A line's score is the mean of the
    field along it, minus `distance_penalty` times the share of its length beyond `max_edge_length_ratio` of the
    image's larger side (or of 2E cells, by the strict rule). Lines below `min_line_score` do not count. A peak without a line is dropped, unless no edge
    touches its node and an animal is near. An animal's score is the sum of its lines' scores.
    """
    edges = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    fields = fields.detach().float()
    sides = fields.shape[-2:] if settings.limbs == "lenient" else fields.shape[1:]
    longest = settings.max_edge_length_ratio * max(sides) * stride
    scoring = LineScoring(
        stride=stride,
        longest=longest,
        distance_penalty=settings.distance_penalty,
        points=settings.line_points,
        least=settings.min_line_score,
        limbs=settings.limbs,
    )
    links = find_links(peaks, fields, edges, scoring=scoring)
    peaks = peaks.cpu()
    nodes, rows = peaks.channels.numpy(), peaks.rows.numpy()
    trees = skeleton_trees(edges, n_nodes=n_nodes)
    lone_nodes = [tree[0] for tree in trees if len(tree) == 1]
    lone = [_Piece({int(nodes[p]): int(p)}, 0.0) for p in np.flatnonzero(np.isin(nodes, lone_nodes))]
    images: list[list[_Piece]] = [[] for _ in range(len(fields))]
    for piece in [*_linked_pieces(links, nodes), *lone]:
        images[rows[next(iter(piece.members.values()))]].append(piece)
    points = peaks.points.numpy()
    joined = [_join_trees(pieces, trees, points, reach=longest) for pieces in images]
    least = settings.min_points * (n_nodes if settings.min_points < 1 else 1)
    kept = [[piece for piece in pieces if len(piece.members) >= least] for pieces in joined]
    return [_animals(pieces, peaks, n_nodes=n_nodes) for pieces in kept]


def skeleton_trees(edges: np.ndarray, *, n_nodes: int) -> list[list[int]]:
    """Sort nodes into sets that edges, int (E, 2) in any direction, hold together; the largest set first."""
    owner = list(range(n_nodes))
    for source, target in np.asarray(edges).reshape(-1, 2).tolist():
        kept, gone = owner[source], owner[target]
        owner = [kept if name == gone else name for name in owner]
    trees = [[node for node in range(n_nodes) if owner[node] == name] for name in dict.fromkeys(owner)]
    return sorted(trees, key=len, reverse=True)


def _linked_pieces(links: Links, nodes: np.ndarray) -> list[_Piece]:
    """Put linked peaks together, best lines first; `nodes` int (P,) is the node of each peak.

    In a tree this is simply what hangs together. Where nodes have two parents or edges form a loop, a line that would
    give an animal two peaks of one node is left out.
    """
    pieces: dict[int, _Piece] = {}
    for number in np.argsort(-links.scores, kind="stable"):
        ends = (int(links.sources[number]), int(links.targets[number]))
        one, other = (pieces.get(end) or _Piece({int(nodes[end]): end}, 0.0) for end in ends)
        if one is not other and one.members.keys() & other.members.keys():
            continue
        whole = one if one is other else one.joined(other)
        whole = attrs.evolve(whole, score=whole.score + float(links.scores[number]))
        pieces.update(dict.fromkeys(whole.members.values(), whole))
    return list({id(piece): piece for piece in pieces.values()}.values())


def _join_trees(
    pieces: list[_Piece], trees: list[list[int]], points: np.ndarray, *, reach: float
) -> list[_Piece]:
    """Add the pieces of each further tree to the animals whose middles are nearest, one to each.

    A piece and an animal that are nowhere within `reach` pixels of each other do not belong together. What finds no
    animal stays one by itself, unless it is a single peak.
    """
    home = {node: number for number, tree in enumerate(trees) for node in tree}
    by_tree: list[list[_Piece]] = [[] for _ in trees]
    for piece in pieces:
        by_tree[home[next(iter(piece.members))]].append(piece)
    animals: list[_Piece] = []
    for more in by_tree:
        taken = _nearest(animals, more, points, reach=reach)
        for number, animal in taken.items():
            animals[animal] = animals[animal].joined(more[number])
        animals += [piece for number, piece in enumerate(more) if number not in taken]
    return [piece for piece in animals if len(piece.members) > 1]


def _nearest(
    animals: list[_Piece], more: list[_Piece], points: np.ndarray, *, reach: float
) -> dict[int, int]:
    """Match pieces to animals for the smallest sum of distances between middles: number of piece -> of animal."""
    if not animals or not more:
        return {}
    (one, first), (other, second) = _spots(animals, points), _spots(more, points)
    spread = np.linalg.norm(one[:, None] - other[None], axis=-1)
    closest = np.minimum.reduceat(np.minimum.reduceat(spread, first, axis=0), second, axis=1)
    gaps = np.linalg.norm(_middles(one, first)[:, None] - _middles(other, second)[None], axis=-1)
    allowed = closest <= reach
    apart = 1.0 + min(gaps.shape) * gaps.max()
    pairs = zip(*best_pairs(np.where(allowed, gaps, apart)))
    return {int(j): int(i) for i, j in pairs if allowed[i, j]}


def _spots(pieces: list[_Piece], points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of all pieces, piece after piece (S, 2), and where each piece begins."""
    members = [list(piece.members.values()) for piece in pieces]
    starts = np.cumsum([0, *map(len, members[:-1])])
    return points[np.concatenate(members)].astype(np.float64), starts


def _middles(spots: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Mean point of each piece."""
    counts = np.diff(np.append(starts, len(spots)))
    return np.add.reduceat(spots, starts, axis=0) / counts[:, None]


def _animals(pieces: list[_Piece], peaks: Peaks, *, n_nodes: int) -> Animals:
    points = np.full((len(pieces), n_nodes, 2), np.nan, dtype=np.float32)
    node_scores = np.zeros((len(pieces), n_nodes), dtype=np.float32)
    for row, piece in enumerate(pieces):
        nodes, members = list(piece.members), list(piece.members.values())
        points[row, nodes] = peaks.points[members].numpy()
        node_scores[row, nodes] = peaks.values[members].numpy()
    return make_animals(
        points, node_scores=node_scores, scores=np.array([piece.score for piece in pieces], dtype=np.float32)
    )
