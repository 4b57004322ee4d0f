"""What a press on a part or an animal makes of a choice: the new value of its setting and the name of the act."""

from collections.abc import Sequence
from typing import Any

import attrs

from sleapnn_gui.widgets.language import tr


@attrs.frozen
class Picked:
    """A press: the part that was pressed, the one pressed before it (of a limb), and the track of the animal."""

    part: str
    first: str | None = None
    track: str | None = None


def chosen_names(answer: dict[str, Any], mode: str) -> list[Any]:
    """The parts, limbs or tracks that are chosen; all there are where the setting is empty."""
    chosen = answer["chosen"].get(mode)
    said = chosen["value"] if chosen else None
    return list(said) if isinstance(said, list) and said else _all(answer, mode)


def _all(answer: dict[str, Any], mode: str) -> list[Any]:
    if mode == "limbs":
        nodes = answer["nodes"]
        return [[nodes[a], nodes[b]] for a, b in answer["edges"]]
    return list(answer["all_tracks"] if mode == "identities" else answer["nodes"])


def pressed(answer: dict[str, Any], mode: str, on: Picked) -> tuple[Any, str] | str | None:
    """The value and the name of the act, a sentence where it cannot be, None where nothing is to be done yet."""
    if mode == "anchor":
        if answer["chosen"][mode]["value"] == on.part:
            return None, tr("Centre in the middle of the box")
        return on.part, tr("Centre on {part}", part=on.part)
    if mode == "parts":
        return _toggled(answer, mode, on.part, on.part)
    if mode == "limbs":
        return None if on.first is None else _limb(answer, on.first, on.part)
    if mode == "identities":
        if on.track is None:
            return tr("This animal has no track in the labels, so it cannot be told apart by one.")
        return _toggled(answer, mode, on.track, on.track)
    return None


def _limb(answer: dict[str, Any], first: str, second: str) -> tuple[Any, str] | str | None:
    if first == second:
        return None
    ways = ([first, second], [second, first])
    there = next((list(edge) for edge in chosen_names(answer, "limbs") if list(edge) in ways), None)
    return _toggled(
        answer, "limbs", there or ways[0], tr("the limb {first} → {second}", first=first, second=second)
    )


def _toggled(answer: dict[str, Any], mode: str, name: Any, words: str) -> tuple[Any, str] | str:
    names = [list(one) if mode == "limbs" else one for one in chosen_names(answer, mode)]
    left_out = name in names
    names = [one for one in names if one != name] if left_out else [*names, name]
    if not names:
        return tr("One has to stay, or there is nothing to learn.")
    value = None if names == _all(answer, mode) else names
    return value, f"{tr('Leave out') if left_out else tr('Learn')} {words}"


def in_words(mode: str, answer: dict[str, Any]) -> str:
    """What is chosen now, short; a dash where this type of model chooses nothing of the kind."""
    chosen = answer["chosen"].get(mode)
    if chosen is None:
        return "–"
    if mode == "anchor":
        return str(chosen["value"] or tr("middle of the box"))
    names, everything = chosen_names(answer, mode), _all(answer, mode)
    if not names:
        return tr("none in the labels")
    if names == everything:
        return tr("all {count}", count=len(names))
    listed = [" → ".join(map(str, one)) if mode == "limbs" else str(one) for one in names]
    return (
        tr("{count} of {all}: {names}", count=len(names), all=len(everything), names=_first(listed))
        if mode != "limbs"
        else f"{len(names)}: {_first(listed)}"
    )


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
