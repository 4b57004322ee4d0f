"""A skeleton whose limbs make no tree, for models that join parts along limbs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.label_fit import Edge, loose_groups, require_edges
from sleapnn_engine.config.model_types import HEADS as HEAD_TRAITS
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.reader import HEADS, ConfigReader
from sleapnn_engine.data.doctor.findings import Finding, Patient


@attrs.frozen(kw_only=True)
class LimbVerdict:
    """Whether limbs join the parts of an animal to one tree: `fault` and `loose` say what keeps them from it.

    `where` is the key that chooses the limbs, '' where the config's model needs none. `tree` is those that can stay.
    """

    where: str = ""
    fault: str = ""
    loose: tuple[str, ...] = ()
    tree: tuple[Edge, ...] = ()

    @property
    def fix(self) -> Fix | None:
        """Use what can stay, where something cannot."""
        chosen = [list(edge) for edge in self.tree]
        return Fix("Use the limbs that make a tree", {self.where: chosen}) if self.fault and chosen else None


def judge_limbs(view: ConfigReader, *, nodes: Sequence[str], edges: Sequence[Edge]) -> LimbVerdict:
    """What there is to say of the limbs that a config chooses, or of the skeleton's `edges` where it chooses none."""
    kind = next((key for key in MODEL_TYPES if view.on(f"{HEADS}.{key}")), "")
    if not kind or not MODEL_TYPES[kind].limbs:
        return LimbVerdict()
    head = next(name for name in MODEL_TYPES[kind].heads if HEAD_TRAITS[name].limbs)
    where = f"{HEADS}.{kind}.{head}.edges"
    said = view.value(where)
    chosen = [(str(a), str(b)) for a, b in said] if _are_pairs(said) else list(edges)
    tree, fault = spanning(chosen), ""
    try:
        require_edges(chosen, where=where)
    except UserError as problem:
        fault = problem.message
    dropped = len(chosen) - len(tree)
    if dropped and not fault:
        fault = f"{dropped} more limbs than a tree has: a part is joined to an animal in two ways."
    loose = loose_groups(nodes, chosen) if chosen else []
    return LimbVerdict(where=where, fault=fault, loose=tuple(loose), tree=tuple(tree))


def _are_pairs(said: Any) -> bool:
    """Whether a value names limbs at all; the checks of the config tell where it does not."""
    return isinstance(said, list) and all(isinstance(edge, list | tuple) and len(edge) == 2 for edge in said)


def skeleton_no_tree(patient: Patient) -> Iterator[Finding]:
    """What keeps the limbs of the skeleton from making one tree, where the config's model needs them."""
    verdict = judge_limbs(patient.view, nodes=patient.labels.nodes, edges=patient.labels.edges)
    if verdict.fault:
        yield Finding(
            kind="skeleton_no_tree",
            title="The limbs make no tree",
            detail=verdict.fault,
            doubt=False,
            fix=verdict.fix,
        )
    for text in verdict.loose:
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
