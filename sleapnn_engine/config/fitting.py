"""Whether labels hold what a type of model learns from, by what `describe` says of them."""

from collections.abc import Mapping
from typing import Any

from .model_types import MODEL_TYPES

Facts = Mapping[str, Any]


def misfit(model_type: str, facts: Facts) -> str:
    """Why a model of this type cannot be trained on these labels, in one sentence; '' when it can."""
    kind = MODEL_TYPES[model_type]
    most, marks = facts.get("max_instances_per_frame"), facts.get("centroid_marks")
    if not kind.centroid and marks and not most:
        what = "1 centroid mark, which has" if marks == 1 else f"{marks} centroid marks, which have"
        return f"The labels hold {what} no body parts; choose a centroid model, or label parts in SLEAP."
    if kind.one_animal and not kind.cropped and isinstance(most, int) and most > 1:
        return f"Some frames show {most} animals; a one-animal model can learn only one per frame."
    if kind.limbs and not facts.get("edges"):
        return "The skeleton has no limbs, along which this model joins parts to animals; add edges in SLEAP."
    if kind.identities and not facts.get("tracks"):
        return "The labels have no tracks, so there are no identities to learn; assign tracks in SLEAP."
    if kind.identities and not _tracked(facts):
        return "No labelled animal has a track, so there are no identities to learn; assign tracks in SLEAP."
    return ""


def doubts(model_type: str, facts: Facts) -> list[str]:
    """What a model of this type will make less of than it could, one sentence each."""
    found = []
    kind = MODEL_TYPES[model_type]
    animals = sum(count * frames for count, frames in facts.get("instances_per_frame", []))
    without = facts.get("untracked_instances", 0)
    if kind.identities and 0 < without < animals:
        found.append(f"{without} of {animals} animals have no track; of their identity nothing is learned.")
    if kind.identities and len(facts.get("tracks", [])) == 1:
        found.append("All animals have the same track, so there is nothing to tell apart.")
    if kind.limbs and facts.get("edges") and len(_pieces(facts)) > 1:
        found.append(
            f"The limbs leave the skeleton in {len(_pieces(facts))} pieces, which are put together by distance; "
            "where animals are close, parts may go to the wrong one."
        )
    return found


def _tracked(facts: Facts) -> bool:
    """Whether an animal has a track; facts that do not count them are believed."""
    counts = facts.get("instances_per_track")
    return counts is None or any(counts.values())


def _pieces(facts: Facts) -> list[set[str]]:
    """The sets of parts that limbs hold together, in any direction."""
    pieces: list[set[str]] = [{name} for name in facts.get("nodes", [])]
    for ends in facts.get("edges", []):
        joined = set(ends).union(*(piece for piece in pieces if piece & set(ends)))
        pieces = [piece for piece in pieces if not piece & set(ends)] + [joined]
    return pieces
