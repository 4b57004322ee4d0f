"""When the run is to stop by itself: four rules in words, each with a tick, put together on the page."""

import time
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.protocol.stop_rules import EXAMPLES, StopRule, parse_rule
from sleapnn_gui.monitor.panel import caption
from sleapnn_gui.widgets.kept_focus import rest_on_page, withdraw
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.menus import open_below
from sleapnn_gui.widgets.theme import current_theme, set_state
from sleapnn_gui.widgets.tick import Tick


class StopPanel(QFrame):
    """Puts rules together; `wanted` carries their words, none for no rule. Hidden until it is asked for; Escape closes it."""

    wanted = Signal(object)
    #: It is about to be hidden by a person, who goes on elsewhere.
    closing = Signal()

    def __init__(self, parent: QWidget | None = None, *, narrow: bool = False) -> None:
        """`narrow` has three lines instead of two."""
        super().__init__(parent)
        self._narrow = narrow
        self.setObjectName("stop_panel")
        self.setProperty("panel", True)
        self.setAccessibleName(tr("When training stops by itself"))
        self.error, self.after = Tick(tr("error of")), Tick(tr("after"))
        self.by, self.plateau = Tick(tr("by")), Tick(tr("no smaller error for"))
        self.parts = QToolButton()
        self.parts.setAccessibleName(tr("Parts whose error counts"))
        self.menu = QMenu(self.parts)
        self.parts.clicked.connect(lambda: open_below(self.menu, self.parts))
        self.px = _line("3", tr("Error in px"), 44)
        self.spans = _line("2 h", tr("Time of training, pauses not counted"), 84)
        self.clock = _line("18:00", tr("Time of day"), 60)
        self.epochs = _line("10", tr("Epochs"), 44)
        self.problem = caption()
        self.problem.setWordWrap(narrow)
        self.use = QPushButton(tr("Stop by these"))
        self.never = QPushButton(tr("Never by itself"))
        self.close_it = QPushButton(tr("Close"))
        self.setVisible(False)
        self._lay_out()
        for tick in (self.error, self.after, self.by, self.plateau):
            tick.toggled.connect(self._judge)
        for line, tick in (
            (self.px, self.error),
            (self.spans, self.after),
            (self.clock, self.by),
            (self.epochs, self.plateau),
        ):
            line.textEdited.connect(lambda _text, tick=tick: tick.setChecked(True))
            line.textChanged.connect(self._judge)
            line.returnPressed.connect(self._send)
        self.use.clicked.connect(self._send)
        self.never.clicked.connect(lambda: self._finish([]))
        self.close_it.clicked.connect(self._close)
        self.set_parts(())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(8)
        first, second = QHBoxLayout(), QHBoxLayout()
        for widget in (self.error, self.parts, caption(tr("below")), self.px, caption("px")):
            first.addWidget(widget)
        first.addSpacing(20)
        for widget in (self.plateau, self.epochs, caption(tr("epochs"))):
            first.addWidget(widget)
        first.addStretch(1)
        for widget in (self.after, self.spans, caption(tr("of training"))):
            second.addWidget(widget)
        second.addSpacing(20)
        for widget in (self.by, self.clock):
            second.addWidget(widget)
        last = QHBoxLayout() if self._narrow else second
        if self._narrow:
            second.addStretch(1)
        else:
            second.addSpacing(12)
        last.addWidget(self.problem, 1)
        for button in (self.close_it, self.never, self.use):
            last.addWidget(button)
        set_state(self.use, "primary", value=True)
        self.use.setAccessibleDescription(
            tr("Training ends after the batch at which one of these holds; the model is kept")
        )
        self.problem.setText(tr("The first that holds ends training; the best model is kept."))
        column.addLayout(first)
        column.addLayout(second)
        if self._narrow:
            column.addLayout(last)

    def set_parts(self, nodes: Sequence[str]) -> None:
        """Learn which parts there are to choose from."""
        self.menu.clear()
        for name in nodes if len(nodes) > 1 else ():
            action = self.menu.addAction(name)
            action.setCheckable(True)
            action.toggled.connect(self._judge)
            action.toggled.connect(lambda _on: self.error.setChecked(True))
        self.parts.setEnabled(len(nodes) > 1)
        self._judge()

    @property
    def chosen(self) -> list[str]:
        """The parts whose error counts, none for the median of all."""
        return [action.text() for action in self.menu.actions() if action.isChecked()]

    @property
    def texts(self) -> list[str]:
        """The rules that are ticked, in words."""
        of = tr(" of {chosen}", chosen=", ".join(self.chosen)) if self.chosen else ""
        said = (
            (self.error, tr("error{of} below {words} px", of=of, words=self.px.text())),
            (self.after, tr("after {words}", words=self.spans.text())),
            (self.by, tr("by {words}", words=self.clock.text())),
            (self.plateau, tr("no smaller error for {words} epochs", words=self.epochs.text())),
        )
        return [text for tick, text in said if tick.isChecked()]

    def open(self, rules: Sequence[str]) -> None:
        """Show the rules that are followed now, to be changed."""
        for tick in (self.error, self.after, self.by, self.plateau):
            tick.setChecked(False)
        for text in rules:
            rule = _read(text)
            if rule is not None:
                self._show(rule)
        self.never.setEnabled(bool(rules))
        self._judge()
        self.setVisible(True)
        self.error.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, rule: StopRule) -> None:
        if rule.px is not None:
            for action in self.menu.actions():
                action.setChecked(action.text() in rule.parts)
            self.px.setText(f"{rule.px:g}")
            self.error.setChecked(True)
        elif rule.seconds is not None:
            self.spans.setText(rule.text.removeprefix("after "))
            self.after.setChecked(True)
        elif rule.at is not None:
            self.clock.setText(rule.text.removeprefix("by "))
            self.by.setChecked(True)
        elif rule.epochs is not None:
            self.epochs.setText(str(rule.epochs))
            self.plateau.setChecked(True)

    def _judge(self) -> None:
        """Say which of the fields cannot be read; rules can be sent once all can."""
        words = (
            ", ".join(self.chosen) if len(self.chosen) < 3 else tr("{count} parts", count=len(self.chosen))
        )
        self.parts.setText(f"{words} ▾")
        if not self.chosen:
            self.parts.setText(tr("all parts ▾"))
        wrong = [text for text in self.texts if _read(text) is None]
        self.use.setEnabled(bool(self.texts) and not wrong)
        self.problem.setText(
            tr("Not readable: write it like “{example}”.", example=_example(wrong[0]))
            if wrong
            else tr("The first that holds ends training; the best model is kept.")
        )
        self.problem.setStyleSheet(f"color: {current_theme().hex('error')};" if wrong else "")

    def settle(self) -> bool:
        """Send what is ticked, for who goes on without pressing the button; False where it cannot be read, which has the focus."""
        if self.isHidden() or not self.texts:
            return True
        if self.use.isEnabled():
            self._finish(self.texts)
            return True
        fields = (
            (self.error, self.px),
            (self.after, self.spans),
            (self.by, self.clock),
            (self.plateau, self.epochs),
        )
        for text, line in zip(self.texts, [line for tick, line in fields if tick.isChecked()], strict=True):
            if _read(text) is None:
                line.setFocus(Qt.FocusReason.OtherFocusReason)
                line.selectAll()
                break
        return False

    def _send(self) -> None:
        if self.use.isEnabled():
            self._finish(self.texts)

    def _close(self) -> None:
        self.closing.emit()
        withdraw(self, partial(rest_on_page, self))

    def _finish(self, rules: list[str]) -> None:
        self._close()
        self.wanted.emit(rules)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # a field has taken it; in a sheet it would press a button as well
        else:
            super().keyPressEvent(event)


def _example(text: str) -> str:
    """A rule of the same kind as one that cannot be read."""
    return next(one for one in EXAMPLES if one.split()[0] == text.split()[0])


def _read(text: str) -> StopRule | None:
    try:
        return parse_rule(text, now=time.time())
    except ValueError:
        return None


def _line(text: str, name: str, width: int) -> QLineEdit:
    line = Line()
    line.setText(text)
    line.setAccessibleName(name)
    line.setFixedWidth(width)
    return line
