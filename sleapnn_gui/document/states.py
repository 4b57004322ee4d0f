"""Making states of a document, and their text: pure functions of what is never changed, for any thread."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, dump_config
from sleapnn_engine.config.own_presets import keep_locked
from sleapnn_engine.config.validate import validate
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.files import Opened


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
    """The same with what is wrong with its values."""
    return attrs.evolve(state, issues=tuple(validate(state.values)))


def judged_state(opened: Opened) -> State:
    """What a document has at first of an opened file, with what is wrong with it."""
    return judged(state_of(opened))


def text_of(state: State) -> str:
    """The text that saving a state would write."""
    return dump_config(state.values, base=state.text)
