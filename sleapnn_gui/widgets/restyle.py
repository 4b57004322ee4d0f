"""Giving the application another stylesheet: at once for what is seen, for the rest when it is shown."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from sleapnn_gui.widgets.living import all_widgets, top_level_widgets

_OWN_STYLE, _POLISHED = Qt.WidgetAttribute.WA_SetStyle, Qt.WidgetAttribute.WA_WState_Polished
_TAKES_NO_COLORS = Qt.WidgetAttribute.WA_StyleSheet
"""What Qt sets on a widget with a stylesheet: that in which it is hands no colours down to it, nor to all below it."""
_UNDRESSED = "undressed"
"""Property of widgets that were styled once, and wear nothing now."""
_LOOKED_AT = 100
"""Widgets that are looked at in one turn of the event loop; it takes a few milliseconds."""
_UNDRESSED_AT_ONCE = 40
"""Widgets that are undressed in one turn of the event loop; it takes some 10 ms."""
_DRESSED = 12
"""Widgets that are dressed in one turn of the event loop: each costs a millisecond."""
_DRESSED_BESIDE = 4
"""The same where nobody waits for it, and other things are done as well."""


def restyle(
    app: QApplication, *, recolor: Callable[[], None], sheet: Callable[[], str], told: Callable[[], None]
) -> Iterator[None]:
    """Give the application a new palette by `recolor` and a new stylesheet; every `next` is one short turn's work.

    Qt styles each widget there is and has it hand its colours down to all below it, which takes seconds. Here all
    widgets are first undressed and kept out of that, those that are seen last. In the end these are dressed some at a
    time. Nothing that is seen changes before everything does: from before it is undressed until `told` was called,
    nothing is drawn. What is hidden is dressed after that, or when it is shown, if that comes first: by Qt for the first
    time, by `_Latecomers` if it was seen before.
    """
    kept_out: list[QWidget] = []
    still: list[QWidget] = []
    is_whole = False
    latecomers = _latecomers(app)
    try:
        yield from latecomers.release()
        yield from _undress(app, lambda widget: not widget.isVisible(), kept_out, latecomers.expected)
        still += _hold_still(app)
        yield from _undress(app, lambda widget: True, kept_out, latecomers.expected)
        app.setStyleSheet("")
        yield
        recolor()
        yield from _set(kept_out, _TAKES_NO_COLORS, True)
        app.setStyleSheet(sheet())
        yield
        yield from _set(kept_out, _OWN_STYLE, False)
        is_whole = True
        # A layout that asks for sizes has had some of them polished, in the little that there was to wear.
        latecomers.expected |= {w for w in kept_out if shiboken6.isValid(w) and w.testAttribute(_POLISHED)}
        yield from latecomers.wait()
        yield from latecomers.dress()
        told()
        _draw(still)
        yield
        yield from latecomers.dress_hidden()
    finally:  # also where the change is given up before
        if not is_whole:
            for _ in chain(_set(kept_out, _OWN_STYLE, False), _set(kept_out, _TAKES_NO_COLORS, True)):
                pass
        for _ in chain(latecomers.wait(), latecomers.dress()):
            pass
        _draw(still)


def _undress(
    app: QApplication, chosen: Callable[[QWidget], bool], kept_out: list[QWidget], expected: set[QWidget]
) -> Iterator[None]:
    """Take the look of some widgets away and keep Qt from giving them another; adds those that had one to `expected`."""
    there_are = [widget for widget in all_widgets() if shiboken6.createdByPython(widget)]
    yield
    for begin in range(0, len(there_are), _UNDRESSED_AT_ONCE):
        for widget in there_are[begin : begin + _UNDRESSED_AT_ONCE]:
            if not shiboken6.isValid(widget) or widget.testAttribute(_OWN_STYLE) or not chosen(widget):
                continue
            kept_out.append(widget)
            for part in _with_parts(widget):
                part.setAttribute(_OWN_STYLE)
                if part.testAttribute(_POLISHED):
                    app.style().unpolish(part)
                    part.setAttribute(_POLISHED, False)
                    part.setProperty(_UNDRESSED, True)
                    expected.add(widget)
        yield


def _with_parts(widget: QWidget) -> Iterator[QWidget]:
    """A widget and those in it that Qt itself has made, as scroll bars; a widget before those in it.

    Of these nobody keeps a reference: PySide is not told when they go, and would take another one at the same place in
    memory for what it knew, which ends the app.
    """
    yield widget
    for child in widget.children():
        if isinstance(child, QWidget) and not shiboken6.createdByPython(child):
            yield from _with_parts(child)


def _hold_still(app: QApplication) -> list[QWidget]:
    """The windows that are drawn, and from now on are not."""
    drawn = [window for window in top_level_widgets() if window.isVisible() and window.updatesEnabled()]
    for window in drawn:
        window.setUpdatesEnabled(False)
    return drawn


def _draw(still: Iterable[QWidget]) -> None:
    for window in filter(shiboken6.isValid, still):
        window.setUpdatesEnabled(True)


def _set(widgets: list[QWidget], attribute: Qt.WidgetAttribute, value: bool) -> Iterator[None]:
    for begin in range(0, len(widgets), _LOOKED_AT):
        for widget in filter(shiboken6.isValid, widgets[begin : begin + _LOOKED_AT]):
            for part in _with_parts(widget):
                part.setAttribute(attribute, value)
        yield


class _Latecomers(QObject):
    """Has Qt style widgets that wear nothing, for they were undressed while they were hidden, when they are shown.

    Qt remembers that it has styled them once, and would leave them as they are.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("latecomers")
        self.expected: set[QWidget] = set()
        #: How many widgets each is in: to count them for all of them takes a turn of its own.
        self._waited_for: dict[QWidget, int] = {}

    def release(self) -> Iterator[None]:
        """Wait for nothing while all changes, in which every widget is told of new colours."""
        while self._waited_for:
            for widget in [
                self._waited_for.popitem()[0] for _ in range(min(_LOOKED_AT, len(self._waited_for)))
            ]:
                if shiboken6.isValid(widget):
                    widget.removeEventFilter(self)
                    self.expected.add(widget)
            yield

    def wait(self) -> Iterator[None]:
        """Wait for what is hidden to be shown, for some more of it with every `next`.

        Not before all has changed: from then on each event of these widgets costs a call.
        """
        hidden = [widget for widget in self.expected if shiboken6.isValid(widget) and not widget.isVisible()]
        for begin in range(0, len(hidden), _LOOKED_AT):
            for widget in hidden[begin : begin + _LOOKED_AT]:
                if shiboken6.isValid(widget) and not widget.isVisible():
                    self.expected.discard(widget)
                    self._waited_for[widget] = _depth(widget)
                    widget.installEventFilter(self)
            yield

    def dress(self) -> Iterator[None]:
        """Style what is seen, some of it with every `next`; a widget before those in it, which take its colours."""
        seen = sorted(filter(shiboken6.isValid, self.expected), key=_depth)
        self.expected.clear()
        for begin in range(0, len(seen), _DRESSED):
            for widget in filter(shiboken6.isValid, seen[begin : begin + _DRESSED]):
                _dress(widget)
            yield

    def dress_hidden(self) -> Iterator[None]:
        """Style what was waited for, a little of it with every `next`, so that a page is shown in no time."""
        for number, widget in enumerate(sorted(self._waited_for, key=self._waited_for.__getitem__)):
            self._come(widget)
            if number % _DRESSED_BESIDE == _DRESSED_BESIDE - 1:
                yield

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            self._come(watched)
        return False

    def _come(self, widget: QWidget) -> None:
        if self._waited_for.pop(widget, None) is not None and shiboken6.isValid(widget):
            widget.removeEventFilter(self)
            _dress(widget)


def _latecomers(app: QApplication) -> _Latecomers:
    return app.findChild(_Latecomers, "latecomers") or _Latecomers(app)


def _dress(widget: QWidget) -> None:
    # Also where Qt takes it for styled: a layout that asks for its size has it polished, in whatever there was to wear.
    # The field in a list of choices takes its colours from the list, which so comes last.
    for part in reversed(list(_with_parts(widget))):
        if part.property(_UNDRESSED) or part.testAttribute(_POLISHED):  # Qt itself is to style the others
            part.setProperty(_UNDRESSED, None)
            QApplication.sendEvent(part, QEvent(QEvent.Type.Polish))


def _depth(widget: QWidget) -> int:
    """How many widgets this one is in.

    Not by `parentWidget`, with which PySide hands the widget to its parent's object in Python, which may be gone at once.
    """
    depth, parent = 0, widget.parent()
    while parent is not None:
        depth, parent = depth + 1, parent.parent()
    return depth
