"""What an engine's heartbeats say while this window listens: memory in use, and how fast training goes within an epoch."""

import numpy as np

from sleapnn_engine.protocol.events import Heartbeat
from sleapnn_gui.monitor.minmax_pyramid import Column
from sleapnn_gui.monitor.ticks import nearest_index

_MOST = 20_000
"""Beats that are kept, more than five hours of them; of more, every second one goes."""

_RATE_SECONDS = 4.0
"""Over so long a time the steps are counted, for a rate that does not jump."""


class Beats:
    """One row a heartbeat: `x` in epochs, memory of the process and of the card in bytes, steps in a second; NaN: unknown.

    They are in no journal: those that nobody heard are gone.
    """

    def __init__(self) -> None:
        self._clear()
        self._recent: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self.x)

    def _clear(self) -> None:
        self.x, self.memory, self.gpu, self.rate = Column(), Column(), Column(), Column()

    def add(self, said: Heartbeat, *, x: float, t: float) -> None:
        """Take one that came at `t`, in Unix seconds, when training had come to `x` epochs."""
        if len(self) >= _MOST:
            self._thin()
        self.x.append(max(x, float(self.x.values[-1]) if len(self) else 0.0))
        self.memory.append(np.nan if said.rss_bytes is None else float(said.rss_bytes))
        self.gpu.append(np.nan if said.gpu_bytes is None else float(said.gpu_bytes))
        self.rate.append(self._rate(said, t))

    def _rate(self, said: Heartbeat, t: float) -> float:
        if said.state != "training" or said.step is None:
            self._recent.clear()
            return np.nan
        self._recent = [(then, step) for then, step in self._recent if t - then <= _RATE_SECONDS]
        self._recent.append((t, said.step))
        (first, before), (last, now) = self._recent[0], self._recent[-1]
        return (now - before) / (last - first) if last > first and now >= before else np.nan

    def _thin(self) -> None:
        kept = [column.values[::2].copy() for column in (self.x, self.memory, self.gpu, self.rate)]
        self._clear()
        for column, values in zip((self.x, self.memory, self.gpu, self.rate), kept, strict=True):
            column.extend(values)

    def place(self, x: float) -> int | None:
        """The beat nearest to so many epochs, of several the last; None where none was heard."""
        if not len(self):
            return None
        known = self.x.values
        return int(np.searchsorted(known, known[nearest_index(known, x)], side="right")) - 1
