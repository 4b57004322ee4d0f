"""What every editor can do, whatever kind of setting it edits."""

from typing import Any, Protocol

from PySide6.QtCore import SignalInstance


class Editor(Protocol):
    """A widget that shows and edits one value.

    `set_value` acts as a person would: it shows the value and tells. `show_value` only shows, and leaves text
    that already stands for the value as it was typed. `value` is what the widget says now: text that is no
    valid value of the kind comes back as the text itself. A value that was shown and not touched comes back
    exactly as it was given.
    """

    value_edited: SignalInstance
    wide: bool

    def value(self) -> Any: ...

    def set_value(self, value: Any) -> None: ...

    def show_value(self, value: Any) -> None: ...

    def describe(self, name: str, description: str) -> None:
        """Name and description for screen readers."""

    def mark(self, severity: str) -> None:
        """Show that the value has an error or warning; '' for neither."""

    def hint(self) -> str:
        """A sentence on what is chosen now, or ''."""

    def is_blank(self) -> bool:
        """Whether nothing has been entered."""

    def forget(self) -> None:
        """Drop what is kept of earlier input."""
