"""Making states of a document, and their text: pure functions of what is never changed, for any thread."""

import attrs

from sleapnn_engine.config.files import copy_values, dump_config
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


def judged(state: State) -> State:
    """The same with what is wrong with its values."""
    return attrs.evolve(state, issues=tuple(validate(state.values)))


def judged_state(opened: Opened) -> State:
    """What a document has at first of an opened file, with what is wrong with it."""
    return judged(state_of(opened))


def text_of(state: State) -> str:
    """The text that saving a state would write."""
    return dump_config(state.values, base=state.text)
