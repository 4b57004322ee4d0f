"""The Train page: one run from Train to its end, what it says, and the three things a person can ask of it."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal, SignalInstance, Slot
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from sleapnn_engine.protocol.coach_case import Hint, Shows
from sleapnn_engine.protocol.failure_report import failure_report
from sleapnn_engine.protocol.silence import last_checkpoint, loss_text
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor import status_text, words
from sleapnn_gui.monitor.banner import Banner, CancelQuestion
from sleapnn_gui.monitor.charts import ChartsView
from sleapnn_gui.monitor.coach_strip import CoachStrip
from sleapnn_gui.monitor.coaching import Coaching
from sleapnn_gui.monitor.contact import END, Contact
from sleapnn_gui.monitor.empty_state import EmptyState
from sleapnn_gui.monitor.ending import REPORT, describe_ending
from sleapnn_gui.monitor.kept_reading import KeptReading
from sleapnn_gui.monitor.phases import PhasesView
from sleapnn_gui.monitor.self_stopping import SelfStopping
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.monitor.summary import RunStrip
from sleapnn_gui.run.machine import Phase, State
from sleapnn_gui.run.outcome import Outcome
from sleapnn_gui.run.queue import Item
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.desktop import open_in_desktop
from sleapnn_gui.widgets.language import tr

REFRESH_MS = 100
"""The page is redrawn at most ten times a second, however much the engine says."""

SLOW_REFRESH = 5
"""Without news, every so many turns: times and estimates go on."""

PHASE_PATIENCE = 1.0
"""Seconds a validation or save must last before the chip names it: shorter ones would only flicker."""

_VERBS = ("pause", "resume", "stop", "stop_after_epoch", "cancel")


class TrainPage(QWidget):
    """Follows one `RunSession` at a time. The page never waits for the engine and draws at most ten times a second.

    `train_wanted`, `configure_wanted`, `predict_wanted`, `evaluation_wanted` and `labelling_wanted`, with frames, are for the
    window; `can_changed` when what `can` answers may differ, `news` at most ten times a second while there is something new.
    """

    train_wanted = Signal()
    configure_wanted = Signal()
    predict_wanted = Signal()
    evaluation_wanted = Signal()
    labelling_wanted = Signal(object)
    can_changed = Signal()
    news = Signal()

    def __init__(
        self,
        session: RunSession | None = None,
        *,
        opener: Callable[[Path], object] = open_in_desktop,
        parent: QWidget | None = None,
        in_steps: bool = False,
    ) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self.setObjectName("page:train")
        self.setAccessibleName(tr("Train"))
        self.session: RunSession | None = None
        self.store = RunStore()
        self._opener = opener
        self._fresh = False
        self._turns = 0
        self._phase, self._phase_since = Phase.NONE, 0.0
        self._disk, self._reporting = BackgroundTask(self), BackgroundTask(self)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._turn)
        if not in_steps:
            deque(self.fill(session), maxlen=0)

    def fill(self, session: RunSession | None = None) -> Iterator[None]:
        """Make what it shows, some in each step, and follow the session."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.strip = RunStrip()
        column.addWidget(self.strip)
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(10)
        self.stack = QStackedWidget()
        self.question = CancelQuestion(self.stack)
        self.banner, self.advice = Banner(self.stack), Banner(self.stack)
        self.coach, self.stops = CoachStrip(self.stack), SelfStopping(self.stack)
        self._coaching, self._contact = Coaching(self.coach), Contact(self.banner)
        yield
        self.empty, self.phases = EmptyState(), PhasesView()
        self.charts = ChartsView(self.stack, in_steps=True)
        for view in (self.empty, self.phases, self.charts):
            self.stack.addWidget(view)
        for widget in (self.question, self.banner, *self.stops.widgets, self.advice, self.coach):
            inside.addWidget(widget)
        inside.addWidget(self.stack, 1)
        column.addLayout(inside, 1)
        self.strip.pause_wanted.connect(self.pause)
        self.strip.resume_wanted.connect(self.resume)
        self.strip.stop_wanted.connect(self.stop_and_keep)
        self.strip.cancel_wanted.connect(self.cancel)
        self.strip.folder_wanted.connect(self.open_folder)
        self.strip.configure_wanted.connect(self.configure_wanted)
        self.strip.predict_wanted.connect(self.predict_wanted)
        self.strip.evaluation_wanted.connect(self.evaluation_wanted)
        self.question.confirmed.connect(self._cancel_now)
        self.banner.link_followed.connect(self._follow_link)
        self.coach.look_wanted.connect(self._point_out)
        self._kept = KeptReading(self)
        self._kept.came.connect(self._refresh)
        self._kept.refused.connect(self._note)
        self.empty.train_wanted.connect(self.train_wanted)
        self.charts.journal_wanted.connect(self.open_folder)
        yield
        yield from self.charts.fill()
        self._kept.refused.connect(self.charts.frames.explain_absence)
        self.charts.frames.labelling_wanted.connect(self.labelling_wanted)
        self.set_session(session)

    # -- the run -------------------------------------------------------------------------------------------

    def set_session(self, session: RunSession | None) -> None:
        """Follow another run, or none. What the session said before this is not repeated."""
        if self.session is not None:
            for signal, slot in self._wires(self.session):
                signal.disconnect(slot)
        self.session = session
        self.store = RunStore()
        self.strip.start_over(another=True)
        self.question.withdraw(at_once=True)
        self._contact.start_over(session)
        self.advice.clear(at_once=True)
        self._coaching.start_over()
        self.stops.start_over(session)
        self._kept.drop()
        self.charts.set_store(self.store)
        self.charts.set_over(False)
        self.phases.start_over()
        if session is None:
            self._timer.stop()
        else:
            for signal, slot in self._wires(session):
                signal.connect(slot)
            self._timer.start()
        self._refresh()
        self.can_changed.emit()

    def _wires(self, session: RunSession) -> list[tuple[SignalInstance, Callable[..., None]]]:
        return [
            (session.events, self._handle_items),
            (session.state_changed, self._state_changed),
            (session.command_state, self._command_moved),
            (session.notice, self._note),
            (session.ended, self._ended),
        ]

    def can(self, verb: str) -> bool:
        """Whether pause, resume, stop or cancel makes sense now."""
        return self.session is not None and self.session.can(verb)

    @Slot()
    def pause(self) -> None:
        """Ask the engine to stand still after this batch."""
        if self.session is not None:
            self.session.pause()

    @Slot()
    def resume(self) -> None:
        """Ask a paused engine to go on."""
        if self.session is not None:
            self.session.resume()

    @Slot(str)
    def stop_and_keep(self, after: str = "batch") -> None:
        """Ask the engine to end after this `batch` or `epoch`, evaluate and keep the best model."""
        if self.session is not None:
            self.session.stop(after=after)

    @Slot()
    def cancel(self) -> None:
        """Ask the person, on the page, whether the run should be cancelled."""
        session = self.session
        if session is None or not self.can("cancel"):
            return
        if session.lost_contact and session.run_dir is not None:
            self._disk.begin(partial(last_checkpoint, session.run_dir), partial(self._ask, session))
        else:
            self.question.ask("")

    def _ask(self, session: RunSession, last: int | None) -> None:
        """Ask with what would be lost since the checkpoint of this epoch, or of none."""
        if session is self.session and self.can("cancel"):
            self.question.ask(loss_text(last))

    def _follow_link(self, target: str) -> None:
        if target == END:
            self.cancel()
        elif target == REPORT and self.session is not None and self.session.run_dir is not None:
            self._reporting.begin(partial(failure_report, self.session.run_dir), self._copy_report)
        else:
            self._opener(Path(target))

    def _copy_report(self, text: str) -> None:
        """Put a report on the clipboard, and say so where it was asked for."""
        QGuiApplication.clipboard().setText(text)
        self.banner.rename_link(REPORT, tr("Report copied"))

    @Slot()
    def open_folder(self) -> None:
        """Show the run folder, or what there is of it, with the desktop's file manager."""
        run_dir = self.session.run_dir if self.session is not None else None
        if run_dir is not None:
            self._opener(next(path for path in (run_dir, *run_dir.parents) if path.is_dir()))

    def _cancel_now(self) -> None:
        if self.session is not None:
            self.session.cancel()

    # -- what the session says -----------------------------------------------------------------------------

    def _handle_items(self, items: list[Item]) -> None:
        self.store.add(items)
        self.charts.log.add(items)
        self._fresh = True

    def _state_changed(self) -> None:
        self._fresh = True
        if not self.can("cancel"):
            self.question.withdraw()
        self.can_changed.emit()

    def _note(self, text: str) -> None:
        """A line in the log; of a run that was over long before, it has the time of the run's last word."""
        past = self.session is not None and self.session.was_over
        self.charts.log.note(text, t=self.store.last_t if past else time.time())

    def _command_moved(self, verb: str, stage: str, text: str) -> None:
        self.strip.note_command(verb, stage)
        kept = self._contact.follow_command(verb, stage, text)
        if kept:
            self._note(kept)
        self._show_strip()
        self._contact.refresh()
        self.can_changed.emit()

    def _ended(self, outcome: Outcome) -> None:
        self.strip.start_over()
        self.charts.set_over(True)
        if outcome.run_dir is not None:
            self._kept.begin(outcome.run_dir, self.store.frames)
        self._show_outcome(outcome)
        self._refresh()
        self._timer.stop()
        self.can_changed.emit()

    # -- drawing -------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _turn(self) -> None:
        self._turns += 1
        if self.session is not None and self.session.is_reading and self._turns % SLOW_REFRESH:
            return  # to draw each piece of a journal takes longer than to read it
        if self._fresh:
            if self.session is not None:
                self.session.hold_link()
            self.news.emit()
        if self._fresh or self._turns % SLOW_REFRESH == 0:
            self._refresh()

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        self._fresh = False
        session = self.session
        self.strip.setVisible(session is not None)
        if session is None:
            self.stack.setCurrentWidget(self.empty)
            return
        self._show_strip()
        self._contact.refresh()
        self._show_advice()
        self.stops.refresh(self.store)
        self._coaching.refresh(self.store, session)
        if self.store.is_training:
            self.stack.setCurrentWidget(self.charts)
            self.charts.refresh()
        else:
            self.stack.setCurrentWidget(self.phases)
            self.phases.refresh(self.store, session)

    def _show_strip(self) -> None:
        session = self.session
        if session is None:
            return
        strip, store, over = self.strip, self.store, session.is_over
        name = store.header.run_name if store.header is not None else ""
        strip.name.setText(name or session.name)
        text = status_text.state_text(
            session.state,
            self._steady_phase(session),
            store,
            cancelled=session.machine.cancelled,
            lost=session.lost_contact,
        )
        warned = session.outcome is not None and bool(session.outcome.warnings)
        token = status_text.state_token(session.state, lost=session.lost_contact, warned=warned)
        strip.chip.show_state(text, token)
        strip.set_progress(
            1.0 if session.state is State.COMPLETED else status_text.progress(store), token=token
        )
        strip.error.show_figure(status_text.error_figure(store, over=over))
        told = status_text.animals_help(store, over=over)
        strip.show_animals(status_text.animals_figure(store, over=over), told=told)
        strip.time.show_figure(status_text.time_figure(store, session.state, over=over))
        strip.speed.show_figure(status_text.speed_figure(store, session.state))
        can = {verb: session.can(verb) for verb in _VERBS} | {"folder": session.kept_dir is not None}
        strip.set_buttons(can=can, paused=session.state is State.PAUSED, over=over)

    def _steady_phase(self, session: RunSession) -> Phase:
        """The phase of a training run, once it has lasted."""
        now = time.monotonic()
        if session.phase is not self._phase:
            self._phase, self._phase_since = session.phase, now
        lasting = now - self._phase_since >= PHASE_PATIENCE
        return session.phase if lasting else Phase.EPOCH

    def _show_advice(self) -> None:
        """What the numbers themselves say is wrong."""
        if self.store.first_bad_x is None:
            self.advice.clear()
        elif not self.advice.text:
            text = status_text.no_number_text(int(self.store.first_bad_x))
            self.advice.show_message(text, severity="warning")

    def _point_out(self, hint: Hint) -> None:
        """What stands on another page is for the window."""
        if hint.shows not in (Shows.LABELS, Shows.SPLIT, Shows.SETTING):
            self.charts.point_out(hint.shows)

    def _show_outcome(self, outcome: Outcome) -> None:
        self.question.withdraw()
        ending = describe_ending(outcome)
        self.banner.show_message(
            ending.text, severity=ending.severity, lines=ending.lines, links=list(ending.links)
        )
        self._note(words.one_line(ending.text))
