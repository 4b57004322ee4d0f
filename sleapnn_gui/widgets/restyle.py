"""Giving the application another stylesheet: at once for what is seen, for the rest when it is shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

_OWN_STYLE, _POLISHED = Qt.WidgetAttribute.WA_SetStyle, Qt.WidgetAttribute.WA_WState_Polished
_AT_ONCE = 100
"""Hidden widgets that are looked at in one turn of the event loop; it takes some 10 ms."""


def restyle(app: QApplication, steps: Sequence[Callable[[], None]]) -> Iterator[None]:
    """Have `steps` set the application's new palette and stylesheet; every `next` is one short turn's work.

    Qt styles each widget there is and has it hand its colours down to all below it, which takes seconds. Here hidden
    widgets are first undressed and kept out. Qt itself styles a widget when it is shown for the first time; one that was
    seen before is styled by `_Latecomers` when it is shown again. Nothing that is seen changes before everything does:
    from the first of the steps to the last, nothing is drawn.
    """
    kept_out: list[QWidget] = []
    still: list[QWidget] = []
    latecomers = _latecomers(app)
    try:
        yield from _undress_hidden(app, kept_out, latecomers)
        still += _hold_still(app)
        for step in steps:
            # What was shown since then wears the old look and has to change with the rest.
            _let_in(widget for widget in kept_out if shiboken6.isValid(widget) and widget.isVisible())
            step()
            yield
    finally:
        for window in filter(shiboken6.isValid, still):
            window.setUpdatesEnabled(True)
        _let_in(filter(shiboken6.isValid, kept_out))
        latecomers.wait()


def _undress_hidden(app: QApplication, kept_out: list[QWidget], latecomers: "_Latecomers") -> Iterator[None]:
    there_are = app.allWidgets()
    for begin in range(0, len(there_are), _AT_ONCE):
        for widget in there_are[begin : begin + _AT_ONCE]:
            if _is_ours(widget):
                kept_out.append(widget)
                if _undress(app, widget):
                    latecomers.expected.add(widget)
        yield


def _hold_still(app: QApplication) -> list[QWidget]:
    """The windows that are drawn, and from now on are not."""
    drawn = [window for window in app.topLevelWidgets() if window.isVisible() and window.updatesEnabled()]
    for window in drawn:
        window.setUpdatesEnabled(False)
    return drawn


def _let_in(widgets: Iterable[QWidget]) -> None:
    for widget in widgets:
        widget.setAttribute(_OWN_STYLE, False)


class _Latecomers(QObject):
    """Has Qt style widgets that wear nothing, for they were undressed while they were hidden, when they are shown.

    Qt remembers that it has styled them once, and would leave them as they are.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("latecomers")
        self.expected: set[QWidget] = set()

    def wait(self) -> None:
        """Style what is seen already, and wait for the rest; not before all has changed, for each event costs a call."""
        expected, self.expected = self.expected, set()
        for widget in expected:
            if not shiboken6.isValid(widget):
                continue
            if widget.isVisible():
                _dress(widget)
            else:
                widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            watched.removeEventFilter(self)
            _dress(watched)
        return False


def _latecomers(app: QApplication) -> _Latecomers:
    return app.findChild(_Latecomers, "latecomers") or _Latecomers(app)


def _dress(widget: QWidget) -> None:
    if not widget.testAttribute(_POLISHED):
        QApplication.sendEvent(widget, QEvent(QEvent.Type.Polish))


def _held_still(app: QApplication) -> list[QWidget]:
    """The windows that are drawn, and from now on are not."""
    drawn = [window for window in app.topLevelWidgets() if window.isVisible() and window.updatesEnabled()]
    for window in drawn:
        window.setUpdatesEnabled(False)
    return drawn


def _is_ours(widget: QWidget) -> bool:
    return shiboken6.isValid(widget) and not widget.isVisible() and not widget.testAttribute(_OWN_STYLE)


def _undress(app: QApplication, widget: QWidget) -> bool:
    """Take a hidden widget's look away; whether it had one."""
    widget.setAttribute(_OWN_STYLE)
    if not widget.testAttribute(_POLISHED):
        return False
    app.style().unpolish(widget)
    widget.setAttribute(_POLISHED, False)
    return True
