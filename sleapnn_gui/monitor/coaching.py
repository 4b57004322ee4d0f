"""What is said of the run on the Train page: its events and its config are judged anew with each epoch."""

import math
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from sleapnn_engine.config.disk import cause_in
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.run_models import config_of, values_of
from sleapnn_engine.protocol.coach import coach
from sleapnn_engine.protocol.coach_case import RunCase
from sleapnn_engine.protocol.epoch_history import EpochFigures
from sleapnn_engine.protocol.events import Failed
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor.coach_strip import CoachStrip
from sleapnn_gui.monitor.store import Epoch, RunStore
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Outcome
from sleapnn_gui.run.session import RunSession

#: The signal by which a system ends a process when memory runs short.
_KILLED = 9


class Coaching(QObject):
    """Gives a strip what there is to say of one run at a time; the config is read once, beside the window."""

    def __init__(self, strip: CoachStrip) -> None:
        super().__init__(strip)
        self._strip = strip
        self._reading = BackgroundTask(self)
        self._config: ConfigReader | None = None
        self._asked: Path | None = None
        self._followed: tuple[RunStore, Outcome | None] | None = None
        self._judged: tuple[object, ...] = ()

    def start_over(self) -> None:
        """Another run is followed, or none."""
        self._reading.drop()
        self._config, self._asked, self._followed, self._judged = None, None, None, ()
        self._strip.clear()

    def refresh(self, store: RunStore, session: RunSession) -> None:
        """Judge the run again where there is something new of it."""
        run_dir, outcome = session.run_dir, session.outcome
        if not store.is_training and outcome is None:
            return
        if run_dir is not None and run_dir != self._asked:
            self._asked = run_dir
            self._reading.begin(partial(_config, run_dir, session.config), self._known)
        self._followed = store, outcome
        if store.is_training:
            self._strip.keep_place(over=outcome is not None)
        self._judge()

    def _known(self, config: ConfigReader | None) -> None:
        """The run may be over by now, and nothing else will come."""
        self._config = config
        self._judge()

    def _judge(self) -> None:
        if self._followed is None:
            return
        store, outcome = self._followed
        judged = (len(store.epochs), store.samples, outcome, self._config)
        if judged != self._judged:
            self._judged = judged
            self._strip.show_hints(coach(case_of(store, config=self._config, outcome=outcome)))


def _config(run_dir: Path, given: Path | None) -> ConfigReader | None:
    """That of the run folder; of a run that came to none, what its engine was given."""
    found = config_of(run_dir)
    if found is None and given is not None:
        with suppress(UserError):
            return ConfigReader(values_of(given))
    return found


def case_of(store: RunStore, *, config: ConfigReader | None, outcome: Outcome | None) -> RunCase:
    """What a store knows of its run, and what became of it."""
    return RunCase(
        epochs=[_figures(epoch, store) for epoch in store.epochs],
        started=store.started,
        samples=store.samples,
        config=config,
        over=outcome is not None,
        failure=store.failure or _untold(outcome),
        killed=outcome is not None and outcome.state is State.CRASHED and outcome.exit.signal == _KILLED,
    )


def _untold(outcome: Outcome | None) -> Failed | None:
    """What became of an engine that had no place to say it: on a full disk there is no journal."""
    cause = cause_in(outcome.sentence) if outcome is not None and outcome.state is State.FAILED else ""
    return Failed(message=outcome.sentence, path=None, hint=None, cause=cause) if outcome and cause else None


def _figures(epoch: Epoch, store: RunStore) -> EpochFigures:
    per_epoch = store.header.steps_per_epoch if store.header is not None else 0
    return EpochFigures(
        epoch=epoch.number,
        step=round(epoch.x * per_epoch),
        seconds=epoch.t - (store.first_t or epoch.t),
        train=_number(epoch.train),
        val=_number(epoch.val),
        measured=epoch.measured,
        lr=_number(epoch.lr),
        swapped=epoch.swapped,
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
