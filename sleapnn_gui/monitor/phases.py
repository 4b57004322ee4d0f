"""Before the first epoch: what the engine is doing, how far it is and how long each step took."""

import time

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.model_words import model_name, samples_name
from sleapnn_gui.monitor.panel import Panel, caption, link_button
from sleapnn_gui.monitor.store import PHASE_NAMES, PhaseRow, RunStore
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.progress import ProgressBar
from sleapnn_gui.widgets.theme import current_theme

_TITLES = {
    "launch": tr("Start the engine"),
    "labels": tr("Read the labels"),
    "split": tr("Choose training and validation frames"),
    "cache": tr("Load the images"),
    "model": tr("Build the model"),
    "first_batch": tr("First batch"),
}


class PhaseMark(QWidget):
    """A ring while waiting, a filled dot while running, a tick when done, a cross when it broke off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = "waiting"
        self.setFixedSize(18, 18)
        current_theme().changed.connect(self.update)

    def set_state(self, state: str) -> None:
        """waiting, started, progress, done or broken."""
        if state != self.state:
            self.state = state
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(18, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = QRectF(3, 3, 12, 12)
        if self.state == "waiting":
            painter.setPen(QPen(theme.color("faint"), 1.5))
            painter.drawEllipse(ring)
        elif self.state == "done":
            painter.setPen(QPen(theme.color("best"), 2.0))
            painter.drawPolyline([QPointF(4, 9.5), QPointF(7.5, 13), QPointF(14, 5)])
        elif self.state == "broken":
            painter.setPen(QPen(theme.color("error"), 2.0))
            painter.drawLine(QPointF(5, 5), QPointF(13, 13))
            painter.drawLine(QPointF(5, 13), QPointF(13, 5))
        else:
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.drawEllipse(ring)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(ring.adjusted(3.5, 3.5, -3.5, -3.5))


class PhaseLine(QWidget):
    """One step: mark, title, what the engine says of it, progress, time."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title_text = _TITLES[name]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.mark = PhaseMark()
        self.title = ElidedLabel(self.title_text)
        self.title.setFixedWidth(250)
        self.text = ElidedLabel("")
        self.text.setProperty("role", "caption")
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bar = ProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setFixedWidth(140)
        self.bar.setAccessibleName(tr("{title_text}: progress", title_text=self.title_text))
        self.time = caption()
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.time.setMinimumWidth(84)
        row.addWidget(self.mark)
        row.addWidget(self.title)
        row.addWidget(self.text, 1)
        row.addWidget(self.bar)
        row.addWidget(self.time)
        self.setFixedHeight(current_theme().size("row"))

    def show_row(self, phase: PhaseRow, *, now: float, broken: bool) -> None:
        """Show a phase as it stands at `now`, in Unix seconds."""
        running = phase.state in ("started", "progress")
        state = "broken" if running and broken else phase.state
        self.mark.set_state(state)
        counted = running and bool(phase.total)
        self.bar.setVisible(counted)
        text = phase.text
        if counted:
            self.bar.setRange(0, phase.total or 0)
            self.bar.fill(phase.done or 0)
            text = tr("{done:,} of {total:,}", done=phase.done or 0, total=phase.total)
        self.text.setText(text if phase.state != "waiting" else "")
        seconds = max(0.0, now - phase.since) if running else phase.seconds
        shown = seconds is not None and phase.state != "waiting" and not (running and broken)
        self.time.setText(words.exact_duration(seconds or 0.0) if shown else "")
        word = {"waiting": tr("waiting"), "done": tr("done"), "broken": tr("broke off")}.get(
            state, tr("running")
        )
        self.setAccessibleName(f"{self.title_text}: {word}")
        self.setAccessibleDescription(f"{text} {self.time.text()}".strip())


class PhasesView(QWidget):
    """The steps from the start of the engine to the first batch. `leave_wanted` where it only waits for a training."""

    leave_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel = Panel(tr("Getting ready"))
        self.waiting = QLabel()
        self.waiting.setWordWrap(True)
        self.waiting.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.leave = link_button(
            tr("Stop listening"), tip=tr("Leave the ports to others; no training is touched")
        )
        self.leave.clicked.connect(self.leave_wanted)
        for part in (self.waiting, self.leave):
            part.hide()
        self.panel.setMaximumWidth(960)
        self.facts = self.panel.add_caption()
        self._since = 0.0
        self._launched: float | None = None
        self.lines = {name: PhaseLine(name) for name in ("launch", *PHASE_NAMES)}
        self.steps = QWidget()
        column = QVBoxLayout(self.steps)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for line in self.lines.values():
            column.addWidget(line)
        self.panel.body.addSpacing(8)
        self.panel.body.addWidget(self.waiting)
        self.panel.body.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignLeft)
        self.panel.body.addWidget(self.steps)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(self.panel)
        page.addStretch(1)

    def start_over(self) -> None:
        """Another run begins now."""
        self._since, self._launched = time.time(), None

    def refresh(self, store: RunStore, session: RunSession) -> None:
        """Bring every step up to date; of a run whose steps are not told, what it waits for."""
        over, waits_for = session.is_over, session.waits_for
        self.waiting.setText(waits_for)
        for part in (self.waiting, self.leave):
            part.setVisible(bool(waits_for) and not over)
        self.steps.setVisible(not waits_for)
        self.panel.title.setText(tr("Waiting for a training") if waits_for else tr("Getting ready"))
        if waits_for:
            self.facts.setText("")
            return
        now = time.time()
        launching = session.state in (State.LAUNCHING, State.CONNECTING)
        if not launching and self._launched is None:
            self._launched = max(0.0, now - self._since)
        begun = any(row.state != "waiting" for row in store.phases.values())
        launch = PhaseRow("launch", state="done", seconds=self._launched)
        if launching or (over and not begun):
            launch = PhaseRow(
                "launch", state="started", since=self._since, text=tr("libraries are being loaded")
            )
        if begun and (store.last_t and self._since - store.last_t > 5):
            # Opened long after it ran: how long its engine took to start is not known.
            launch.seconds = None
        self.lines["launch"].show_row(launch, now=now, broken=over)
        for name, row in store.phases.items():
            self.lines[name].show_row(row, now=now, broken=over)
        header = store.header
        if header is not None:
            samples = samples_name(header.model_type)
            self.facts.setText(
                tr(
                    "{model_name} · {parameters:,} parameters · {n_train:,} + {n_val:,} {samples} · {device}",
                    model_name=model_name(header.model_type),
                    parameters=header.parameters,
                    n_train=header.n_train,
                    n_val=header.n_val,
                    samples=samples,
                    device=header.device,
                )
            )
        else:
            self.facts.setText("")
