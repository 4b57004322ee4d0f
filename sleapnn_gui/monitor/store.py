"""What a run has said so far, ready to be drawn: losses, epochs, marks, frames and phases, all bounded in memory."""

import math
from collections.abc import Mapping

import attrs
import numpy as np

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.counting import Reach, epoch_number, reach_told, run_seconds
from sleapnn_engine.protocol.events import KINDS, LAST_KINDS, PHASES_BEFORE_TRAINING
from sleapnn_engine.protocol.measures import MEASURES, Group, Measured
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor.beats import Beats
from sleapnn_gui.monitor.frame_cache import FRAME_BYTES, FrameCache
from sleapnn_gui.monitor.minmax_pyramid import Column, Series
from sleapnn_gui.monitor.run_header import Header
from sleapnn_gui.run.queue import Batches, Item

PHASE_NAMES = PHASES_BEFORE_TRAINING
"""What happens before the first epoch, in order."""

MOST_RATE_MARKS = 8
MOST_HEADS = 6
"""Heads whose own losses are kept; no model has more."""

RATE_DROP = 0.95
"""A learning rate that falls below this share of the one before counts as a drop."""

COLUMNS = ("x", "t", "train", "val", "lr", "samples_per_second", "gradient")
"""Figures of an epoch that are columns, besides those of `MEASURES`."""


@attrs.frozen
class Epoch:
    """One finished epoch; numbers that were not finite or not measured are NaN or None."""

    number: int
    """From 0, as the engine counts."""
    t: float
    train: float
    val: float
    lr: float
    seconds: float
    samples_per_second: float
    data_wait: float
    gradient: float
    swapped: Mapping[str, float]
    measured: Measured
    x: float
    """Where it stands on the epoch axis: at its end, or where it was broken off and measured."""

    @classmethod
    def from_event(cls, event: Event, *, reached: float) -> "Epoch":
        """Read an `epoch_end` event of a run that has `reached` so many epochs."""
        said = event.typed_as(events.EpochEnd)
        return cls(
            number=said.epoch,
            t=event.t,
            train=said.train,
            val=number(said.val),
            lr=said.lr,
            seconds=said.seconds,
            samples_per_second=said.samples_per_second,
            data_wait=number(said.data_wait),
            gradient=number(said.gradient),
            swapped=said.swapped or {},
            measured=said.error or Measured(),
            x=reached if said.epoch < reached < epoch_number(said.epoch) else float(epoch_number(said.epoch)),
        )


@attrs.frozen
class RateDrop:
    """A step down of the learning rate, at the beginning of the epoch that has the new one."""

    x: float
    before: float
    after: float


@attrs.define
class Pause:
    """A stretch in which training stood still; `seconds` is None while it lasts."""

    x: float
    since: float
    seconds: float | None = None


@attrs.define
class PhaseRow:
    """One of the phases before the first epoch."""

    name: str
    state: str = "waiting"
    """waiting, started, progress or done."""
    done: int | None = None
    total: int | None = None
    seconds: float | None = None
    since: float = 0.0
    """When it began, in Unix seconds."""
    text: str = ""


class RunStore:
    """Takes a run's events in order and keeps what the page shows. Plain Python and numpy, no Qt."""

    def __init__(self, *, frame_bytes: int = FRAME_BYTES) -> None:
        self.header: Header | None = None
        self.started: events.Started | None = None
        self.samples: events.Samples | None = None
        self.losses = Series()
        """Batch losses over epochs."""
        self.epochs: list[Epoch] = []
        self.columns = {name: Column() for name in (*COLUMNS, *(measure.key for measure in MEASURES))}
        """The same epochs as columns, for plots; what was not measured is NaN."""
        self.parts: dict[str, Column] = {}
        """Median error of each body part in px, as long as the columns; NaN where it was not measured."""
        self.heads: dict[str, Series] = {}
        """Batch losses of each head over epochs, before their weights; empty for models with one head."""
        self.best_epoch: int | None = None
        self.best_val: float | None = None
        self.rate_drops: list[RateDrop] = []
        self.pauses: list[Pause] = []
        self.checkpoints: list[float] = []
        """Where checkpoints were written, in epochs."""
        self.phases = {name: PhaseRow(name) for name in PHASE_NAMES}
        self.frames = FrameCache(limit=frame_bytes)
        self.batch_seconds = Column(np.float32)
        self._clock_x, self._clock_t = Column(), Column()
        self.beats = Beats()
        self.stop_rules: tuple[str, ...] = ()
        """By what it stops by itself, in words."""
        self.stop_x, self.stop_after = math.nan, ""
        """Where a stop was taken up."""
        self.step = 0
        """Batches done in the whole run."""
        self.first_bad_x: float | None = None
        """Where the loss first was not a number."""
        self.first_t: float | None = None
        self.last_t: float | None = None
        """When the run spoke first, and last, in Unix seconds; after its end only notes to the log may follow."""
        self.failure: events.Failed | None = None
        self.finished: events.Finished | None = None
        """What the engine said when all was done, once it has."""
        self._said_last = False
        self._newest: tuple[int, int] | None = None

    @property
    def x(self) -> float:
        """How far training is, in epochs."""
        return float(self.losses.x.values[-1]) if len(self.losses) else float(len(self.epochs))

    @property
    def epoch(self) -> int:
        """The epoch that is in progress, or was last, from 0."""
        most = self.header.max_epochs if self.header is not None else 1
        reached = int(self.x + 1e-9)
        return max(0, min(reached, most - 1)) if most else reached

    @property
    def reach(self) -> Reach:
        """How far the run is, as lists tell it."""
        return reach_told(
            newest=self._newest,
            steps_per_epoch=self.header.steps_per_epoch if self.header is not None else None,
            ended=self.epochs[-1].number if self.epochs else None,
            finished=None if self.finished is None else Reach(self.finished.epochs, self.finished.steps),
        )

    @property
    def seconds(self) -> float | None:
        """How long the run took so far, pauses included, as lists tell it."""
        told = None if self.finished is None or math.isnan(self.finished.seconds) else self.finished.seconds
        return run_seconds(self.first_t, self.last_t, told=told)

    @property
    def clock(self) -> tuple[np.ndarray, np.ndarray]:
        """How many epochs were done when, in seconds since the run's first word; neither falls. Do not keep them."""
        return self._clock_x.values, self._clock_t.values

    @property
    def is_training(self) -> bool:
        """Whether a first batch has been seen, so that there is a curve to show."""
        return len(self.losses) > 0 or bool(self.epochs)

    @property
    def paused(self) -> Pause | None:
        """The pause that lasts, if any."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].seconds is None else None

    def place_of(self, number: int) -> int:
        """Where an epoch, counted from 0, stands among `epochs`; the last one where it is not there."""
        later = (place for place in reversed(range(len(self.epochs))) if self.epochs[place].number == number)
        return next(later, -1)

    def latest(self, group: Group) -> Measured | None:
        """The newest of what was measured that has a headline in a group; None where there never was one."""
        found = self.outcome(group, over=False)
        return None if found is None else found.measured

    def outcome(self, group: Group, *, over: bool) -> Epoch | None:
        """The epoch whose figures in a group count: the newest, and of a run that is over that of the best model.

        None where nothing with a headline in the group was ever measured.
        """
        if over and self.best_epoch is not None and self.epochs:
            best = self.epochs[self.place_of(self.best_epoch)]
            if best.number == self.best_epoch and best.measured.headline(group):
                return best
        return next((epoch for epoch in reversed(self.epochs) if epoch.measured.headline(group)), None)

    def add(self, items: list[Item]) -> None:
        """Take events in the order they were said."""
        for item in items:
            self._note_time(item)
            if isinstance(item, Batches):
                self._add_batches(item)
                continue
            take = getattr(self, f"_add_{item.kind}", None)
            if take is not None:
                take(item)

    def _note_time(self, item: Item) -> None:
        """Only what the journal has counts, so that a run that is followed and one that is read take as long."""
        since, kind = (item.since, "batch_end") if isinstance(item, Batches) else (item.t, item.kind)
        if not self._said_last and (kind not in KINDS or KINDS[kind].journaled):
            self.first_t = since if self.first_t is None else self.first_t
            self.last_t = item.t
            self._said_last = kind in LAST_KINDS

    def _add_batches(self, batches: Batches) -> None:
        steps = self.header.steps_per_epoch if self.header is not None else 1
        x = (np.asarray(batches.steps, np.float64) + 1.0) / steps
        y = np.asarray(batches.losses, np.float64)
        bad = ~np.isfinite(y)
        if self.first_bad_x is None and bad.any():
            self.first_bad_x = float(x[int(bad.argmax())])
        self.losses.extend(x, y)
        self._note_clock(float(x[0]), batches.since)
        self._note_clock(float(x[-1]), batches.t)
        for name, values in batches.heads.items() if len(batches.heads) > 1 else ():
            if name in self.heads or len(self.heads) < MOST_HEADS:
                self.heads.setdefault(name, Series()).extend(x, np.asarray(values, np.float64))
        self.batch_seconds.extend(batches.seconds)
        self.step = batches.steps[-1] + 1
        self._newest = batches.epochs[-1], batches.batch

    def _add_started(self, event: Event) -> None:
        self.started = event.typed_as(events.Started)
        before, self.header = self.header, Header.of(self.started)
        if before is not None and before.steps_per_epoch != self.header.steps_per_epoch:
            self._stretch(before.steps_per_epoch / self.header.steps_per_epoch)

    def _stretch(self, share: float) -> None:
        """How long an epoch is has turned out otherwise: its batches move, its ends stay where they are."""

        def moved(x: np.ndarray) -> np.ndarray:
            begins = np.ceil(x - 1e-9) - 1.0
            return begins + (x - begins) * share

        known, self.losses = self.losses, Series()
        self.losses.extend(moved(known.x.values), known.y.values.copy())
        clock, self._clock_x = self._clock_x, Column()
        self._clock_x.extend(moved(clock.values))

    def _add_samples(self, event: Event) -> None:
        self.samples = event.typed_as(events.Samples)

    def _add_phase(self, event: Event) -> None:
        said = event.typed_as(events.Phase)
        row = self.phases.get(said.name)
        if row is None:
            return
        if row.state == "waiting" or said.state == "started":
            row.since = event.t
        row.state = said.state
        row.text = said.text or row.text
        row.done = row.done if said.done is None else said.done
        row.total = row.total if said.total is None else said.total
        row.seconds = row.seconds if said.seconds is None else said.seconds

    def _add_epoch_end(self, event: Event) -> None:
        epoch = Epoch.from_event(event, reached=self.x)
        before = self.epochs[-1].lr if self.epochs else math.nan
        if epoch.lr < before * RATE_DROP:
            self.rate_drops.append(RateDrop(epoch.number, before, epoch.lr))
        self.epochs.append(epoch)
        said = event.typed_as(events.EpochEnd)
        self.best_epoch, self.best_val = said.best_epoch, said.best_val
        for name in COLUMNS:
            self.columns[name].append(getattr(epoch, name))
        for measure in MEASURES:
            self.columns[measure.key].append(number(epoch.measured[measure]))
        for name, value in epoch.measured.by_node.items():
            known = self.parts.setdefault(name, Column())
            known.extend([math.nan] * (len(self.epochs) - 1 - len(known)))
            known.append(number(value))

    def part_errors(self, name: str) -> np.ndarray:
        """Median error of a body part in px after each epoch; NaN where it was not measured."""
        known = self.parts[name].values
        return np.append(known, np.full(len(self.epochs) - len(known), math.nan))

    def _note_clock(self, x: float, t: float) -> None:
        seconds = t - (t if self.first_t is None else self.first_t)
        before = float(self._clock_t.values[-1]) if len(self._clock_t) else 0.0
        at = float(self._clock_x.values[-1]) if len(self._clock_x) else -math.inf
        if x >= at:  # a run that speaks anew of what it did is not set back
            self._clock_x.append(x)
            self._clock_t.append(max(before, seconds))

    def _add_paused(self, event: Event) -> None:
        self.pauses.append(Pause(self.x, event.t))
        self._note_clock(self.x, event.t)

    def _add_resumed(self, event: Event) -> None:
        if self.paused is not None:
            self.pauses[-1].seconds = event.typed_as(events.Resumed).paused_seconds
            self._note_clock(self.pauses[-1].x, event.t)

    def _add_stop_rules(self, event: Event) -> None:
        self.stop_rules = tuple(event.typed_as(events.StopRules).rules)

    def _add_stopping(self, event: Event) -> None:
        self.stop_x, self.stop_after = self.x, event.typed_as(events.Stopping).after

    def _add_checkpoint(self, event: Event) -> None:
        x = self.x
        if not self.checkpoints or x > self.checkpoints[-1]:
            self.checkpoints.append(x)

    def _add_heartbeat(self, event: Event) -> None:
        self.beats.add(event.typed_as(events.Heartbeat), x=self.x, t=event.t)

    def _add_finished(self, event: Event) -> None:
        self.finished = event.typed_as(events.Finished)

    def _add_failed(self, event: Event) -> None:
        self.failure = event.typed_as(events.Failed)

    def _add_frame(self, event: Event) -> None:
        self.frames.add(event)

    @property
    def marked_rate_drops(self) -> list[RateDrop]:
        """The drops worth a mark: none when the rate glides down all the time, the latest when there are many."""
        if len(self.rate_drops) > max(MOST_RATE_MARKS, len(self.epochs) // 4):
            return []
        return self.rate_drops[-MOST_RATE_MARKS:]


def number(value: float | None) -> float:
    """A number that may have been left out because it was not finite."""
    return math.nan if value is None else float(value)
