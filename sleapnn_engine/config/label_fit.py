"""Whether labels hold what a type of model learns from. Training asks with the labels it has read, an editor with what
`describe` says of them; as both ask here, both are told the same, at the same setting."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import counted, first_few, quoted

Edge = tuple[str, str]

_TRACKS = "Assign tracks to the animals in SLEAP, or choose a model without identities."


def require_anchor(anchor: str | None, *, nodes: Sequence[str], where: str) -> None:
    """Raise UserError when an anchor is no node of the skeleton; `where` is the dotted key that names it."""
    if anchor is not None and anchor not in nodes:
        message = f"The skeleton has no node “{anchor}”; its nodes are {quoted(nodes)}."
        raise UserError(message, where=where, hint="Choose one of them, or none for the middle of the box.")


def chosen_nodes(names: Sequence[str] | None, *, nodes: Sequence[str], where: str) -> tuple[str, ...]:
    """The nodes that are learned: `names`, or all where none are named.

    Raises UserError (usage) for names that are not in the skeleton or come twice.
    """
    if not names:
        return tuple(nodes)
    unknown = [name for name in names if name not in nodes]
    if unknown or len(set(names)) != len(names):
        what = f"has no node {quoted(unknown)}" if unknown else "cannot give one node twice"
        message = f"The skeleton {what}; its nodes are {quoted(nodes)}."
        raise UserError(message, where=where, hint="Correct the part names.", usage=True)
    return tuple(names)


def chosen_edges(edges: Sequence[Sequence[str]], *, nodes: Sequence[str], where: str) -> tuple[Edge, ...]:
    """The limbs that a config names, which need not be edges of the skeleton; `nodes` are those that are learned.

    Raises UserError for other nodes and for pairs that are none or are given twice.
    """
    ends = [end for edge in edges for end in edge if end not in nodes]
    if ends:
        message = f"A limb ends at “{ends[0]}”, but the nodes to learn are {quoted(nodes)}."
        hint = "Correct the list of limbs, or the body parts to learn."
        raise UserError(message, where=where, hint=hint)
    chosen = [tuple(edge) for edge in edges]
    wrong = [pair for pair in chosen if len(pair) != 2 or pair[0] == pair[1]]
    if wrong or len(set(chosen)) != len(chosen):
        what = f"{wrong[0]} does not join two nodes" if wrong else "a limb is given twice"
        raise UserError(f"The list of limbs cannot be used: {what}.", where=where, hint="Correct the list.")
    return tuple((a, b) for a, b in chosen)


def require_edges(edges: Sequence[Edge], *, where: str) -> None:
    """Raise UserError when body parts cannot be joined along edges: there are none, or they lead in a circle.

    Other programs join parts from a root outwards, and could not read a model whose edges have none.
    """
    if not edges:
        hint = "Add edges to the skeleton in SLEAP, choose limbs in pafs.edges, or choose a top-down model."
        message = "The skeleton has no edges between the parts to learn, and a bottom-up model needs them."
        raise UserError(message, where=where, hint=hint)
    circle = _in_circles(edges)
    if circle:
        message = (
            f"A bottom-up model joins parts outwards, but these edges lead in a circle: {arrows(circle)}."
        )
        hint = "Remove some in SLEAP, choose limbs in pafs.edges, or choose a top-down model."
        raise UserError(message, where=where, hint=hint)


def loose_groups(nodes: Sequence[str], edges: Sequence[Edge]) -> list[str]:
    """Say which body parts no chain of edges joins."""
    groups = _joined(nodes, edges)
    if len(groups) < 2:
        return []
    listed = first_few([f"({quoted(group)})" for group in groups])
    return [
        f"The edges leave the body parts in {len(groups)} groups, {listed}: which of them are one animal is "
        "judged by distance alone."
    ]


def require_one_animal(frames_with: Mapping[int, int], *, first: str, where: str) -> None:
    """Raise UserError when a frame has several animals (single_instance models).

    `frames_with` counts frames by how many animals they show; `first` names the first that shows several.
    """
    several = sum(frames for animals, frames in frames_with.items() if animals > 1)
    if several:
        message = (
            f"Some frames show {max(frames_with)} animals; a one-animal model can learn only one per frame."
        )
        hint = (
            f"Choose a model for several animals, or remove the extra ones in SLEAP: there are several on "
            f"{counted(several, 'frame')} of {sum(frames_with.values())}, the first is {first}."
        )
        raise UserError(message, where=where, hint=hint)


def require_parts(*, animals: int, marks: int, where: str) -> None:
    """Raise UserError where labels hold marks of centres instead of animals, of which only centroid models learn."""
    if marks and not animals:
        message = f"The labels hold {counted(marks, 'centroid mark')}, which have no body parts to learn."
        raise UserError(message, where=where, hint="Choose a centroid model, or label parts in SLEAP.")


def chosen_identities(
    names: Sequence[str] | None, *, tracks: Sequence[str], head: str, where: str
) -> tuple[str, ...]:
    """The identities that are told apart: `names`, or all tracks where none are named.

    `head` and `where` are the dotted keys of the model type and of the names. Raises UserError when there are none,
    and for names that are no track or come twice.
    """
    chosen = tuple(names or tracks)
    if not chosen:
        message = "No animal has a track, and this model tells tracks apart."
        raise UserError(message, where=head, hint=_TRACKS)
    unknown = [name for name in chosen if name not in tracks]
    if unknown or len(set(chosen)) != len(chosen):
        are = "is no track" if len(unknown) == 1 else "are no tracks"
        what = f"{quoted(unknown)} {are}" if unknown else "An identity is given twice"
        message = f"{what}; the tracks of the labels are {quoted(tracks)}."
        raise UserError(message, where=where, hint="Correct the list of identities.")
    return chosen


def unseen_identities(animals_of: Mapping[str, int], *, animals: int, head: str) -> list[str]:
    """Say what of the identities cannot be learned; `animals_of` counts the animals of each, `animals` all there are.

    Raises UserError when no animal has one.
    """
    if not any(animals_of.values()):
        message = f"No labelled animal has one of the identities {quoted(list(animals_of))}."
        raise UserError(message, where=head, hint=_TRACKS)
    empty = [name for name, count in animals_of.items() if not count]
    said = [f"No labelled animal is {quoted(empty)}: nothing can be learned of it."] if empty else []
    without = animals - sum(animals_of.values())
    if without:
        have = "has" if without == 1 else "have"
        said.append(f"{counted(without, 'animal')} of {animals} {have} none of the identities.")
    return said


def rare_identities(frames_of: Mapping[str, int], *, frames: int, head: str) -> list[str]:
    """Say which identities are seen too seldom; `frames_of` counts the frames of each, `frames` all there are.

    Raises UserError when there is more than one frame and no identity is on two of them: nobody is recognised by
    tracks that are in pieces.
    """
    if frames > 1 and max(frames_of.values()) < 2:
        tracks = counted(len(frames_of), "track")
        message = f"None of the {tracks} is on more than one frame, so nobody can be recognised."
        hint = "Join the pieces of tracks in SLEAP, or choose a model without identities."
        raise UserError(message, where=head, hint=hint)
    said = []
    if len(frames_of) == 1:
        said.append(f"There is only one identity, {quoted(list(frames_of))}: there is nothing to tell apart.")
    rare = [quoted([name]) for name, count in frames_of.items() if count == 1]
    if rare and frames > 1:
        said.append(f"On one frame only, which teaches little: {first_few(rare)}.")
    return said


def arrows(edges: Sequence[Any]) -> str:
    """List edges as arrows from one end to the other."""
    return ", ".join(f"'{a}' → '{b}'" for a, b in edges)


def _in_circles(edges: Sequence[Edge]) -> list[Edge]:
    """The edges that lie on a way, or between ways, from a node back to itself."""
    forwards = _reached_from_outside(edges)
    backwards = _reached_from_outside([(b, a) for a, b in edges])
    return [(a, b) for a, b in edges if a not in forwards and b not in backwards]


def _reached_from_outside(edges: Sequence[Edge]) -> set[str]:
    """The nodes that every way to which begins at a node that no edge leads to."""
    leading_to = Counter(b for _, b in edges)
    following: dict[str, list[str]] = {}
    for a, b in edges:
        following.setdefault(a, []).append(b)
    waiting = [name for name in following if not leading_to[name]]
    reached = set(waiting)
    while waiting:
        for name in following.get(waiting.pop(), ()):
            leading_to[name] -= 1
            if not leading_to[name]:
                reached.add(name)
                waiting.append(name)
    return reached


def _joined(nodes: Sequence[str], edges: Sequence[Edge]) -> list[list[str]]:
    """Nodes by what hangs together along edges, the largest group first."""
    group_of = {name: [name] for name in nodes}
    for a, b in edges:
        less, more = sorted((group_of[a], group_of[b]), key=len)
        if less is not more:
            more += less
            group_of.update(dict.fromkeys(less, more))
    groups: dict[int, list[str]] = {}
    for name in nodes:
        groups.setdefault(id(group_of[name]), []).append(name)
    return sorted(groups.values(), key=len, reverse=True)
