"""What of a config does not fit its opened labels, by what `describe` says of them: quick enough for each keystroke."""

from collections.abc import Callable, Mapping
from typing import Any

from sleapnn_engine.config import label_fit
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.issue import LOCATE, Issue, error, warning
from sleapnn_engine.config.model_types import MODEL_TYPES, ModelType
from sleapnn_engine.config.reader import DATA, HEADS, ConfigReader
from sleapnn_engine.config.spec import SPEC

TRAIN = DATA + "train_labels_path"

Facts = Mapping[str, Any]
Settings = Callable[[str], Any]


def check_labels(values: Mapping[str, Any], facts: Facts) -> list[Issue]:
    """What is wrong with the opened labels, and what of the config does not fit them, in the words of a training.

    `facts` is what `describe` says of the training labels. Training knows more, for it looks at every animal.
    """
    found, view = Findings(issues=problems_of(facts)), ConfigReader(values)
    if view.head() and not facts.get("problems"):
        _judge(view.head(), facts, settings=view.value, found=found)
    return found.issues


def problems_of(facts: Facts, *, key: str = TRAIN) -> list[Issue]:
    """What is wrong with labels whatever is to learn from them; `key` is the setting that names their files."""
    warned = [warning(key, text) for text in facts.get("warnings", [])]
    lost = facts.get("lost", ())
    return warned + [error(key, text, LOCATE if text in lost else None) for text in facts.get("problems", [])]


def misfit(model_type: str, facts: Facts) -> str:
    """Why a model of this type cannot be trained on these labels, in one sentence; '' when it can."""
    found = Findings()
    _judge(f"{HEADS}.{model_type}", facts, settings=lambda _: None, found=found)
    return found.refusals[0].message if found.refusals else ""


def _judge(head: str, facts: Facts, *, settings: Settings, found: Findings) -> None:
    """Judge labels for a type of model with some settings, in the order in which training does."""
    kind = MODEL_TYPES[head.rpartition(".")[2]]
    known = nodes = tuple(facts.get("nodes", []))
    if (key := f"{head}.confmaps.anchor_part") in SPEC.keys:
        with found.trying(key):
            anchor = settings(key)
            label_fit.require_anchor(anchor if isinstance(anchor, str) else None, nodes=known, where=key)
    if (key := f"{head}.confmaps.part_names") in SPEC.keys:
        with found.trying(key):
            nodes = label_fit.chosen_nodes(_texts(settings(key)), nodes=known, where=key)
    # Animals that show none of the chosen parts are not learned; how many those are is not known here.
    if set(nodes) == set(known):
        _judge_animals(kind, head, facts, found=found)
    if found.refusals and facts.get("centroid_marks") and not facts.get("max_instances_per_frame"):
        return
    if kind.limbs:
        _judge_limbs(head, facts, nodes=nodes, settings=settings, found=found)
    for part in kind.identity_heads:
        _judge_identities(
            head,
            f"{head}.{part}.classes",
            facts,
            settings=settings,
            found=found,
            whole=len(nodes) == len(known),
        )


def _judge_animals(kind: ModelType, head: str, facts: Facts, *, found: Findings) -> None:
    frames_with = dict(facts.get("instances_per_frame", []))
    if kind.one_animal and not kind.cropped:
        with found.trying(head):
            label_fit.require_one_animal(frames_with, first=facts.get("first_crowded", ""), where=head)
    if not kind.centroid:
        with found.trying(head):
            label_fit.require_parts(
                animals=facts.get("max_instances_per_frame", 0),
                marks=facts.get("centroid_marks", 0),
                where=head,
            )


def _judge_limbs(
    head: str, facts: Facts, *, nodes: tuple[str, ...], settings: Settings, found: Findings
) -> None:
    key = f"{head}.pafs.edges"
    said = settings(key)
    edges = [(a, b) for a, b in facts.get("edges", []) if a in nodes and b in nodes]
    with found.trying(key):
        if isinstance(said, list) and said:
            pairs = [texts for edge in said if (texts := _texts(edge))]
            edges = list(label_fit.chosen_edges(pairs, nodes=nodes, where=key))
        label_fit.require_edges(edges, where=head)
        found.warn(key, *label_fit.loose_groups(nodes, edges))


def _judge_identities(
    head: str, key: str, facts: Facts, *, settings: Settings, found: Findings, whole: bool
) -> None:
    """`whole`: whether every animal is learned, so that counts of the labels are those of training."""
    with found.trying(key):
        names = label_fit.chosen_identities(
            _texts(settings(key)), tracks=facts.get("tracks", []), head=head, where=key
        )
        if not whole or "instances_per_track" not in facts:
            return
        animals_of = {name: facts["instances_per_track"][name] for name in names}
        frames_of = {name: facts["frames_per_track"][name] for name in names}
        animals = sum(count * frames for count, frames in facts["instances_per_frame"])
        found.warn(key, *label_fit.unseen_identities(animals_of, animals=animals, head=head))
        found.warn(key, *label_fit.rare_identities(frames_of, frames=facts["labeled_frames"], head=head))


def _texts(value: Any) -> list[str] | None:
    """The texts of a list; what else is in it, `validate` tells."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else None
