"""The one undo step there is: from one whole state of the document to another."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
from PySide6.QtGui import QUndoCommand

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.own_presets import label_of
from sleapnn_engine.config.tree import same
from sleapnn_gui.widgets.language import tr

_ABSENT = object()
#: In place of a key, for edits of the text.
TYPED = "text"


@attrs.frozen
class State:
    """What the file says, the values kept for sections that are null in it, and where both come from.

    `parked` is by dotted path, as is `started`: what sections began with that were not in use in what was opened.
    `opened`, `started` and `text`, which is what stands in the file, are what changes are measured against and saved into.
    Of a top-down pair this is the `half` in hand and `other` the model beside it; without a pair these are '' and None.
    """

    values: dict[str, Any] = attrs.field(factory=dict)
    parked: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    started: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    opened: dict[str, Any] = attrs.field(factory=dict)
    text: str = ""
    title: str = ""
    #: What a person typed as the text of all this; '' where it is made of the values and `text`, as saving does.
    typed: str = ""
    path: Path | None = None
    half: str = ""
    other: "State | None" = None
    #: What is wrong with the values; found before a state is shown, so that showing it cannot fail.
    issues: tuple[Issue, ...] = attrs.field(default=(), eq=False)

    def copy(self) -> "State":
        """A state whose values and kept sections can be changed without touching this one."""
        return attrs.evolve(
            self,
            values=copy_values(self.values),
            parked=copy_values(self.parked),
            started=copy_values(self.started),
        )

    def moved(self, homes: Mapping[str, dict[str, Any]]) -> "State":
        """Each half in another file, by its name: path, title, text and the values that stand in it."""
        other = None if self.other is None else self.other.moved(homes)
        return attrs.evolve(self, other=other, **homes.get(self.half, {}))

    def known(self, path: str) -> tuple[dict[str, Any], str] | None:
        """The values that a key is measured against and its path in them; None where the default is meant."""
        if tree.has(self.opened, path):
            return self.opened, path
        for section, values in self.started.items():
            rest = path.removeprefix(f"{section}.")
            if rest != path and tree.has(values, rest):
                return values, rest
        return None


class Edit(QUndoCommand):
    """Moves the document between two states; edits of one key in a row are one step."""

    _ID = 1
    #: Edits of one key further apart than this, in seconds, are two intentions and so two steps.
    _TOGETHER = 1.5

    def __init__(
        self, title: str, before: State, after: State, key: str, show: Callable[[State], None]
    ) -> None:
        super().__init__(title)
        self._before, self._after, self._key, self._show = before, after, key, show
        self._last = time.monotonic()

    def id(self) -> int:
        return self._ID if self._key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Edit) or other._key != self._key or other._after.half != self._after.half:
            return False
        if other._last - self._last > self._TOGETHER:
            return False
        self._after, self._last = other._after, other._last
        if self._key == TYPED:
            self.setText(typing_title(self._before, self._after))
        # PySide keeps a merged step for as long as the undo stack, so it lets go of its states.
        other._before = other._after = State()
        return True

    def move(self, homes: Mapping[str, dict[str, Any]]) -> None:
        """Both states belong to other files now, by their halves: path, title, text and the values that stand in it."""
        self._before, self._after = self._before.moved(homes), self._after.moved(homes)

    def undo(self) -> None:
        self._show(self._before)

    def redo(self) -> None:
        self._show(self._after)


def typing_title(before: State, after: State) -> str:
    """The name of an edit of the text."""
    paths = changed_paths(before, after)
    if len(paths) == 1:
        return tr("Edit {label}", label=tr(label_of(paths[0])))
    return tr("Edit {count} settings as text", count=len(paths)) if paths else tr("Edit comments")


def changed_paths(before: State, after: State) -> list[str]:
    """Dotted paths of what differs between two states, kept sections included."""
    old, new = dict(tree.leaves(before.values)), dict(tree.leaves(after.values))
    for leaves, state in ((old, before), (new, after)):
        leaves.update(
            (path, value)
            for section, kept in state.parked.items()
            for path, value in tree.leaves(kept, section)
        )
    return [
        path
        for path in dict.fromkeys([*old, *new])
        if not same(old.get(path, _ABSENT), new.get(path, _ABSENT))
    ]
