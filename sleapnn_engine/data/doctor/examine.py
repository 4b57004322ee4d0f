"""Everything that a look through labels can find, and the look itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sleapnn_engine.data.doctor.animals import doubled_animals, empty_animals, touching_animals
from sleapnn_engine.data.doctor.findings import Finding, Patient
from sleapnn_engine.data.doctor.limbs import long_limbs
from sleapnn_engine.data.doctor.parts import outside_parts, parts_on_each_other, rare_parts
from sleapnn_engine.data.doctor.repeats import near_repeats
from sleapnn_engine.data.doctor.sides import swapped_sides
from sleapnn_engine.data.doctor.skeleton import skeleton_no_tree

#: What is looked for, in the order in which it is told: what may be wrong with the labels comes first.
EXAMINATIONS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    swapped_sides,
    long_limbs,
    doubled_animals,
    empty_animals,
    parts_on_each_other,
    outside_parts,
    near_repeats,
    skeleton_no_tree,
    rare_parts,
    touching_animals,
)


def examine(patient: Patient, *, between: Callable[[], None] = lambda: None) -> list[Finding]:
    """Look through labels; `between` is called before each kind of look, and may raise to give it up."""
    found: list[Finding] = []
    for look in EXAMINATIONS:
        between()
        found += look(patient)
    return found
