"""A person who presses everything: what can be pressed, a real click on it, and whether anything is seen of it."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator

import attrs
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QMenuBar,
    QScrollArea,
    QTabBar,
    QTableView,
    QTextBrowser,
    QTreeWidget,
    QWidget,
)

from sleapnn_gui.form.row import Row
from sleapnn_gui.inspector.see.crop_view import CropFrame
from sleapnn_gui.inspector.see.skeleton_picture import SkeletonPicture
from sleapnn_gui.monitor.frame_view import FrameView
from sleapnn_gui.widgets.living import top_level_widgets

PATIENCE = 15.0
"""Seconds in which something must be seen; what is drawn some at a time may take long on a busy machine."""
REST = 1.5
"""Seconds within which a window comes to rest; one in which something always moves is not waited for longer."""
TURN_MS = 20
"""How often is looked whether something happened."""

MOST_MISSED = 3
"""How often a control may go away just before it is pressed."""

LEFT, FREE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NONE = Qt.KeyboardModifier.NoModifier

#: A press on a row goes to its editor, one on a picture begins to drag it or means a part that may be elsewhere: none of
#: these looks like a button.
_NOT_PRESSED = (Row, FrameView, CropFrame, SkeletonPicture, QMenu, QMenuBar)
_TARGET = re.compile(r'<a [^>]*href="([^"]*)"')


@attrs.frozen
class Control:
    """One place to press. `find` says where it is now, in coordinates of `widget`; empty where it cannot be found."""

    owner: QWidget
    name: str
    find: Callable[[], QRect]
    twice: bool = False
    is_link: bool = False

    @property
    def widget(self) -> QWidget:
        """What takes the press."""
        return self.owner.viewport() if isinstance(self.owner, QAbstractScrollArea) else self.owner

    @property
    def is_there(self) -> bool:
        """Whether it can still be pressed; it may have gone, or be chosen by now."""
        owner = self.owner
        return (
            shiboken6.isValid(owner)
            and owner.isVisible()
            and owner.isEnabled()
            and any(control.name == self.name for control in _places(owner))
        )


def controls(root: QWidget) -> dict[tuple[str, ...], Control]:
    """Everything that looks as if it could be pressed and is not chosen already, by where it stands."""
    found: dict[tuple[str, ...], Control] = {}
    count: Counter[tuple[str, ...]] = Counter()
    for widget in [root, *root.findChildren(QWidget)]:
        if widget.isVisible() and widget.isEnabled() and widget.window() is root.window():
            for control in _places(widget):
                key = (*_ancestors(widget), control.name)
                count[key] += 1
                found[*key, str(count[key])] = control
    return found


def _ancestors(widget: QWidget | None) -> list[str]:
    names = []
    while widget is not None:
        names.append(widget.objectName() or type(widget).__name__)
        widget = widget.parentWidget()
    return names[::-1]


def _places(widget: QWidget) -> Iterator[Control]:
    field = widget.parent()
    if isinstance(field, QLineEdit) and not field.text():
        return  # the button that empties a field fades away for a moment once there is nothing to empty
    if isinstance(widget, QAbstractButton):
        group = widget.group()
        exclusive = group.exclusive() if group is not None else widget.autoExclusive()
        if not (widget.isChecked() and exclusive):
            words = widget.text() or widget.accessibleName() or widget.toolTip()
            yield Control(widget, f"“{words}”", widget.rect)
    elif isinstance(widget, QTabBar):
        for index in range(widget.count()):
            if index != widget.currentIndex():
                yield Control(widget, f"tab {index}", lambda index=index: widget.tabRect(index))
    elif isinstance(widget, (QListWidget, QTreeWidget, QTableView)):
        yield from _rows(widget)
    elif isinstance(widget, QComboBox):
        yield Control(widget, f"list {widget.accessibleName()}", lambda: _arrow(widget))
    elif isinstance(widget, QTextBrowser):
        for target, place in _anchors(widget).items():
            yield Control(widget, f"link {target}", lambda place=place: place, is_link=True)
    elif isinstance(widget, QLabel) and "<a " in widget.text():
        for target in _TARGET.findall(widget.text()):
            yield Control(widget, f"link {target}", lambda target=target: _link(widget, target), is_link=True)
    elif not isinstance(widget, _NOT_PRESSED) and _is_pressed(widget):
        yield Control(widget, f"{type(widget).__name__} {widget.accessibleName()}", lambda: _side(widget))


def _arrow(field: QComboBox) -> QRect:
    """Where a list opens; beside its arrow, a field that takes any text is one to type in."""
    whole = field.rect()
    return whole.adjusted(whole.width() - 20, 0, 0, 0) if field.isEditable() else whole


def _is_pressed(widget: QWidget) -> bool:
    ours = [kind for kind in type(widget).__mro__ if kind.__module__.startswith("sleapnn_gui")]
    return any("mousePressEvent" in vars(kind) or "mouseReleaseEvent" in vars(kind) for kind in ours)


def _rows(view: QListWidget | QTreeWidget | QTableView) -> Iterator[Control]:
    model = view.model()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        if not model.flags(index) & Qt.ItemFlag.ItemIsEnabled:
            continue
        if index.row() != view.currentIndex().row():
            yield Control(view, f"row {row}", lambda row=row: _row(view, row))
        if not isinstance(view, QListWidget):
            yield Control(view, f"row {row} twice", lambda row=row: _row(view, row), twice=True)


def _row(view: QAbstractItemView, row: int) -> QRect:
    index = view.model().index(row, 0)
    view.scrollTo(index)
    return view.visualRect(index)


def _side(widget: QWidget) -> QRect:
    """Off the buttons at the right and off where a slider stands already."""
    eighth = widget.width() // 8
    right = isinstance(widget, QAbstractSlider) and 2 * widget.value() < widget.minimum() + widget.maximum()
    return QRect(eighth * (5 if right else 2), 0, eighth, widget.height())


def _link(label: QLabel, target: str) -> QRect:
    """Where a link is, found as a person finds it: by moving over the label."""
    hovered = [""]
    connection = label.linkHovered.connect(hovered.append)
    try:
        for y in range(5, label.height(), 6):
            for x in range(label.width() - 3, 0, -12):
                at = QPointF(x, y)
                move = QMouseEvent(QEvent.Type.MouseMove, at, label.mapToGlobal(at), FREE, FREE, NONE)
                QCoreApplication.sendEvent(label, move)
                if hovered[-1] == target:
                    return QRect(x - 1, y - 1, 3, 3)
    finally:
        label.disconnect(connection)
    return QRect()


def _anchors(browser: QTextBrowser) -> dict[str, QRect]:
    """The links of a text that are seen without scrolling."""
    found: dict[str, QRect] = {}
    if "<a " in browser.toHtml():
        for y in range(4, browser.viewport().height(), 8):
            for x in range(4, browser.viewport().width(), 12):
                target = browser.anchorAt(QPoint(x, y))
                if target:
                    found.setdefault(target, QRect(x - 1, y - 1, 3, 3))
    return found


@attrs.frozen
class Sight:
    """What a person can tell apart: the windows that are open, their pixels, and what went elsewhere."""

    windows: dict[int, QImage]
    elsewhere: tuple[str, ...]


class Presser:
    """Presses everything once; `dead` is what nothing was seen of, `pressed` all there was.

    `opened` is what the desktop was asked to open.
    """

    def __init__(self, window: QWidget, opened: list[str]) -> None:
        self.window, self.opened = window, opened
        self.patience = PATIENCE
        self.dead: list[str] = []
        self.pressed: list[str] = []
        self._seen: set[tuple[str, ...]] = set()
        self._blind: tuple[QWidget, QRect] | None = None

    def walk(self, part: Callable[[], QWidget], where: str) -> None:
        """Press every control of `part`, also those that come up on the way; it is asked for anew for each press."""
        went: Counter[tuple[str, ...]] = Counter()
        while True:
            found = {key: control for key, control in controls(part()).items() if key not in self._seen}
            before = len(self._seen) + went.total()
            for key, control in found.items():
                window = part().window()
                if control.is_there and reach(control) is None:
                    part()  # what was pressed before has led elsewhere only now
                if control.is_there and self._press(control, where):
                    self._seen.add(key)
                    self.close_what_opened(but=window)
                elif went[key] < MOST_MISSED:
                    went[key] += 1  # another may have come in its place
            if len(self._seen) + went.total() == before:
                break
        self.close_what_opened()

    def walk_menu(self, bar: QMenuBar, title: str, *, begin: Callable[[], object], but: str = "") -> None:
        """Open a menu anew for each of its entries that can be chosen, and choose it."""
        opener = next(action for action in bar.actions() if action.text().replace("&", "") == title)
        menu = opener.menu()
        assert isinstance(menu, QMenu)
        for action in menu.actions():
            begin()
            chosen = action.isChecked() and action.actionGroup() is not None
            if action.isSeparator() or not action.isEnabled() or chosen or action.objectName() == but:
                continue
            before = self._sight_at_rest()
            self.click(bar, bar.actionGeometry(opener).center())
            assert menu.isVisible(), f"{title} does not open"
            self.click(menu, menu.actionGeometry(action).center())
            QTest.mouseMove(self.window.windowHandle(), self.window.rect().bottomRight() - QPoint(2, 2))
            self._judge(before, f"{title}: {action.text()}")
            self.close_what_opened()

    def click(self, widget: QWidget, place: QPoint) -> None:
        """A click through the window system: it goes to whatever is at that place."""
        window = widget.window()
        QTest.mouseClick(window.windowHandle(), LEFT, NONE, widget.mapTo(window, place))
        QApplication.processEvents()

    def close_what_opened(self, *, but: QWidget | None = None) -> None:
        """Close menus and dialogs."""
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        for top in top_level_widgets():
            if top.isVisible() and top is not self.window and top is not but:
                top.close()
        self.window.activateWindow()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()

    def _press(self, control: Control, where: str) -> bool:
        """Press a control; False where it went away before it could be pressed, as while what is shown still comes."""
        widget, window = control.widget, control.widget.window()
        place = reach(control)
        name = f"{where}: {control.name}"
        if not control.is_there:
            return False
        if place is None:
            self.dead.append(f"{name} is nowhere")
            return True
        at = widget.mapTo(window, place)
        # What a press does to a control that does nothing, like taking the focus, is done before.
        if widget.focusPolicy() & Qt.FocusPolicy.ClickFocus:
            widget.setFocus(Qt.FocusReason.MouseFocusReason)
        # A link that was followed is framed, which is nothing that happens: the text around it is not looked at.
        self._blind = (
            (window, QRect(widget.mapTo(window, QPoint()), widget.size())) if control.is_link else None
        )
        QTest.mouseMove(window.windowHandle(), at)
        if control.twice:
            self.click(widget, place)
        before = self._sight_at_rest()
        if not control.is_there:
            self._blind = None
            return False
        if control.twice:
            QTest.mouseDClick(window.windowHandle(), LEFT, NONE, at)
        else:
            self.click(widget, place)
        self._judge(before, name)
        self._blind = None
        return True

    def _sight(self) -> Sight:
        QApplication.processEvents()
        shown = [top for top in top_level_widgets() if shiboken6.isValid(top) and top.isVisible()]
        return Sight(
            {int(top.winId()): self._pixels(top) for top in shown},
            (QGuiApplication.clipboard().text(), self.window.windowTitle(), *self.opened),
        )

    def _pixels(self, top: QWidget) -> QImage:
        image = top.screen().grabWindow(top.winId())
        if self._blind is not None and self._blind[0] is top:
            painter = QPainter(image)
            painter.fillRect(self._blind[1], Qt.GlobalColor.black)
            painter.end()
        return image.toImage()

    def _sight_at_rest(self) -> Sight:
        """What is seen once nothing moves any more."""
        end = time.monotonic() + REST
        sight = self._sight()
        while time.monotonic() < end:
            QTest.qWait(5)
            last, sight = sight, self._sight()
            if last == sight:
                break
        return sight

    def _judge(self, before: Sight, name: str) -> None:
        self.pressed.append(name)
        # By turns and not by the clock: beside other busy processes a window and its engines are slower, and so is this.
        for _ in range(round(1000 * self.patience / TURN_MS)):
            if self._sight() != before:
                return
            QTest.qWait(TURN_MS)
        self.dead.append(name)


def reach(control: Control) -> QPoint | None:
    """Scroll to a control; where to press it, None where it cannot be brought into sight."""
    widget = control.widget
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea) and around.viewport() is not widget:
            around.ensureWidgetVisible(widget, 0, 20)
        around = around.parentWidget()
    control.find()  # scrolls a list
    QApplication.processEvents()
    place = control.find().intersected(widget.visibleRegion().boundingRect())
    return None if place.isEmpty() else place.center()
