"""How to train on opened labels: what their facts speak for, setting by setting, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.advised_settings import SETTINGS, Case, Piece
from sleapnn_engine.config.checks.labels import Facts, misfit
from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.issue import Remove
from sleapnn_engine.config.model_types import MODEL_TYPES, keys_of
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.presets import load_preset, preset_of
from sleapnn_engine.config.reader import BACKBONES, HEADS, ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.text_format import counted

#: Animals that are longer than this share of the image's shorter side gain nothing from a crop of their own.
_MOST_OF_IMAGE = 0.5

#: The types that tell nobody apart: of one animal in a frame, of an animal in a crop, of centres, of limbs.
(_ONE_ANIMAL,) = keys_of(lambda kind: kind.one_animal and not kind.cropped)
(_CROPPED,) = keys_of(lambda kind: kind.cropped and not kind.identities)
(_CENTRES,) = keys_of(lambda kind: kind.centroid)
(_JOINED,) = keys_of(lambda kind: kind.limbs)


@attrs.frozen(kw_only=True)
class Advice:
    """One piece: `title` says what, `reason` why in a sentence with figures.

    `changes` are the new value of each dotted path, `Remove` for one to leave out; none where there is nothing to set.
    `done`: the config has it so. `pairs`: it takes a second config, of the other half of top-down, as it stands beside the
    first in the window; of a config alone it is never done.
    """

    name: str
    title: str
    reason: str
    changes: Mapping[str, Any]
    done: bool
    pairs: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is something to apply."""
        return not self.done and (self.pairs or bool(self.changes))


def advise(values: Mapping[str, Any], facts: Facts, *, model_type: str | None = None) -> list[Advice]:
    """What the facts of labels (`describe`) speak for in this config, the type of model first; [] without animals.

    Nothing is changed. Applying all of it at once gives a config for which all is done. A setting of another type of
    model than the one in use brings that type with it. `model_type` is the type to train whatever the labels speak for.
    """
    if not facts.get("labeled_frames") or facts.get("problems"):
        return []
    view = ConfigReader(values)
    in_use = view.head().rpartition(".")[2]
    wanted = model_type or _model_type(in_use, facts)
    switch = {} if in_use == wanted else _switch(view, wanted)
    after = apply_advice(values, switch)
    case = Case(view=ConfigReader(after), facts=facts, kind=MODEL_TYPES[wanted])
    pieces = [_model_piece(case, switch), *_pair(case)]
    pieces += [piece for rule in SETTINGS for piece in rule(case)]
    return [_judged(piece, view, switch=switch, after=case.view) for piece in pieces]


def apply_advice(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A config with these changes, beside the one given."""
    after: dict[str, Any] = copy_values(values)
    for path, value in changes.items():
        if value is Remove:
            tree.drop(after, path)
        else:
            tree.put(after, path, copy_values(value))
    return after


def all_changes(pieces: list[Advice]) -> dict[str, Any]:
    """What all pieces that are not done yet change together."""
    found: dict[str, Any] = {}
    for piece in pieces:
        if not piece.done:
            found |= piece.changes
    return found


def advice_values(piece: Advice) -> dict[str, Any]:
    """A piece as plain values that JSON can hold; `advice_from` reads them."""
    return {
        "name": piece.name,
        "title": piece.title,
        "reason": piece.reason,
        "set": {path: value for path, value in piece.changes.items() if value is not Remove},
        "remove": [path for path, value in piece.changes.items() if value is Remove],
        "done": piece.done,
        "pairs": piece.pairs,
    }


def advice_from(values: Mapping[str, Any]) -> Advice:
    """The piece that `advice_values` wrote."""
    return Advice(
        name=values["name"],
        title=values["title"],
        reason=values["reason"],
        changes={**values["set"], **dict.fromkeys(values["remove"], Remove)},
        done=values["done"],
        pairs=values["pairs"],
    )


def _judged(piece: Piece, view: ConfigReader, *, switch: Mapping[str, Any], after: ConfigReader) -> Advice:
    """A piece with what else it takes, and whether the config has it so, and keeps it when the type of model changes."""
    own = piece.changes.items()
    done = all(_has(view, *one) and _has(after, *one) for one in own) if own else piece.holds
    bound = piece.pairs or any(path.startswith((HEADS, BACKBONES)) for path in piece.changes)
    changes = {**switch, **piece.changes} if bound and not done else dict(piece.changes)
    return Advice(
        name=piece.name, title=piece.title, reason=piece.reason, changes=changes, done=done, pairs=piece.pairs
    )


def _has(view: ConfigReader, path: str, value: Any) -> bool:
    """Whether a config says this already."""
    if value is Remove:
        return not tree.has(view.values, path)
    return tree.same(tree.get(view.values, path) if path in SPEC.sections else view.value(path), value)


# -- which model -------------------------------------------------------------------------------------------


def _model_type(in_use: str, facts: Facts) -> str:
    """The type that the labels speak for; the one in use where it is a half of that, or does that and more."""
    wanted = _best_type(facts)
    if in_use not in MODEL_TYPES or misfit(in_use, facts):
        return wanted
    kind, best = MODEL_TYPES[in_use], MODEL_TYPES[wanted]
    is_half = kind.pairs_with(best)
    does_more = kind.identities and (kind.cropped, kind.one_animal) == (best.cropped, best.one_animal)
    return in_use if is_half or does_more else wanted


def _best_type(facts: Facts) -> str:
    if not facts.get("max_instances_per_frame"):
        return _CENTRES
    if not misfit(_ONE_ANIMAL, facts):
        return _ONE_ANIMAL
    share = _share_of_image(facts)
    joins = not misfit(_JOINED, facts)
    return _JOINED if joins and share is not None and share > _MOST_OF_IMAGE else _CROPPED


def _share_of_image(facts: Facts) -> float | None:
    """The median animal's longer side, as a share of the commonest image's shorter side."""
    size, images = facts.get("instance_size"), facts.get("image_sizes")
    if not size or not images:
        return None
    return float(size["median"]) / float(min(images[0]["height"], images[0]["width"]))


def _switch(view: ConfigReader, wanted: str) -> dict[str, Any]:
    """What makes a config one of another type: the head, and the UNet, of the preset of that type."""
    values = load_preset(preset_of(wanted).name)
    found: dict[str, Any] = {}
    for section in (HEADS, BACKBONES):
        chosen = ConfigReader(values).chosen(section)
        others = (SPEC.sections[child].name for child in SPEC.sections[section].sections)
        found |= {
            f"{section}.{name}": SPEC.left_out(f"{section}.{name}")
            for name in others
            if name not in chosen and view.on(f"{section}.{name}")
        }
        found |= {f"{section}.{name}": tree.get(values, f"{section}.{name}") for name in chosen}
    return found


def _model_piece(case: Case, switch: Mapping[str, Any]) -> Piece:
    name = case.kind.key
    preset = preset_of(name)
    return Piece(
        name="model",
        title=preset.title.partition(",")[0],
        reason=_WHY.get(name, _why_identities)(case),
        changes=switch,
        holds=not switch,
    )


def _why_single(case: Case) -> str:
    return f"No frame of {case.facts['labeled_frames']} shows more than one animal."


def _why_parts(case: Case) -> str:
    share = _share_of_image(case.facts)
    most = case.facts["max_instances_per_frame"]
    size = "" if share is None else f"; the box around one is {_percent(share)} of the image's shorter side"
    return (
        f"There are up to {counted(most, 'animal')} in a frame, which touch in {_percent(case.facts.get('touching', 0))} of "
        f"frames{size}: crops leave out the rest."
    )


def _why_centres(case: Case) -> str:
    if not case.facts.get("max_instances_per_frame"):
        return (
            f"The labels hold {counted(case.facts['centroid_marks'], 'mark')} of centres and no body parts."
        )
    return "It says where the animals are, for the model that finds the parts around each centre."


def _why_bottomup(case: Case) -> str:
    share = _share_of_image(case.facts) or 0
    return (
        f"The box around an animal is {_percent(share)} of the image's shorter side, so that crops would hold nearly the whole image, and "
        f"{counted(len(case.facts['edges']), 'limb')} join the parts."
    )


def _why_identities(case: Case) -> str:
    return f"The labels name {counted(len(case.facts.get('tracks', [])), 'animal')}, which this model tells apart."


_WHY: Mapping[str, Callable[[Case], str]] = {
    _ONE_ANIMAL: _why_single,
    _CROPPED: _why_parts,
    _CENTRES: _why_centres,
    _JOINED: _why_bottomup,
}


def _pair(case: Case) -> Iterator[Piece]:
    """A top-down model is a half: what the other one is."""
    if not case.facts.get("max_instances_per_frame"):
        return
    if case.kind.cropped:
        other = preset_of(_CENTRES)
    elif case.kind.centroid:
        other = preset_of(_CROPPED)
    else:
        return
    yield Piece(
        name="pair",
        title="Train two models",
        reason=f"This is one half of top-down; train “{other.title.partition(',')[0]}” on the same labels too, and predict "
        "with both.",
        changes={},
        pairs=True,
    )


def _percent(share: float) -> str:
    return f"{plain(100 * share, figures=2)}\u00a0%"
