"""What a completer always has, though PySide's types leave it open: its list, and the row that is chosen there."""

from collections.abc import Callable

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QAbstractItemView, QCompleter


def list_of(completer: QCompleter) -> QAbstractItemView:
    """The list under the field; Qt makes it on the first call."""
    popup = completer.popup()
    assert popup is not None
    return popup


def on_row(completer: QCompleter, chosen: Callable[[int], None]) -> None:
    """Tell `chosen` of each row that is chosen in the list.

    The completer's own model is a proxy, so the row is what it has in common with the model that it was given.
    """
    # PySide's types know no overloads of signals.
    completer.activated[QModelIndex].connect(lambda index: chosen(index.row()))  # type: ignore[index]


def on_text(completer: QCompleter, chosen: Callable[[str], None]) -> None:
    """Tell `chosen` of each text that is chosen in the list."""
    completer.activated[str].connect(chosen)  # type: ignore[index]  # as above
