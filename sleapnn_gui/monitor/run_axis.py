"""What the curves of a run are drawn over: epochs, steps or time, and where its epochs and batches stand there."""

import math
from enum import Enum

import attrs
import numpy as np

from sleapnn_engine.protocol.epoch_history import EpochFigures
from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.store import Epoch, RunStore


class X(Enum):
    """What curves are drawn over."""

    EPOCH = "epoch"
    STEP = "step"
    TIME = "time"

    def of(self, one: EpochFigures) -> float:
        """Where an epoch stands."""
        return float({X.EPOCH: words.epoch_number(one.epoch), X.STEP: one.step, X.TIME: one.seconds}[self])

    def text(self, value: float) -> str:
        """A place below the axis in words."""
        return words.duration(value) if self is X.TIME else ticks.plain_text(value)

    def values(self, low: float, high: float) -> list[float]:
        """The few places that are named below the axis."""
        return ticks.time_ticks(low, high) if self is X.TIME else ticks.whole_ticks(low, high)


@attrs.define
class RunAxis:
    """The axis below the curves of one run. What a `RunStore` counts in epochs is turned into places on it and back.

    Places in time are seconds from the run's first word on. A pause has no length in epochs and steps; in time it is a
    stretch of its own: a batch stands at its beginning, never at its end.
    """

    over: X = X.EPOCH

    def places(self, store: RunStore, x: np.ndarray) -> np.ndarray:
        """Where these numbers of epochs stand; they must not fall."""
        if self.over is X.EPOCH:
            return x
        if self.over is X.STEP:
            return x * _steps(store)
        epochs, seconds = store.clock
        # Read from the right, so that of several moments with as many epochs the first one counts.
        return np.interp(-x, -epochs[::-1], seconds[::-1]) if len(epochs) else np.zeros(len(x))

    def place(self, store: RunStore, x: float) -> float:
        """Where so many epochs stand."""
        return float(self.places(store, np.array([x]))[0])

    def ends(self, store: RunStore) -> np.ndarray:
        """Where the epochs end, with their validation."""
        if self.over is X.TIME:
            return store.columns["t"].values - (store.first_t or 0.0)
        return self.places(store, store.columns["x"].values)

    def batch_line(self, store: RunStore, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values over numbers of epochs as a line; in time, where pauses have a length, with a gap for each."""
        return self._with_gaps(store, x, self.places(store, x), y)

    def epoch_line(self, store: RunStore, y: np.ndarray, *, every: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """One value for each of the epochs, or for some of them, as a line with the same gaps."""
        x = store.columns["x"].values[::every]
        return self._with_gaps(store, x, self.ends(store)[::every], y[::every])

    def _with_gaps(
        self, store: RunStore, x: np.ndarray, places: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if self.over is not X.TIME or not len(x):
            return places, y
        cuts = np.searchsorted(
            x, [pause.x for pause in store.pauses if x[0] <= pause.x < x[-1]], side="right"
        )
        return np.insert(places, cuts, places[cuts - 1]), np.insert(y, cuts, math.nan)

    def begins(self, store: RunStore) -> np.ndarray:
        """Where the epochs begin, also one that was broken off."""
        begun = np.ceil(store.columns["x"].values - 1e-9) - 1.0
        if self.over is X.TIME:
            return np.concatenate([self.places(store, begun[:1]), self.ends(store)[:-1]])
        return self.places(store, begun)

    def epochs(self, store: RunStore, place: float) -> float:
        """How many epochs were done at a place."""
        if self.over is X.EPOCH:
            return place
        if self.over is X.STEP:
            return place / _steps(store)
        epochs, seconds = store.clock
        return float(np.interp(place, seconds, epochs)) if len(epochs) else 0.0

    def epoch_at(self, store: RunStore, place: float) -> tuple[int, Epoch | None]:
        """The epoch, from 0, that was trained at a place, and its figures once it has ended."""
        x = min(max(self.epochs(store, place), 0.0), store.x)
        newest = max(0, math.ceil(store.x - 1e-9) - 1)
        epoch = min(math.floor(x), newest)
        found = store.place_of(epoch)
        return epoch, store.epochs[found] if found >= 0 and store.epochs[found].number == epoch else None

    def end(self, store: RunStore) -> float:
        """Where the axis ends: at the last epoch once a good part is done, before that at a round number."""
        wanted = end_in_epochs(store)
        if self.over is not X.TIME:
            return self.place(store, wanted)
        now = max(self.place(store, store.x), float(self.ends(store)[-1]) if store.epochs else 0.0)
        epochs, _ = store.clock
        begun = float(epochs[0]) if len(epochs) else 0.0
        if store.finished is not None or store.failure is not None or store.x <= begun:
            return max(now, 1.0)
        trained = now - sum(pause.seconds or 0.0 for pause in store.pauses)
        return now + trained * max(0.0, wanted - store.x) / (store.x - begun)


def end_in_epochs(store: RunStore) -> float:
    """The last epoch once a good part is done, before that a round number."""
    total = float(store.header.max_epochs or math.inf) if store.header is not None else math.inf
    if store.x >= total / 3:
        return max(total, math.ceil(store.x))
    wanted = max(2.0, store.x * 1.5)
    magnitude = 10.0 ** math.floor(math.log10(wanted))
    rounded = next(step * magnitude for step in (1, 2, 3, 4, 6, 8, 10) if step * magnitude >= wanted)
    return min(total, rounded)


def _steps(store: RunStore) -> float:
    return float(store.header.steps_per_epoch) if store.header is not None else 1.0
