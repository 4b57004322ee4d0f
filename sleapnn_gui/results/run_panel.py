"""Beside the list of runs: the chosen one with a frame, its curve, its figures, what changed, and what can be done."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sleapnn_engine.protocol.measures import MEASURES, MEDIAN_PX, OF_BODY, P90_PX, Group
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.frame_view import FrameView
from sleapnn_gui.monitor.frames import LEGEND
from sleapnn_gui.monitor.panel import caption
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.monitor.trend_plot import Trend, TrendPlot
from sleapnn_gui.results.frame_source import FrameSource, Shown
from sleapnn_gui.results.run_details import RunDetails, read_details, shown_value
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.steady_scroll import SteadyScroll
from sleapnn_gui.widgets.theme import set_state

WIDTH = 348
_PLACE = "run panel"
_SOON_MS, _MOST_CHANGES = 120, 7
_NOTHING = tr("Choose a run to see its curve, its figures, and what changed since the run before it.")


class PairRows(QWidget):
    """Lines of two texts, the second at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[ElidedLabel, ElidedLabel]] = []

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these; labels are made once and used again."""
        while len(self._rows) < len(rows):
            name, value = ElidedLabel(""), ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(name, len(self._rows), 0)
            self._grid.addWidget(value, len(self._rows), 1)
            self._rows.append((name, value))
        for place, (name, value) in enumerate(self._rows):
            there = place < len(rows)
            name.setVisible(there)
            value.setVisible(there)
            if there:
                name.setText(rows[place][0])
                value.setText(rows[place][1])


class RunPanel(QFrame):
    """Shows one run, or says how many are chosen. `fix_wanted` carries its folder and the hint whose change is wanted."""

    fix_wanted = Signal(object, object)

    def __init__(self, source: FrameSource) -> None:
        super().__init__()
        self.setProperty("pane", "right")
        self.setAccessibleName(tr("The chosen run"))
        self.setFixedWidth(WIDTH)
        self._source = source
        self._wanted: tuple[RunSummary, RunSummary | None] | None = None
        self.details: RunDetails | None = None
        self._reading = BackgroundTask(self)
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._read)
        self._is_new = False
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._show_known)
        self.name, self.about = ElidedLabel(""), QLabel("")
        self.name.setProperty("role", "title")
        self.about.setProperty("role", "muted")
        self.about.setWordWrap(True)
        self.view = FrameView()
        self.view.one_animal = False
        self.view.setMinimumHeight(120)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.frame_of = caption()
        self.frame_of.setWordWrap(True)
        self.curve_of = caption()
        self.curve = TrendPlot(name=tr("Validation error or loss over epochs"))
        self.curve.setMinimumHeight(72)
        for drawn in (
            self.view,
            self.curve,
        ):  # they take what is left, and what they would like is no reason to scroll
            drawn.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.hint = MessageLine()
        self.hint.followed.connect(self._fix)
        self.figures, self.changes = PairRows(), PairRows()
        self.changed_since = QLabel("")
        self.changed_since.setProperty("role", "heading")
        self.changed_since.setWordWrap(True)
        self._lay_out()
        self.show_nothing()

    def _lay_out(self) -> None:
        self.buttons = QGridLayout()
        self.buttons.setSpacing(8)
        inside = QWidget()
        inside.setProperty("clear", True)
        column = QVBoxLayout(inside)
        column.setSpacing(6)
        for widget in (self.name, self.about, self.view, self.frame_of, self.curve_of, self.curve):
            column.addWidget(widget, 3 if widget is self.view else 2 if widget is self.curve else 0)
        for below in (self.hint, self.figures, self.changed_since, self.changes):
            column.addWidget(below)
        column.addStretch(1)
        # What can be done stays where it is, whatever there is to say of the run.
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 12)
        self.area = SteadyScroll(inside, margins=(16, 16, 16, 8))
        whole.addWidget(self.area, 1)
        self.buttons.setContentsMargins(16, 0, 16, 0)
        whole.addLayout(self.buttons)

    def offer(self, actions: Sequence[tuple[str, QAction]]) -> None:
        """Have a button for each of these commands, in few words; the first is the one most likely wanted."""
        for place, (text, action) in enumerate(actions):
            button = QPushButton(text)
            button.setToolTip(f"{action.text()}: {action.statusTip()}")
            button.setAccessibleDescription(action.statusTip())
            button.setEnabled(action.isEnabled())
            if place == 0:
                set_state(button, "primary", value=True)
            button.clicked.connect(lambda _checked=False, action=action: action.trigger())
            action.enabledChanged.connect(button.setEnabled)
            self.buttons.addWidget(button, place // 2, place % 2)

    # -- what is shown ---------------------------------------------------------------------------------------

    def show_nothing(self, text: str = _NOTHING) -> None:
        """Show no run, and say why."""
        self._wanted, self.details = None, None
        self._soon.stop()
        self._reading.drop()
        self._source.drop(_PLACE)
        self.name.setText("")
        self.about.setText(text)
        self._show_parts(())

    def show_run(self, run: RunSummary, *, before: RunSummary | None) -> None:
        """Show a run at once as far as the list knows it, and the rest as soon as it is read."""
        self.name.setText(run.name)
        self.about.setText(" · ".join(filter(None, (_sentence(run.state), run.started, run.time))))
        self.about.setToolTip(run.why)
        if self._wanted is None or self._wanted[0].folder != run.folder:
            self._source.drop(_PLACE)
            self._is_new = True
        self._wanted = run, before
        self._next.start()
        self._soon.start()

    def _show_known(self) -> None:
        """What the list knows of the run, in a turn after the one in which the list has moved."""
        if self._wanted is not None:
            if self._is_new:
                self._is_new = False
                self._show_parts((self.figures,))
            self.figures.show_rows(figures_of(self._wanted[0], None))

    def _show_parts(self, shown: Sequence[QWidget]) -> None:
        parts = (
            self.view,
            self.frame_of,
            self.curve_of,
            self.curve,
            self.hint,
            self.figures,
            self.changed_since,
            self.changes,
        )
        for part in parts:
            part.setVisible(part in shown)

    def _read(self) -> None:
        if self._wanted is not None:
            run, before = self._wanted
            self._reading.begin(partial(read_details, run, before=before), self._found)

    def _found(self, details: RunDetails) -> None:
        self.details = details
        self.figures.show_rows(figures_of(details.run, details))
        self._show_curve(details)
        self._show_changes(details)
        self._show_hint(details)
        if details.source is not None:
            if not self.view.isVisible():
                self.view.show_frame(None)
                self.view.placeholder = "…"
            self.view.show()
            self.frame_of.setText("")
            worst = tr("worst frame") if "frame" in details.place else tr("first frame")
            self.frame_of.setToolTip(tr("{worst} of “{source}”", worst=worst, source=details.source.name))
            text = f"{worst}  ·  {LEGEND}"
            self._source.want(_PLACE, details.source.files, partial(self._picture, text), **details.place)

    def _picture(self, text: str, found: Shown | str) -> None:
        if isinstance(found, str):
            self.view.hide()
            self.frame_of.hide()
            return
        self.view.nodes, self.view.edges = found.nodes, found.edges
        self.view.show_frame(found.event)
        self.frame_of.setText(text)
        self.frame_of.show()

    def _show_curve(self, details: RunDetails) -> None:
        """The median error of validation where it was measured, else its loss."""
        epochs = details.epochs
        x = np.array([words.epoch_number(one.epoch) for one in epochs], dtype=float)
        errors = np.array([_number(one.measured[MEDIAN_PX]) for one in epochs], dtype=float)
        text = tr("Validation error in px over epochs")
        if not np.isfinite(errors).any():
            errors = np.array([_number(one.val) for one in epochs], dtype=float)
            text = tr("Validation loss over epochs")
        there = len(x) > 1 and bool(np.isfinite(errors).any())
        self.curve.setVisible(there)
        self.curve_of.setVisible(there)
        if there:
            self.curve_of.setText(text)
            self.curve.draw([Trend(x, errors)], x_range=(float(x[0]), float(x[-1])))

    def _show_changes(self, details: RunDetails) -> None:
        before = details.before
        self.changed_since.setVisible(before is not None)
        self.changes.setVisible(bool(details.changed))
        if before is None:
            return
        what = tr("Changed since") if details.changed else tr("No setting changed since")
        self.changed_since.setText(f"{what} {before.name}")
        rows = [
            (one.label, f"{shown_value(one.values[0])} → {shown_value(one.values[1])}")
            for one in details.changed[:_MOST_CHANGES]
        ]
        if len(details.changed) > _MOST_CHANGES:
            rows.append(
                (tr("and {count} more", count=len(details.changed) - _MOST_CHANGES), tr("Compare shows all"))
            )
        self.changes.show_rows(rows)

    def _show_hint(self, details: RunDetails) -> None:
        """The gravest of what its numbers say; the Train page shows all."""
        self.hint.setVisible(bool(details.hints))
        if details.hints:
            first, more = details.hints[0], len(details.hints) - 1
            text = (
                tr(
                    "{words} {more_hints} on its page.",
                    words=first.text,
                    more_hints=words.counted(more, "more hint", "more hints"),
                )
                if more
                else first.text
            )
            link = "" if first.fix is None else f"{first.fix.label.removesuffix('…')}…"
            self.hint.show_message(text, severity="warning" if first.grave else "hint", link=link)

    def _fix(self) -> None:
        if self.details is not None and self.details.hints:
            self.fix_wanted.emit(self.details.run.folder, self.details.hints[0])

    def leave(self) -> None:
        """For when the window closes."""
        self._soon.stop()
        self._reading.drop()


def figures_of(run: RunSummary, details: RunDetails | None) -> list[tuple[str, str]]:
    """What is known of a run, row by row: name and figure."""
    median, body = run.figures.get(MEDIAN_PX.key), run.figures.get(OF_BODY.key)
    rows = [
        (tr("Median error"), " · ".join(filter(None, (median, body and tr("{body} of body", body=body)))))
    ]
    rows += [(tr("9 in 10 found points within"), run.figures.get(P90_PX.key, ""))]
    counted = [one for one in MEASURES if one.group is Group.ANIMALS and one.heading]
    rows += [(tr(one.heading), run.figures.get(one.key, "")) for one in counted]
    best = details.best if details is not None else None
    if best is not None:
        parts = {name: value for name, value in best.measured.by_node.items() if value is not None}
        if parts:
            worst = max(parts, key=lambda name: parts[name])
            rows.append((tr("Worst part"), f"{worst} · {words.pixels(parts[worst])}"))
        whole = run.epochs.isdigit()  # else it ended within an epoch
        number = words.epoch_number(best.epoch)
        rows.append(
            (
                tr("Best epoch"),
                tr("{number} of {epochs}", number=number, epochs=run.epochs) if whole else str(number),
            )
        )
        rows += [] if whole else [(tr("Epochs"), run.epochs)]
    rows += [(tr("Model"), ", ".join(filter(None, (run.model, run.backbone)))), (tr("Labels"), run.labels)]
    return [row for row in rows if row[1]]


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
