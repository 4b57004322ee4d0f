"""What a run's numbers say of it, one sentence at a time, with a look at what shows it and what to change."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from sleapnn_engine.config.issue import Fix
from sleapnn_engine.protocol.coach_case import Hint, Shows
from sleapnn_gui.monitor.panel import caption, icon_button, link_button
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.theme import set_state

_LOOK = {
    Shows.LOSS: tr("Show the loss"),
    Shows.ERROR: tr("Show the error"),
    Shows.ANIMALS: tr("Show the animals found"),
    Shows.RATE: tr("Show the learning rate"),
    Shows.PARTS: tr("Show the parts"),
    Shows.LABELS: tr("Show the labels"),
    Shows.SPLIT: tr("Show the split"),
    Shows.SETTING: tr("Show the setting"),
}

_CHANGES = tr("Change this in the config, for the next training; what changes is shown")
_ASKS_FOLDER = tr("Choose where it is to write; what changes in the config is shown")
_AGAIN = tr("Train with the same config once more")
_LOCATES = tr("Choose where it is now: a copy of the labels names it there, and the config that copy")

_NOTHING = tr("What was said of this run before holds no longer.")
_COMING = tr("What the numbers of the run say comes here.")
#: Room for two lines, or for a button: the first hint finds its place made.
_LEAST = 46


class CoachStrip(QFrame):
    """Shows hints; the one in view stays in view for as long as it is true.

    Its place is kept from where a run has figures, as high as it was, for as long as the run is followed: what is said changes
    with the epochs, and nothing below it is to go up and down with that.

    `look_wanted` carries the hint whose evidence is wanted, `fix_wanted` the one whose change is.
    """

    look_wanted = Signal(object)
    fix_wanted = Signal(object)

    def __init__(self, below: QWidget) -> None:
        super().__init__()
        self.setObjectName("coach")
        self.setProperty("panel", True)
        self.setAccessibleName(tr("What the numbers say"))
        self._still = Still(self, below)
        self._hints: Sequence[Hint] = ()
        self._name, self._is_over = "", False
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.look = link_button(_LOOK[Shows.LOSS], tip=tr("Go to what shows this"))
        self.fix = QPushButton()
        self.place = caption()
        self.back, self.on = (
            icon_button("caret-left", tip=tr("Previous hint")),
            icon_button("caret-right", tip=tr("Next hint")),
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(self.text, 1)
        for widget in (self.look, self.fix, self.back, self.place, self.on):
            row.addWidget(widget)
        self.look.clicked.connect(lambda: self._emit(self.look_wanted))
        self.fix.clicked.connect(lambda: self._emit(self.fix_wanted))
        self.back.clicked.connect(lambda: self._step(-1))
        self.on.clicked.connect(lambda: self._step(1))
        self.clear()

    @property
    def hint(self) -> Hint | None:
        """The one in view."""
        return next((hint for hint in self._hints if hint.name == self._name), None)

    def show_hints(self, hints: Sequence[Hint]) -> None:
        """Have these to show; nothing moves while the pointer is on a control."""
        if hints != self._hints:
            self._still.when_away(lambda: self._show(hints))

    def keep_place(self, *, over: bool) -> None:
        """A run is followed of which something may be said, or it is `over`, and nothing more is to come."""
        if over != self._is_over or (self.isHidden() and not over):
            self._is_over = over
            self._still.when_away(self._show_one)

    def clear(self) -> None:
        """Say nothing, at once, and give the place up: another run is followed."""
        self._still.drop()
        self._hints, self._is_over = (), False
        self.text.clear()
        self.text.setWordWrap(False)
        self.hide()
        self.setMinimumHeight(0)

    def _show(self, hints: Sequence[Hint]) -> None:
        self._hints = hints
        if hints and (self.hint is None or hints[0].grave):
            self._name = hints[0].name
        self._show_one()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What a wrapped sentence needs depends on the width alone; it gets no less than it had."""
        super().resizeEvent(event)
        same = event.size().width() == event.oldSize().width()
        self.setMinimumHeight(event.size().height() if same and self._has_spoken else 0)

    @property
    def _has_spoken(self) -> bool:
        return self.text.wordWrap()

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(0, _LEAST))

    def heightForWidth(self, width: int) -> int:
        return max(_LEAST, super().heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """What has said nothing yet gives way where there is more to read than fits."""
        return super().minimumSizeHint() if self._has_spoken else QSize(0, 0)

    def _step(self, by: int) -> None:
        names = [hint.name for hint in self._hints]
        self._name = names[(names.index(self._name) + by) % len(names)]
        self._show_one()

    def _show_one(self) -> None:
        hint = self.hint
        several = hint is not None and len(self._hints) > 1
        self.look.setVisible(hint is not None)
        self.fix.setVisible(hint is not None and hint.fix is not None)
        for widget in (self.back, self.place, self.on):
            widget.setVisible(several)
        set_state(self, "panel", value=self._has_spoken or hint is not None)
        set_state(self, "grave", value=hint is not None and hint.grave)
        if self._has_spoken:
            self.setMinimumHeight(self.height())
        if hint is not None:
            self.text.setWordWrap(True)
        self.text.setText(hint.text if hint is not None else _NOTHING if self._has_spoken else _COMING)
        set_state(self.text, "role", value="muted" if hint is None else "")
        self.setAccessibleDescription(self.text.text())
        if hint is not None:
            self._describe(hint)
        self.setVisible(hint is not None or not self._is_over)

    def _describe(self, hint: Hint) -> None:
        self.look.setText(_LOOK[hint.shows])
        if hint.fix is not None:
            self.fix.setText(hint.fix.label)
            self.fix.setToolTip(_tip(hint.fix))
            self.fix.setAccessibleDescription(self.fix.toolTip())
        place = [one.name for one in self._hints].index(hint.name)
        self.place.setText(tr("{place} of {count}", place=place + 1, count=len(self._hints)))

    def _emit(self, signal: SignalInstance) -> None:
        if self.hint is not None:
            signal.emit(self.hint)


def _tip(fix: Fix) -> str:
    """What pressing it does."""
    if fix.again:
        return _AGAIN
    return _LOCATES if fix.locates else _ASKS_FOLDER if fix.folder else _CHANGES
