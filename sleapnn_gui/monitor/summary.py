"""The strip above the charts: name, state, progress, the three numbers a biologist reads, and the three buttons."""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sleapnn_gui.monitor.panel import caption
from sleapnn_gui.monitor.state_chip import StateChip
from sleapnn_gui.monitor.status_text import Figure
from sleapnn_gui.run.verbs import ON_RUN
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.menus import open_below
from sleapnn_gui.widgets.progress import ProgressBar
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.theme import current_theme, set_state

ROOMY, BRIEF_BELOW, NO_BAR_BELOW, NO_NAME_BELOW = 1330, 1190, 1100, 960
"""Widths in pixels: four numbers fit beside the buttons (the speed also stands over its own chart), captions fit in
full, there is room for the bar (the chip says the epoch as well), and for the name."""
_NAME = 210
"""The room that a name gets in full."""


class FigureLabel(QWidget):
    """A large number above its small caption."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme = current_theme()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(0)
        self._figure, self._brief = Figure("–", ""), False
        self.value, self.caption = QLabel("–"), caption()
        font = theme.font("number")
        font.setWeight(font.Weight.DemiBold)
        self.value.setFont(font)
        self.caption.setFont(theme.font("small"))
        column.addWidget(self.value)
        column.addWidget(self.caption)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def show_figure(self, figure: Figure) -> None:
        """Show a figure. The room it takes only grows, so that nothing beside it jumps."""
        self._figure = figure
        self._show()

    def set_brief(self, brief: bool) -> None:
        """Leave the second half of the caption to the tooltip, or show all of it."""
        if brief != self._brief:
            self._brief = brief
            self.setMinimumWidth(0)
            self._show()

    def _show(self) -> None:
        figure = self._figure
        caption = figure.brief if self._brief else figure.caption
        if (self.value.text(), self.caption.text()) == (figure.value, caption):
            return
        self.value.setText(figure.value)
        self.caption.setText(caption)
        self.caption.setToolTip(figure.caption if self._brief else "")
        self.setAccessibleDescription(f"{figure.value} {figure.caption}")
        self.setMinimumWidth(max(self.minimumWidth(), self.sizeHint().width()))


_NO_FOLDER = tr("This run ended before it had a folder, so there are no files and no model of it.")
_STOP_TIP = tr("End training after this batch or this epoch, keep and evaluate the best model")


class RunStrip(QFrame):
    """Shows what it is told and says which button was pressed."""

    pause_wanted = Signal()
    resume_wanted = Signal()
    stop_wanted = Signal(str)
    cancel_wanted = Signal()
    folder_wanted = Signal()
    configure_wanted = Signal()
    predict_wanted = Signal()
    evaluation_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("pane", "top")
        self.setFixedHeight(52)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(14)
        self.name = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        self.name.setProperty("role", "heading")
        self.name.setAccessibleName(tr("Name of the run"))
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.chip = StateChip()
        self.bar = ProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setMinimumWidth(40)
        self.bar.setMaximumWidth(240)
        self.bar.setAccessibleName(tr("Share of the planned epochs that is done"))
        self.error = FigureLabel(tr("Median error"))
        self.animals = FigureLabel(tr("Animals found"))
        self.time = FigureLabel(tr("Time left"))
        self.speed = FigureLabel(tr("Speed"))
        row.addWidget(self.name)
        row.addWidget(self.chip)
        row.addWidget(self.bar, 4)
        row.addSpacing(6)
        self._counted = False
        self.animals.hide()
        for figure in self._figures:
            row.addWidget(figure)
        row.addStretch(1)
        self._make_buttons(row)

    @property
    def _figures(self) -> tuple[FigureLabel, ...]:
        return self.error, self.animals, self.time, self.speed

    def _make_buttons(self, row: QHBoxLayout) -> None:
        self.pause = _button(tr("Pause"), tr("Stand still after this batch; training goes on where it was"))
        self.stop = _button(tr("Stop and keep…"), _STOP_TIP)
        self.stop_menu = QMenu(self.stop)
        for text, after in ((tr("After this batch"), "batch"), (tr("After this epoch"), "epoch")):
            self.stop_menu.addAction(text).triggered.connect(partial(self._stop, after))
        self._chooses = False
        set_state(self.stop, "primary", value=True)
        self.cancel = _button(tr("Cancel…"), tr("End the run without evaluating it; its folder is kept"))
        self.folder = _button(tr("Open folder"), tr("Show the files of the run"), same=True)
        self.configure = _button(tr("Back to settings"), tr("Change settings for the next run"), same=True)
        self.evaluation = _button(
            tr("Evaluation"), tr("See how good this model is, or judge it on other labels"), same=True
        )
        self.predict = _button(
            tr("Predict…"), tr("Find the animals on a video or labels with this model"), same=True
        )
        set_state(self.predict, "primary", value=True)
        self.pause.clicked.connect(self._pause_or_resume)
        self.stop.clicked.connect(self._ask_when)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.folder.clicked.connect(self.folder_wanted)
        self.configure.clicked.connect(self.configure_wanted)
        self.predict.clicked.connect(self.predict_wanted)
        self.evaluation.clicked.connect(self.evaluation_wanted)
        #: What needs a run folder, and what it does there.
        self._of_folder = {one: one.toolTip() for one in (self.folder, self.evaluation, self.predict)}
        for button in (self.pause, self.stop, self.cancel, *self._after):
            row.addWidget(button)
            row.setSpacing(8)
        self._resumes = False
        self._offers: tuple[bool, bool] | None = None
        self._by_hand = False
        self._held: QPushButton | None = None
        self._pending: dict[str, str] = {}
        self._still = Still(self)

    @property
    def _after(self) -> tuple[QPushButton, ...]:
        """What there is to do with a run that is over."""
        return self.folder, self.configure, self.evaluation, self.predict

    def _ask_when(self) -> None:
        """After what to stop; a program that knows one way alone is asked for that."""
        if self._chooses:
            open_below(self.stop_menu, self.stop)
            self.stop_menu.setActiveAction(self.stop_menu.actions()[0])
        else:
            self._stop("batch")

    def _stop(self, after: str, _checked: bool = False) -> None:
        self.stop_wanted.emit(after)

    def _pause_or_resume(self) -> None:
        (self.resume_wanted if self._resumes else self.pause_wanted).emit()

    def show_animals(self, figure: Figure | None, *, told: str) -> None:
        """Show how many animals are found, for models that count them; speed gives way where there is no room."""
        self._counted = figure is not None
        if figure is not None:
            self.animals.show_figure(figure)
            self.animals.setToolTip(told)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def minimumSizeHint(self) -> QSize:
        """What it can do with: a short chip and the three buttons."""
        return QSize(80 + sum(b.minimumWidth() for b in (self.pause, self.stop, self.cancel)) + 64, 52)

    def _make_room(self) -> None:
        width = self.width()
        self.speed.setVisible((not self._counted and width >= NO_BAR_BELOW) or width >= ROOMY)
        self.bar.setVisible(width >= NO_BAR_BELOW)
        self.name.setVisible(width >= NO_NAME_BELOW)
        self.animals.setVisible(self._counted)
        for figure in (self.time, self.error):
            figure.show()
        self.chip.set_narrow(False)
        crowded = width < BRIEF_BELOW or (self._counted and width < ROOMY)
        for figure in (self.animals, self.time):
            figure.set_brief(crowded)
        self.error.set_brief(width < BRIEF_BELOW)
        self._give_way(width)

    def _give_way(self, width: int) -> None:
        """On a small screen the figures go, and the chip is cut, before a button does; what stands elsewhere too, before the name."""
        layout = self.layout()
        assert layout is not None
        self.name.keep_whole(False)
        wanted = self.name.sizeHint().width()
        more = min(wanted, _NAME) - self.name.minimumSizeHint().width()
        elsewhere = (self.speed.hide, self.bar.hide, lambda: self.error.set_brief(True))
        for give in elsewhere if not self.name.isHidden() else ():
            if layout.minimumSize().width() + more <= width:
                break
            give()
        self.name.keep_whole(wanted <= _NAME and layout.minimumSize().width() + more <= width)
        less = (self.speed.hide, self.bar.hide, self.time.hide, self.animals.hide, self.error.hide)
        for give in (*less, lambda: self.chip.set_narrow(True)):
            if layout.minimumSize().width() <= width:
                return
            give()

    def set_progress(self, share: float, *, token: str) -> None:
        """Fill the bar, in the colour of the state."""
        self.bar.fill(round(share * 1000))
        color = current_theme().hex(token if token in ("best", "error", "warning") else "accent")
        style = f"QProgressBar::chunk {{ background: {color}; }}"
        if self.bar.styleSheet() != style:
            self.bar.setStyleSheet(style)

    def note_command(self, verb: str, stage: str) -> None:
        """Follow a command: the button says how far it has come until it is done or refused."""
        if stage == "past":
            return
        if stage in ("asked", "accepted"):
            self._pending[verb] = tr("Asking…") if stage == "asked" else ON_RUN[verb].under_way
        else:
            self._pending.pop(verb, None)
        if verb in ("pause", "resume"):
            # Who has asked for it waits for the other word, with the pointer where it was.
            self._by_hand = stage != "refused"

    def start_over(self, *, another: bool = False) -> None:
        """The run has ended, or another is followed: nothing is under way, and the figures take the room they need."""
        self._pending.clear()
        if another:
            self._offers = None
        for figure in self._figures:
            figure.setMinimumWidth(0)

    def set_buttons(self, *, can: dict[str, bool], paused: bool, over: bool) -> None:
        """Offer what makes sense now.

        Where a button comes to do something else by itself, it does nothing until the pointer is on none of them.
        """
        offers = (over, paused or "resume" in self._pending)
        if self._offers in (None, offers) or (self._by_hand and not over):
            self._still.drop()
            self._offer(offers)
        else:
            self._still.when_away(lambda: self._offer(offers))
        verb = "resume" if self._resumes else "pause"
        self.pause.setText(self._pending.get(verb) or (tr("Resume") if self._resumes else tr("Pause")))
        self._enable(self.pause, on=self._offers == offers and can[verb])
        self._chooses = can["stop_after_epoch"]
        words = tr("Stop and keep…") if self._chooses else tr("Stop and keep")
        self.stop.setText(self._pending.get("stop") or words)
        self._enable(self.stop, on=can["stop"])
        if not can["stop"]:
            self.stop_menu.close()
        self.cancel.setText(self._pending.get("cancel") or tr("Cancel…"))
        self._enable(self.cancel, on=can["cancel"])
        for button, tip in self._of_folder.items():
            button.setEnabled(can["folder"])
            button.setToolTip(tip if can["folder"] else _NO_FOLDER)
            button.setAccessibleDescription(button.toolTip())

    def _enable(self, button: QPushButton, *, on: bool) -> None:
        """Have a button pressed or not; the keyboard comes back to it, where Qt would hand it on to what ends the run."""
        if self.window().focusWidget() is button and not on:
            button.clearFocus()
            self._held = button
        button.setEnabled(on)
        if on and self._held is button:
            self._held = None
            if self.window().focusWidget() is None:
                button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer(self, offers: tuple[bool, bool]) -> None:
        """Have each button do what it does from now on; `offers` are whether the run is over and pause means resume."""
        if offers != self._offers:
            self._by_hand = False
        self._offers = offers
        over, self._resumes = offers
        tip = (
            tr("Go on training")
            if self._resumes
            else tr("Stand still after this batch; training goes on where it was")
        )
        self.pause.setText(tr("Resume") if self._resumes else tr("Pause"))
        self.pause.setToolTip(tip)
        self.pause.setAccessibleDescription(tip)
        for button in (self.pause, self.stop, self.cancel):
            button.setVisible(not over)
        for button in self._after:
            button.setVisible(over)


def _button(text: str, tip: str, *, same: bool = False) -> QPushButton:
    """A button; `same` says that its words never change."""
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text.rstrip("…"))
    button.setAccessibleDescription(tip)
    if same:
        return button
    # Wide enough for every text it will show, in the heavier type of the main button, so that nothing moves under the
    # pointer.
    heavy = QFontMetrics(current_theme().font(weight=QFont.Weight.DemiBold))
    widest = max(heavy.horizontalAdvance(word) for word in (text, tr("Cancelling…"), tr("Resuming…")))
    edges = 34  # padding, border and what the style adds
    button.setMinimumWidth(widest + edges)
    return button
