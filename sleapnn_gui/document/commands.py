"""The one undo step there is: from one whole state of the document to another."""

from collections.abc import Callable
from typing import Any

import attrs
from PySide6.QtGui import QUndoCommand

from sleapnn_engine.config.files import copy_values


@attrs.frozen
class State:
    """What the file says, and the values kept for sections that are null in it, by dotted path."""

    values: dict[str, Any]
    parked: dict[str, dict[str, Any]]

    def copy(self) -> "State":
        return State(copy_values(self.values), copy_values(self.parked))


class Edit(QUndoCommand):
    """Moves the document between two states; edits of one key in a row are one step."""

    _ID = 1

    def __init__(
        self, title: str, before: State, after: State, key: str, show: Callable[[State], None]
    ) -> None:
        super().__init__(title)
        self._before, self._after, self._key, self._show = before, after, key, show

    def id(self) -> int:
        return self._ID if self._key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Edit) or other._key != self._key:
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        self._show(self._before)

    def redo(self) -> None:
        self._show(self._after)
