"""A training of sleap-nn told as events of this protocol, so that it is watched like any other run."""

import math
from collections.abc import Mapping

import attrs
import numpy as np

from sleapnn_engine.protocol.counting import epoch_number
from sleapnn_engine.protocol.events import (
    BatchEnd,
    EpochEnd,
    EventBody,
    Failed,
    Finished,
    Log,
    Started,
    Stopping,
)
from sleapnn_engine.protocol.measures import MEASURES, Measured
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.peer_messages import PeerMessage


@attrs.frozen(kw_only=True)
class _Ended:
    """An epoch that has ended. Its training loss and rate come with the batch after it, which is waited for."""

    epoch: int
    t: float
    val: float | None
    mean: float
    """Mean loss of its batches; NaN where not all were heard."""
    seconds: float
    measured: Measured | None


@attrs.define
class PeerStory:
    """Takes messages in the order they came; what they say is told in events numbered from 1.

    How many steps an epoch has is not said. It is guessed, and with each better guess `started` is told again.
    """

    is_over: bool = False
    has_begun: bool = False
    _what: str = ""
    _seq: int = 0
    _steps: int = 1
    _steps_known: bool = False
    _epoch: int = 0
    _losses: list[float] = attrs.field(factory=list)
    _epoch_since: float = 0.0
    _last_batch: float = 0.0
    _began: float = 0.0
    _ended: _Ended | None = None
    _epochs: int = 0
    _best: tuple[int | None, float] = (None, math.inf)
    _figures: Mapping[str, float | None] = attrs.field(factory=dict)
    _asked_to_stop: bool = False
    _told_another: bool = False

    def read(self, message: PeerMessage, *, t: float) -> list[Event]:
        """What a message that came at `t`, in Unix seconds, says."""
        if self.is_over:
            return []
        told: list[EventBody] = []
        if message.event == "train_begin" and self.has_begun:
            return self._numbered(self._another(), t)
        if not self.has_begun and message.event in _KNOWN:
            self.has_begun, self._began, self._what = True, t, message.what
            self._epoch_since = self._last_batch = t
            told.append(self._started())
        act = _KNOWN.get(message.event)
        if act is not None:
            told += act(self, message, t)
        return self._numbered(told, t)

    def stopping(self, *, t: float) -> list[Event]:
        """It was asked to stop; it answers nothing, and ends after the batch in progress."""
        self._asked_to_stop = True
        return self._numbered([Stopping(after="batch")], t)

    def end(self, *, t: float) -> list[Event]:
        """Nobody speaks any more. Without its own last word that is a failure."""
        if self.is_over or not self.has_begun:
            return []
        told = self._flush({})
        self.is_over = True
        told.append(
            Failed(
                message="sleap-nn ended without its last word, so it failed or was ended.",
                path=None,
                hint="Its own output says why; checkpoints that it had written are in its run folder.",
            )
        )
        return self._numbered(told, t)

    # -- one message ----------------------------------------------------------------------------------------

    def _begin_epoch(self, message: PeerMessage, t: float) -> list[EventBody]:
        self._enter(self._epoch if message.epoch is None else message.epoch, t)
        return []

    def _enter(self, epoch: int, t: float) -> None:
        self._epoch, self._losses = epoch, []
        self._epoch_since = self._last_batch = t

    def _end_batch(self, message: PeerMessage, t: float) -> list[EventBody]:
        if message.loss is None:
            return []
        if message.epoch is not None and message.epoch != self._epoch:
            self._enter(message.epoch, t)  # its beginning was not heard
        told = self._flush(message.logs)
        batch = len(self._losses) if message.batch is None else message.batch
        if batch >= self._steps:
            self._steps = batch + 1 if self._steps_known else 2 ** batch.bit_length()
            told.append(self._started())
        self._losses.append(message.loss)
        told.append(
            BatchEnd(
                epoch=self._epoch,
                step=self._epoch * self._steps + batch,
                batch=batch,
                loss=message.loss,
                losses={},
                seconds=max(0.0, t - self._last_batch),
            )
        )
        self._last_batch = t
        return told

    def _end_epoch(self, message: PeerMessage, t: float) -> list[EventBody]:
        told = self._flush({})
        epoch = self._epoch if message.epoch is None else message.epoch
        heard = len(self._losses) if epoch == self._epoch else 0
        if heard and not self._steps_known and not self._asked_to_stop:
            self._steps_known = True
            if heard != self._steps:
                self._steps = heard
                told.append(self._started())
        self._ended = _Ended(
            epoch=epoch,
            t=t,
            val=message.validation,
            mean=float(np.mean(self._losses)) if heard else math.nan,
            seconds=max(0.0, t - self._epoch_since),
            measured=self._measured(message.logs),
        )
        return told

    def _end_training(self, _message: PeerMessage, t: float) -> list[EventBody]:
        told = self._flush({})
        self.is_over = True
        best, val = self._best
        told.append(
            Finished(
                outcome="stopped" if self._asked_to_stop else "completed",
                epochs=self._epochs,
                best_epoch=best,
                best_val=None if best is None else val,
                run_dir="",
                seconds=max(0.0, t - self._began),
            )
        )
        return told

    def _ignore(self, _message: PeerMessage, _t: float) -> list[EventBody]:
        return []

    # -- what is told ---------------------------------------------------------------------------------------

    def _numbered(self, told: list[EventBody], t: float) -> list[Event]:
        events = []
        for said in told:
            self._seq += 1
            events.append(Event(self._seq, t, said.kind, said.body))
        return events

    def _started(self) -> Started:
        return Started(
            run_name=f"sleap-nn, {self._what.replace('_', ' ')}" if self._what else "sleap-nn",
            run_dir="",
            model_type=self._what,
            max_epochs=0,
            steps_per_epoch=self._steps,
            n_train=0,
            n_val=0,
            nodes=[],
            edges=[],
            device="",
            precision="",
            parameters=0,
            early_stopping_patience=None,
            pid=0,
        )

    def _flush(self, later: Mapping[str, float]) -> list[EventBody]:
        """Tell the epoch that has ended; `later` are figures of the batch after it, which has what is said late."""
        ended = self._ended
        if ended is None:
            return []
        self._ended = None
        self._epochs = epoch_number(ended.epoch)
        best = ended.val is not None and ended.val < self._best[1]
        if best and ended.val is not None:
            self._best = ended.epoch, ended.val
        return [
            EpochEnd(
                epoch=ended.epoch,
                train=later.get("train/loss", ended.mean),
                val=ended.val,
                lr=later.get("train/lr", math.nan),
                seconds=ended.seconds,
                samples_per_second=later.get("train/samples_per_sec", math.nan),
                best=best,
                best_epoch=self._best[0],
                best_val=None if self._best[0] is None else self._best[1],
                data_wait=None,
                error=ended.measured,
            )
        ]

    def _measured(self, logs: Mapping[str, float]) -> Measured | None:
        """What was measured in this epoch; figures that are those of before to the last digit were not measured anew."""
        found = {each.key: _first(logs, each.theirs) for each in MEASURES}
        if found == self._figures or all(value is None for value in found.values()):
            return None
        self._figures = found
        return Measured.of(found)

    def _another(self) -> list[EventBody]:
        if self._told_another:
            return []
        self._told_another = True
        text = "Another training has begun on these ports; what it says cannot be told from this one's."
        return [Log(level="warning", text=text)]


_KNOWN = {
    "train_begin": PeerStory._ignore,
    "epoch_begin": PeerStory._begin_epoch,
    "batch_start": PeerStory._ignore,
    "batch_end": PeerStory._end_batch,
    "epoch_end": PeerStory._end_epoch,
    "train_end": PeerStory._end_training,
}


def _first(logs: Mapping[str, float], names: tuple[str, ...]) -> float | None:
    return next((logs[name] for name in names if name in logs and math.isfinite(logs[name])), None)
