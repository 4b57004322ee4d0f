"""Both models of a top-down pair in one state: which of them is in hand, and what a change of one means for the other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.pairs import (
    CENTRE,
    CROPPED,
    WORDS,
    file_of_half,
    half_of,
    is_shared,
    other_half,
    preset_of_other,
    with_shared,
)
from sleapnn_engine.config.reader import HEADS, ConfigReader
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.files import Opened, open_preset
from sleapnn_gui.document.states import choose_child, state_of
from sleapnn_gui.widgets.language import tr

_MARK = "|"


def halves(state: State) -> list[State]:
    """The states of both models, each by itself, that in hand first; the only one where there is no pair."""
    return [attrs.evolve(state, other=None), *([state.other] if state.other is not None else [])]


def in_order(state: State) -> list[State]:
    """The same in the order they are trained: first what finds the centres."""
    return sorted(halves(state), key=lambda one: one.half != CENTRE)


def turned(state: State, half: str) -> State:
    """The same with this half in hand."""
    if state.other is None or state.half == half:
        return state
    return attrs.evolve(state.other, other=attrs.evolve(state, other=None))


def same_work(one: State, other: State) -> bool:
    """Whether two states are the same, whichever half is in hand."""
    return {id(part.values) for part in halves(one)} == {id(part.values) for part in halves(other)}


def linked(after: State) -> State:
    """What an edit makes of both halves: what they share changes in the other one too.

    A model that the other half has no use for is no half of a pair any more.
    """
    other = after.other
    if other is None:
        return after
    mine, theirs = (MODEL_TYPES.get(_type_of(one.values)) for one in (after, other))
    if mine is None or theirs is None:
        return after  # of no type, or of several: whoever types is not done
    if not mine.pairs_with(theirs):
        return alone(after)
    values = with_shared(other.values, after.values)
    return after if values == other.values else attrs.evolve(after, other=attrs.evolve(other, values=values))


def paired(state: State, view: ConfigReader) -> State:
    """A state with the other half of top-down, which begins as its preset has it; `view` reads the state.

    Another type of model becomes one of crops first.
    """
    if not half_of(state.values):
        state = state.copy()
        choose_child(state, HEADS, CROPPED, view=view)
    opened = open_preset(preset_of_other(state.values))
    other = state_of(opened)
    return joined(state, attrs.evolve(other, values=other_half(state.values, opened.values)))


def joined(state: State, other: State) -> State:
    """Two halves as one, the first in hand; what they share is as the first has it."""
    other = attrs.evolve(
        other,
        half=half_of(other.values),
        other=None,
        values=with_shared(other.values, state.values),
    )
    return attrs.evolve(state, half=half_of(state.values), other=other)


def joined_file(state: State, opened: Opened) -> State:
    """A state with the other half as it stands in a file."""
    return joined(state, state_of(opened))


def alone(state: State) -> State:
    """The half in hand without the other."""
    return attrs.evolve(state, half="", other=None)


def in_pair(before: State, after: State) -> State:
    """A state that came in place of the half in hand, with the other half still beside it."""
    return attrs.evolve(after, half=before.half, other=before.other)


def named_after(state: State, name: Path) -> list[Path]:
    """Where both halves are saved when a person calls the pair so, the one in hand first."""
    return [file_of_half(name, one.values) for one in halves(state)]


def files_of(state: State) -> list[Path]:
    """Where saving writes to without asking, the half in hand first: what has no file goes beside what has; [] without any."""
    places = [one.path for one in halves(state)]
    known = next((path for path in places if path is not None), None)
    if known is None:
        return []
    found = [path or file_of_half(known, one.values) for path, one in zip(places, halves(state), strict=True)]
    return found if len(set(found)) == len(found) else []


def title_of(state: State) -> str:
    """What both are called, the parts first: "flies.centered_instance.yaml + .centroid.yaml"."""
    if state.other is None:
        return state.title
    if state.path is None and state.other.path is None:
        return tr("Top-down pair")
    parts, centre = sorted(halves(state), key=lambda one: list(WORDS).index(one.half))
    stem = parts.title.partition(".")[0]
    short = centre.title.removeprefix(stem)
    return f"{parts.title} + {short if short.startswith('.') else centre.title}"


def issues_beside(state: State, found: list[Issue]) -> list[Issue]:
    """What is wrong with the other half, each with a path that says so; what is shared is told of the half in hand."""
    other = state.other
    if other is None:
        return []
    told = {(issue.path, issue.message) for issue in state.issues if is_shared(issue.path)}
    every = (*other.issues, *found)
    return [
        attrs.evolve(issue, path=path_in(other.half, issue.path))
        for issue in every
        if (issue.path, issue.message) not in told
    ]


def path_in(half: str, path: str) -> str:
    """A setting of one half, for who may have the other in hand."""
    return f"{half}{_MARK}{path}"


def split_path(path: str) -> tuple[str, str]:
    """The half that a path is of, '' where it says none, and the setting."""
    half, mark, rest = path.partition(_MARK)
    return (half, rest) if mark else ("", path)


def _type_of(values: Mapping[str, Any]) -> str:
    return ConfigReader(values).head().rpartition(".")[2]
