"""The skeleton of labels: several that are equal count as one, and nodes are matched by name, never by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import attrs
import sleap_io as sio

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import quoted


@attrs.frozen
class Skeleton:
    """Names of nodes in order, edges as pairs of names, symmetries as sorted pairs of names."""

    nodes: tuple[str, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    symmetries: tuple[tuple[str, str], ...] = ()


@attrs.frozen(eq=False)
class Skeletons:
    """The one skeleton of a file, where each stored one has its nodes, and what should be said about them.

    `orders` maps the id of a stored skeleton to the places of the chosen nodes in it, for those that have another
    order.
    """

    chosen: Skeleton | None
    orders: dict[int, tuple[int, ...]]
    notes: tuple[str, ...] = ()


def skeletons_of(stored: sio.Labels, path: Path, *, user_only: bool) -> Skeletons:
    """Return the one skeleton of the animals; with `user_only`, predicted ones are asked only if there are no others.

    Raises UserError, saying what differs, when animals have skeletons of different nodes, or a skeleton has a node
    name twice.
    """
    every = [instance for frame in stored.labeled_frames for instance in frame.instances]
    labelled = [instance for instance in every if not isinstance(instance, sio.PredictedInstance)]
    used = {id(i.skeleton): i.skeleton for i in (labelled if user_only and labelled else every)}
    found = list(used.values()) or list(stored.skeletons[:1])
    if not found:
        return Skeletons(None, {})
    plain = [_plain(skeleton, path) for skeleton in found]
    first, notes = plain[0], []
    for stored_one, other in zip(found[1:], plain[1:], strict=True):
        if set(other.nodes) != set(first.nodes):
            raise _differ(first, other, names=(found[0].name, stored_one.name), path=path)
        notes += _notes(first, other, name=str(stored_one.name))
    everything = {id(skeleton): skeleton for skeleton in stored.skeletons} | used
    orders = {
        key: tuple(skeleton.node_names.index(name) for name in first.nodes)
        for key, skeleton in everything.items()
        if set(skeleton.node_names) == set(first.nodes) and tuple(skeleton.node_names) != first.nodes
    }
    return Skeletons(first, orders, tuple(dict.fromkeys(notes)))


def require_same_nodes(nodes: Sequence[str], others: Sequence[str], *, where: str, other: str) -> None:
    """Raise UserError, saying what differs, unless both lists hold the same names; `where` is the file of `nodes`."""
    parts = _differences(nodes, others)
    if not parts:
        return
    message = f"Its skeleton differs from that of {other}: it {' and '.join(parts)}."
    raise UserError(message, where=where, hint="Use files of one skeleton, or bring them to one in SLEAP.")


def _plain(skeleton: sio.Skeleton, path: Path) -> Skeleton:
    repeated = [name for name, count in Counter(skeleton.node_names).items() if count > 1]
    if repeated:
        message = f"Its skeleton has several nodes of the name {quoted(repeated)}."
        raise UserError(message, where=str(path), hint="Give each node a name of its own in SLEAP.")
    return Skeleton(
        nodes=tuple(skeleton.node_names),
        edges=tuple((a, b) for a, b in skeleton.edge_names),
        symmetries=tuple((a, b) for a, b in (sorted(pair) for pair in skeleton.symmetry_names)),
    )


def _differences(nodes: Sequence[str], others: Sequence[str]) -> list[str]:
    lacking, extra = [n for n in others if n not in nodes], [n for n in nodes if n not in others]
    return [f"lacks {quoted(lacking)}"] * bool(lacking) + [f"also has {quoted(extra)}"] * bool(extra)


def _differ(first: Skeleton, other: Skeleton, *, names: tuple[str, str], path: Path) -> UserError:
    sizes = " and ".join(
        f"'{name}' ({len(one.nodes)} nodes)" for name, one in zip(names, (first, other), strict=True)
    )
    parts = " and ".join(_differences(other.nodes, first.nodes))
    message = f"Its animals use 2 skeletons, {sizes}; a model has one. The second {parts}."
    hint = "Bring them to one skeleton, or split the labels into one file per skeleton in SLEAP."
    return UserError(message, where=str(path), hint=hint)


def _notes(first: Skeleton, other: Skeleton, *, name: str) -> list[str]:
    """What of a second skeleton with the same nodes is not used; nothing where it is equal."""
    notes = []
    if other.nodes != first.nodes:
        notes.append(
            f"the nodes of a second skeleton, '{name}', come in another order and are matched by name."
        )
    if set(other.edges) != set(first.edges):
        notes.append(f"the edges of a second skeleton, '{name}', differ; those of the first are used.")
    if set(other.symmetries) != set(first.symmetries):
        notes.append(f"the symmetries of a second skeleton, '{name}', differ; those of the first are used.")
    return notes
