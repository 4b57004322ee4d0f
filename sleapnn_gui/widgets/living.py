"""All widgets there are, listed so that none of them goes while the list is made."""

import contextlib
import gc
from collections.abc import Iterator

from PySide6.QtWidgets import QApplication, QWidget


def all_widgets() -> list[QWidget]:
    """Every widget there is, those included that Qt itself has made.

    Qt hands over their places in memory, and PySide makes a Python object for one after the other. A search for garbage
    that begins meanwhile may end widgets whose turn is still to come, and the next look at their place ends the app.
    """
    with _nothing_goes():
        return QApplication.allWidgets()


def top_level_widgets() -> list[QWidget]:
    """Every window there is, shown or not, listed in the same way."""
    with _nothing_goes():
        return QApplication.topLevelWidgets()


@contextlib.contextmanager
def _nothing_goes() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
