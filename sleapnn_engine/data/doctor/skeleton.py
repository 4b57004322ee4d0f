"""A skeleton whose limbs make no tree, for models that join parts along limbs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.label_fit import Edge, loose_groups, require_edges
from sleapnn_engine.config.model_types import HEADS as HEAD_TRAITS
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.reader import HEADS
from sleapnn_engine.data.doctor.findings import Finding, Patient


def skeleton_no_tree(patient: Patient) -> Iterator[Finding]:
    """What keeps the limbs of the skeleton from making one tree, where the config's model needs them."""
    kind = next((key for key in MODEL_TYPES if patient.view.on(f"{HEADS}.{key}")), "")
    if not kind or not MODEL_TYPES[kind].limbs:
        return
    head = next(name for name in MODEL_TYPES[kind].heads if HEAD_TRAITS[name].limbs)
    where = f"{HEADS}.{kind}.{head}.edges"
    said = patient.view.value(where)
    edges = [(str(a), str(b)) for a, b in said] if isinstance(said, list) else list(patient.labels.edges)
    nodes = patient.labels.nodes
    tree = spanning(edges)
    dropped = len(edges) - len(tree)
    try:
        require_edges(edges, where=where)
    except UserError as problem:
        wrong = problem.message
    else:
        wrong = (
            f"{dropped} more limbs than a tree has: a part is joined to an animal in two ways."
            if dropped
            else ""
        )
    if wrong:
        fix = Fix("Use the limbs that make a tree", {where: [list(edge) for edge in tree]}) if tree else None
        yield Finding(
            kind="skeleton_no_tree", title="The limbs make no tree", detail=wrong, doubt=False, fix=fix
        )
    for text in loose_groups(nodes, edges) if edges else ():
        yield Finding(
            kind="loose_groups", title="Some parts hang together with no limb", detail=text, doubt=False
        )


def spanning(edges: Sequence[Edge]) -> list[Edge]:
    """The limbs in their order without those that join what is joined already."""
    group: dict[str, str] = {}

    def root(name: str) -> str:
        while group.get(name, name) != name:
            name = group[name]
        return name

    kept = []
    for a, b in edges:
        one, other = root(a), root(b)
        if one != other:
            group[one] = other
            kept.append((a, b))
    return kept
