"""Saying what a run is doing: phases and events to the journal and viewers, sentences to the log."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import ChannelError, EngineChannel
from sleapnn_engine.training.failures import explained

#: What heartbeats call each phase.
STATES = {"train": "training", "validate": "validating", "save": "saving", "finish": "finalizing"}
#: Seconds between two progress events of one phase.
PROGRESS_SECONDS = 0.5

log = logging.getLogger("sleapnn_engine.training")


@attrs.define
class Phase:
    """A phase that is going on; `progress` may be called as often as is handy."""

    report: "Report"
    name: str
    text: str
    total: int | None
    began: float = attrs.field(factory=time.perf_counter)
    done: int | None = None
    told: float = attrs.field(factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def progress(self, done: int, total: int | None = None) -> None:
        """Note that `done` of `total` items are finished; told at most twice a second."""
        self.done, self.total = done, self.total if total is None else total
        now = time.perf_counter()
        if now - self.told >= PROGRESS_SECONDS:
            self.told = now
            self.report.phase_event(self, "progress")


@contextmanager
def open_channel(folder: Path, *, device: torch.device) -> Iterator[EngineChannel]:
    """The conversation with the viewers of a run in `folder`. Raises UserError when it cannot be opened."""

    def gpu_bytes() -> int | None:
        return torch.cuda.memory_allocated(device) if device.type == "cuda" else None

    channel = EngineChannel(folder, gpu_bytes=gpu_bytes)
    try:
        channel.start()
    except ChannelError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise explained(error, folder=folder) from error
    try:
        yield channel
    finally:
        channel.close()


class Report:
    """One run's voice. `listeners` get every phase event too: the terminal is one."""

    def __init__(self, channel: EngineChannel) -> None:
        self.channel = channel
        self.listeners: list[Any] = []
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.perf_counter() - self._began

    def event(self, said: events.EventBody, *, arrays: Mapping[str, np.ndarray] | None = None) -> None:
        """Journal and publish one event."""
        self.channel.emit(said, arrays=arrays or {})

    def heartbeat(self, *, state: str, epoch: int | None = None, step: int | None = None) -> None:
        """What heartbeats say from now on."""
        self.channel.set_heartbeat(state=state, epoch=epoch, step=step)

    @contextmanager
    def phase(self, name: str, text: str, *, total: int | None = None) -> Iterator[Phase]:
        """Tell that a phase starts and, unless its body raises, that it is done."""
        phase = Phase(self, name, text, total)
        self.channel.set_heartbeat(state=STATES.get(name, "preparing"))
        self.phase_event(phase, "started")
        yield phase
        self.phase_event(phase, "done")

    def phase_event(self, phase: Phase, state: str) -> None:
        done = phase.total if state == "done" else phase.done
        seconds = None if state == "started" else phase.seconds
        self.event(
            events.Phase(
                name=phase.name,
                state=state,
                done=done,
                total=phase.total,
                seconds=seconds,
                text=phase.text,
            )
        )
        for listener in self.listeners:
            listener.phase_changed(phase, state)
