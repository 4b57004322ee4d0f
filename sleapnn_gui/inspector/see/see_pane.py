"""See: what the setting in hand does to one's own animals, beside the form."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.quiet_changes import describe_quiet_change
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.see.asking import SeeWatch
from sleapnn_gui.inspector.see.crop_view import CROP_SIZE, CropView
from sleapnn_gui.inspector.see.device_view import DeviceView
from sleapnn_gui.inspector.see.network_view import NetworkView
from sleapnn_gui.inspector.see.nothing import NothingToSee
from sleapnn_gui.inspector.see.schedule_view import ScheduleView
from sleapnn_gui.inspector.see.sights import SIGHTS, Way, nothing_to_see, reason_from, sight_of, way_out
from sleapnn_gui.inspector.see.skeleton_view import SkeletonView
from sleapnn_gui.inspector.see.target_view import TargetView
from sleapnn_gui.inspector.see.views import AugmentView, ChainView, SightView
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.steady_scroll import SteadyScroll
from sleapnn_gui.widgets.theme import current_theme

#: What sights are called by programs that drive the window, where that is not the engine's name for the question.
_SIDE_BY_SIDE = 4
_NAMES = {"crops": "crop", "augment": "augmentation"}


class SeePane(QWidget):
    """Buttons for the sights, the sample that is looked at, and the sight itself, which follows the setting in hand."""

    def __init__(
        self,
        document: Document,
        inspect: Inspect,
        *,
        folders: Callable[[], Sequence[Path]] = tuple,
        parent: QWidget | None = None,
        in_steps: bool = False,
    ) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self._document = document
        self._path = ""
        self._count = 0
        self._failure = ""
        self._has_answered: set[str] = set()
        self.watch = SeeWatch(document, inspect, folders=folders)
        self.setObjectName("pane:see")
        self.setAccessibleName(tr("See"))
        self.setAccessibleDescription(tr("What the settings do to your own animals."))
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make the sights and what stands around them, some in each step."""
        yield from self._make_views()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 8)
        column.setSpacing(8)
        column.addLayout(self._choices())
        column.addLayout(self._samples())
        self.message = MessageLine(self)
        self.message.setObjectName("see_message")
        self.message.hide()
        self.quiet = MessageLine(self)
        self.quiet.setObjectName("see_quiet")
        self.quiet.hide()
        yield
        column.addWidget(self._scrolled(), 1)
        yield
        column.addWidget(self.quiet)
        column.addWidget(self.message)
        self._connect()
        self._show_kind(self.watch.kind)
        self._show_samples()

    # -- building ------------------------------------------------------------------------------------------

    def _make_views(self) -> Iterator[None]:
        self.chain, self.crops = ChainView(self), CropView(self)
        yield
        self.augment, self.targets = AugmentView(self), TargetView(self)
        yield
        self.network, self.skeleton = NetworkView(self), SkeletonView(self)
        yield
        self.schedule, self.devices = ScheduleView(self), DeviceView(self)
        self.views: dict[str, SightView] = {
            "chain": self.chain,
            "crops": self.crops,
            "augment": self.augment,
            "targets": self.targets,
            "network": self.network,
            "skeleton": self.skeleton,
            "schedule": self.schedule,
            "devices": self.devices,
        }
        for kind, view in self.views.items():
            view.setObjectName(f"see:{_NAMES.get(kind, kind)}")
            view.is_current = partial(self._is_current, kind)

    def _choices(self) -> QGridLayout:
        """The buttons in rows, as many side by side as a narrow pane has room for."""
        grid = QGridLayout()
        grid.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for number, sight in enumerate(SIGHTS):
            button = QToolButton(self)
            button.setText(sight.label)
            button.setCheckable(True)
            button.setFont(current_theme().font("caption"))
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(sight.label) + 12)
            button.setToolTip(sight.tip)
            button.setAccessibleDescription(sight.tip)
            button.clicked.connect(lambda _=False, kind=sight.kind: self.show_kind(kind))
            self._group.addButton(button)
            self.buttons[sight.kind] = button
            grid.addWidget(button, *divmod(number, _SIDE_BY_SIDE))
        grid.setColumnStretch(_SIDE_BY_SIDE, 1)
        return grid

    def _samples(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.before, self.behind = QToolButton(self), QToolButton(self)
        for button, name, sign in (
            (self.before, tr("Previous sample"), "left"),
            (self.behind, tr("Next sample"), "right"),
        ):
            button.setIcon(icon(f"caret-{sign}"))
            button.setToolTip(name)
            button.setAccessibleName(name)
        self.sample = ElidedLabel(parent=self)
        self.sign = QLabel(self)
        for label in (self.sample, self.sign):
            label.setProperty("role", "caption")
            label.setFont(current_theme().font("caption"))
        self.sign.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.sign.setFixedWidth(112)
        row.addWidget(self.before)
        row.addWidget(self.behind)
        row.addWidget(self.sample, 1)
        row.addWidget(self.sign)
        return row

    def _scrolled(self) -> QStackedWidget:
        self._stack = QStackedWidget()
        self.nothing = NothingToSee()
        self._stack.addWidget(self.nothing)
        for view in self.views.values():
            holder = QWidget()
            holder.setProperty("clear", True)
            inside = QVBoxLayout(holder)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(view)
            inside.addStretch(1)
            # Pictures are as wide with the bar as without: it would come and go with their height for ever.
            scroll = SteadyScroll(holder, margins=(0, 0, 0, 0))
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._stack.addWidget(scroll)
        return self._stack

    def _connect(self) -> None:
        watch = self.watch
        watch.answered.connect(self._answered)
        watch.failed.connect(self._failed)
        watch.empty.connect(self._empty)
        watch.pending_changed.connect(self._show_sign)
        self.before.clicked.connect(lambda: watch.step(-1, count=self._count))
        self.behind.clicked.connect(lambda: watch.step(1, count=self._count))
        self.augment.again.connect(watch.draw_again)
        self.targets.part_asked.connect(lambda part: watch.show_part(None if part < 0 else part))
        self.crops.previewed.connect(lambda side: watch.preview({CROP_SIZE: side} if side else {}))
        for changing in (self.skeleton.fix_asked, self.devices.device_asked):
            changing.connect(self._document.apply_values)
        for view in self.views.values():
            view.set_asked.connect(
                lambda path, value, title: self._document.apply_values({path: value}, title)
            )
        self._document.changed.connect(self._show_quiet)
        self._document.reloaded.connect(self._show_quiet)
        self._document.reloaded.connect(self._has_answered.clear)
        self._document.issues_changed.connect(self._renew_reason)

    # -- for the window ------------------------------------------------------------------------------------

    def follow(self, path: str) -> None:
        """Show what a setting or section does, where there is something to see of it."""
        kind = sight_of(path, self._document.view)
        self._path = path
        if kind == "skeleton":
            self.skeleton.follow(path)
        if kind:
            self.show_kind(kind)
        self._show_quiet()

    def show_kind(self, kind: str) -> None:
        """Open one of the sights."""
        self.watch.show(kind)
        self._show_kind(kind)

    def _is_current(self, kind: str) -> bool:
        return (
            self.watch.kind == kind and self.watch.is_idle and self._stack.currentWidget() is not self.nothing
        )

    def stop(self) -> None:
        """Ask no more; for when the window closes."""
        self.watch.stop()

    # -- showing -------------------------------------------------------------------------------------------

    def _show_kind(self, kind: str) -> None:
        self.buttons[kind].setChecked(True)
        self._show_samples()
        if nothing_to_see(kind, self._document.view):
            self._stack.setCurrentWidget(self.nothing)
        else:
            self._stack.setCurrentIndex(1 + list(self.views).index(kind))

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        self._show_message("")
        self._failure = ""
        self._stack.setCurrentIndex(1 + list(self.views).index(kind))
        self.views[kind].show_answer(answer)
        self._has_answered.add(kind)
        self._count = answer.get("count", self._count)
        if "count" in answer:
            what = tr("Frame") if answer["animal"] is None else tr("Animal")
            self.sample.setText(
                tr("{what} {index} of {count}", what=what, index=answer["index"] + 1, count=self._count)
            )
            self.sample.setToolTip(answer["place"])
        self._show_samples()
        self._show_sign()

    @Slot(str)
    def _failed(self, text: str) -> None:
        """The picture there was stays while a config is being made right; without one, the reason has its place."""
        self._failure = text
        reason, way = self._reason()
        if self.watch.kind in self._has_answered and (way is None or not way.command):
            self._show_message(text)
        else:
            self._show_nothing(reason, way)
        self._show_sign()

    def _reason(self) -> tuple[str, Way | None]:
        return reason_from(self._document.issues(), self._document.view, said=self._failure)

    def _renew_reason(self) -> None:
        """What is wrong becomes known a moment after the engine could not answer."""
        if self._failure and self._stack.currentWidget() is self.nothing:
            self._show_nothing(*self._reason())

    def _show_nothing(self, text: str, way: Way | None) -> None:
        self._show_message("")
        self.nothing.show_reason(text, way)
        self._stack.setCurrentWidget(self.nothing)
        self._show_samples()

    @Slot(str)
    def _empty(self, text: str) -> None:
        self._failure = ""
        self.sign.setText("")
        self._show_nothing(text, way_out(self.watch.kind, self._document.view))

    def _show_samples(self) -> None:
        """The sample that is looked at, and whether there are others."""
        seen = self.watch.has_samples and not nothing_to_see(self.watch.kind, self._document.view)
        if not seen:
            self.sample.setText("")
        for button in (self.before, self.behind):
            button.setEnabled(seen and self._count > 1)

    def _show_sign(self) -> None:
        """A quiet word while another picture is being made."""
        made = self.watch.milliseconds
        took = tr("{made} ms", made=made) if made < 1000 else f"{made / 1000:.1f} s"
        self.sign.setText(
            tr("making it …") if self.watch.is_pending else tr("made in {took}", took=took) if made else ""
        )

    def _show_message(self, text: str) -> None:
        self.message.show_message(text, severity="warning" if text else "hint")
        self.message.setVisible(bool(text))

    @Slot()
    def _show_quiet(self) -> None:
        """Say where the setting in hand is one of augmentation and does nothing."""
        is_drawn = self.watch.kind == "augment" and sight_of(self._path, self._document.view) == "augment"
        said = describe_quiet_change(self._document.view, self._path) if is_drawn else ""
        self.quiet.show_message(said, severity="info" if said else "hint")
        self.quiet.setVisible(bool(said))

    # -- Qt ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.watch.set_watched(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.watch.set_watched(False)
