"""Giving the application another stylesheet: at once for what is seen, for the rest when it is shown."""

from collections.abc import Callable, Iterator

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

_OWN_STYLE, _POLISHED = Qt.WidgetAttribute.WA_SetStyle, Qt.WidgetAttribute.WA_WState_Polished
_AT_ONCE = 100
"""Hidden widgets that are looked at in one turn of the event loop; it takes some 10 ms."""


def restyle(app: QApplication, dress: Callable[[], None]) -> Iterator[None]:
    """Have `dress` set the application's new palette and stylesheet; every `next` is one short turn's work.

    Qt styles each widget there is and has it hand its colours down to all below it, which takes seconds. Here hidden
    widgets are first undressed and kept out; Qt itself styles a widget that is not when it is shown. Nothing that is
    seen changes before the turn in which everything does.
    """
    kept_out: list[QWidget] = []
    try:
        there_are = app.allWidgets()
        for begin in range(0, len(there_are), _AT_ONCE):
            for widget in there_are[begin : begin + _AT_ONCE]:
                if _is_ours(widget):
                    kept_out.append(widget)
                    _undress(app, widget)
            yield
        for widget in kept_out:
            # What was shown since then wears the old look and has to change with the rest.
            if shiboken6.isValid(widget) and widget.isVisible():
                widget.setAttribute(_OWN_STYLE, False)
        dress()
        yield
    finally:
        for widget in kept_out:
            if shiboken6.isValid(widget):
                widget.setAttribute(_OWN_STYLE, False)


def _is_ours(widget: QWidget) -> bool:
    return shiboken6.isValid(widget) and not widget.isVisible() and not widget.testAttribute(_OWN_STYLE)


def _undress(app: QApplication, widget: QWidget) -> None:
    widget.setAttribute(_OWN_STYLE)
    if widget.testAttribute(_POLISHED):
        app.style().unpolish(widget)
        widget.setAttribute(_POLISHED, False)
