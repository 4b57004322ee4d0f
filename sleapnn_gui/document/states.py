"""Making states of a document, and their text: pure functions of what is never changed, for any thread."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, dump_config, parse_config
from sleapnn_engine.config.issue import Remove
from sleapnn_engine.config.own_presets import keep_locked
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import validate
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.files import Opened
from sleapnn_gui.document.starting import starting_values

_ABSENT = object()


def state_of(opened: Opened) -> State:
    """What a document has at first of an opened file."""
    return State(
        values=copy_values(opened.values),
        opened=copy_values(opened.values),
        text=opened.text,
        title=opened.title,
        path=opened.path,
    )


#: What a preset never replaces.
LABELS = ("data_config.train_labels_path", "data_config.val_labels_path", "data_config.test_file_path")


def with_preset(
    values: Mapping[str, Any], opened: Opened, *, locked: Sequence[str] = ()
) -> tuple[State, list[str]]:
    """What a config becomes with a preset: labels and what is locked stay; and the locked settings that did."""
    after = state_of(opened)
    for path in LABELS:
        if tree.get(values, path):
            tree.put(after.values, path, copy_values(tree.get(values, path)))
    return after, keep_locked(after.values, values, locked)


def judged(state: State) -> State:
    """The same with what is wrong with its values, those of the other half of a pair included."""
    other = None if state.other is None else judged(state.other)
    return attrs.evolve(state, issues=tuple(validate(state.values)), other=other)


def judged_state(opened: Opened) -> State:
    """What a document has at first of an opened file, with what is wrong with it."""
    return judged(state_of(opened))


def differences(state: State, baseline: Callable[[str], Any]) -> Iterator[tuple[str, Any, Any]]:
    """(dotted path, opened value, present value) of everything that differs; `baseline` knows what is not in the file."""
    before, after = dict(tree.leaves(state.opened)), dict(tree.leaves(state.values))
    for path in dict.fromkeys([*after, *before]):
        old, new = before.get(path, _ABSENT), after.get(path, _ABSENT)
        if old is _ABSENT and path in SPEC.keys:
            old = baseline(path)
        if new is not _ABSENT and not tree.same(old, new):
            yield path, None if old is _ABSENT else old, new


def text_of(state: State) -> str:
    """The text that saving a state would write."""
    return dump_config(state.values, base=state.typed or state.text)


def with_text(state: State, text: str, *, shown: Mapping[str, Any]) -> tuple[State, dict[str, Any]]:
    """What a state becomes with a text that was typed, and the values of that text; `shown` are those it had before.

    What was not typed stays as it is in the state, where it may have changed since, or not be shown at all. Raises
    UserError where the text is no config.
    """
    said = parse_config(text).values
    values = _merged(state.values, shown, said)
    after = attrs.evolve(state.copy(), values=values)
    before, now = ConfigReader(state.values), ConfigReader(values)
    for path in SPEC.sections:
        if now.on(path):
            after.parked.pop(path, None)
        elif before.on(path) and isinstance(kept := tree.get(state.values, path), dict):
            after.parked[path] = copy_values(kept)
    return attrs.evolve(after, typed=dump_config(values, base=text)), said


def _merged(mine: Mapping[str, Any], shown: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """`said` in its order, with what it leaves as it was `shown` replaced by what that is by now."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        untouched = name in shown and _equal(value, shown[name])
        if untouched:
            if name in mine:
                found[name] = copy_values(mine[name])
        elif all(isinstance(part.get(name), dict) for part in (mine, shown, said)):
            found[name] = _merged(mine[name], shown[name], value)
        else:
            found[name] = copy_values(value)
    added = {
        name: copy_values(value) for name, value in mine.items() if name not in said and name not in shown
    }
    return {**found, **added}


def _equal(first: Any, second: Any) -> bool:
    """Equal, and written alike: 1 and 1.0 are two things to write."""
    return type(first) is type(second) and tree.same(first, second) and repr(first) == repr(second)


def switch_section(state: State, path: str, on: bool, *, view: ConfigReader) -> None:
    """Use a section with what it had when it was last in use, or keep its values aside; `view` is of before."""
    if on:
        kept = state.parked.pop(path, None)
        if kept is None:
            kept = starting_values(path, view)
            state.started[path] = copy_values(kept)
        tree.put(state.values, path, kept)
        return
    present = tree.get(state.values, path)
    state.parked[path] = present if isinstance(present, dict) else SPEC.defaults(path)
    write_value(state.values, path, SPEC.left_out(path))


def choose_child(state: State, path: str, name: str | None, *, view: ConfigReader) -> None:
    """Use one child of a one-of section, or none; `view` is of before."""
    if not view.on(path):
        tree.put(state.values, path, {})
    for child in SPEC.sections[path].sections:
        wanted = SPEC.sections[child].name == name
        if wanted != view.on(child):
            switch_section(state, child, wanted, view=view)
        elif not wanted:
            write_value(state.values, child, SPEC.left_out(child))


def write_value(values: dict[str, Any], path: str, value: Any) -> None:
    """Set a key; `Remove` takes it out of the file."""
    if value is Remove:
        tree.drop(values, path)
    else:
        tree.put(values, path, copy_values(value))
