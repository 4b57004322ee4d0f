"""Where the time of a run goes: by stage of the loop, by Python function, or by operator, as a report in the run folder."""

import cProfile
import io
import os
import pstats
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import attrs
import torch
from torch.profiler import ProfilerActivity, record_function, schedule
from torch.profiler import profile as torch_profile

from sleapnn_engine.config.disk import reason_of, write_whole
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.models.device import device_name
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import Training, unprofiled

#: Steps whose operators are recorded, after one that warms up; more make a trace that no viewer opens.
RECORDED_STEPS = 10


class Profiler(Callback):
    """Measures from the first epoch to the last and writes a report, also of a run that failed.

    `stage` is what the loop calls around each of its stages.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._training: Training | None = None

    def epoch_begun(self, training: Training) -> None:
        """Begin with the first epoch: what comes before is not part of the loop."""
        if self._training is None:
            self._training, self._first_step = training, training.step
            self.begin(training)
            training.profile = self.stage

    def fit_ended(self, training: Training, outcome: str) -> None:
        self.close()

    def close(self) -> None:
        """Stop measuring and write the report, once. A report that cannot be written is a warning."""
        training, self._training = self._training, None
        if training is None:
            return
        training.profile = unprofiled
        text = self.end(training)
        try:
            write_whole(self.path, text)
        except OSError as error:
            log.warning("The profiler's report could not be written (%s).", reason_of(error))
            return
        log.info("Where the time went is told in %s.", self.path.name, extra={"only_file": True})

    def done(self, training: Training) -> str:
        """What was measured, in words; a resumed run has done more before."""
        steps = counted(training.step - self._first_step, "step")
        return f"{steps} on {device_name(training.fabric.device)}, until {training.reach.text} were done"

    def begin(self, training: Training) -> None:
        """Start measuring."""

    def stage(self, name: str) -> AbstractContextManager[Any]:
        """Measure what is done inside as stage `name`."""
        return unprofiled(name)

    def end(self, training: Training) -> str:
        """Stop measuring and return the report."""
        raise NotImplementedError


@attrs.define
class _Sum:
    calls: int = 0
    total: float = 0.0
    longest: float = 0.0


class StageProfiler(Profiler):
    """Times each stage of the loop, waiting for the device after each, so that its work is counted where it belongs.

    A GPU then works a little less ahead than without a profiler.
    """

    def begin(self, training: Training) -> None:
        self._sums: dict[str, _Sum] = {}
        self._wait = _waiting(training.fabric.device)
        self._began = time.perf_counter() - training.paused_seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside; time that a viewer paused the run is left out."""
        training = self._training
        assert training is not None
        began, paused = time.perf_counter(), training.paused_seconds
        try:
            yield
        finally:
            self._wait()
            seconds = time.perf_counter() - began - (training.paused_seconds - paused)
            known = self._sums.setdefault(name, _Sum())
            known.calls += 1
            known.total += seconds
            known.longest = max(known.longest, seconds)

    def end(self, training: Training) -> str:
        """The table of stages."""
        whole = time.perf_counter() - self._began - training.paused_seconds
        rows = sorted(self._sums.items(), key=lambda row: -row[1].total)
        rows.append(("everything else", _Sum(total=whole - sum(known.total for _, known in rows))))
        lines = [
            f"Stages of {self.done(training)}: {whole:.2f} s without pauses.",
            "",
            f"{'stage':<16}{'calls':>9}{'total s':>11}{'mean ms':>11}{'longest ms':>12}{'share':>9}",
        ]
        for name, known in rows:
            times = (
                f"{1e3 * known.total / known.calls:>11.2f}{1e3 * known.longest:>12.2f}"
                if known.calls
                else " " * 23
            )
            calls = known.calls or ""
            lines.append(f"{name:<16}{calls:>9}{known.total:>11.3f}{times}{known.total / whole:>9.1%}")
        return "\n".join([*lines, ""])


class FunctionProfiler(Profiler):
    """Times every Python function of the training thread; calls of many small functions take visibly longer."""

    def begin(self, training: Training) -> None:
        self._profile = cProfile.Profile()
        self._profile.enable()

    def end(self, training: Training) -> str:
        """All functions, those with the most time of their own first."""
        self._profile.disable()
        table = io.StringIO()
        pstats.Stats(self._profile, stream=table).sort_stats(pstats.SortKey.TIME).print_stats()
        return (
            f"Python functions of the training thread over {self.done(training)}.\n"
            "Threads that read images, and work that a GPU has left to do, are not in it.\n"
            f"{table.getvalue()}"
        )


class OperatorProfiler(Profiler):
    """Times every operator in `RECORDED_STEPS` steps near the start, and writes them as a trace beside the report.

    The trace opens in Perfetto and chrome://tracing. It is packed, also because SLEAP takes a .json in a run folder
    for a model's config.
    """

    @property
    def trace(self) -> Path:
        """The file of the trace."""
        return self.path.with_suffix(".trace.json.gz")

    def begin(self, training: Training) -> None:
        # Its own log speaks to developers, and on a machine without a GPU of an error where there is none.
        os.environ.setdefault("KINETO_LOG_LEVEL", "99")
        self._on_gpu = training.fabric.device.type == "cuda"
        self._table = "Nothing was recorded: training ended within its first step.\n"
        self._steps = 0
        self._profile = torch_profile(
            activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if self._on_gpu else [])],
            schedule=schedule(wait=0, warmup=1, active=RECORDED_STEPS, repeat=1),
            on_trace_ready=self._recorded,
        )
        self._profile.start()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Give what is recorded inside the name of the stage."""
        if name == "data":
            if self._steps:
                self._profile.step()
            self._steps += 1
        with record_function(name):
            yield

    def end(self, training: Training) -> str:
        """The table of operators."""
        self._profile.stop()
        return f"Operators of up to {RECORDED_STEPS} steps after the first, on {device_name(training.fabric.device)}.\n{self._table}"

    def _recorded(self, profile: torch_profile) -> None:
        order = "self_device_time_total" if self._on_gpu else "self_cpu_time_total"
        self._table = profile.key_averages().table(sort_by=order, row_limit=-1, max_name_column_width=80)
        profile.export_chrome_trace(str(self.trace))


_PROFILERS: dict[str, type[Profiler]] = {
    "simple": StageProfiler,
    "advanced": FunctionProfiler,
    "pytorch": OperatorProfiler,
}


def build_profilers(choice: str | None, *, folder: Path) -> list[Profiler]:
    """What `trainer_config.profiler` asks for; nothing where nothing is to be measured, as with `passthrough`."""
    return [_PROFILERS[choice](folder / f"profile.{choice}.txt")] if choice in _PROFILERS else []


def _waiting(device: torch.device) -> Callable[[], None]:
    """What waits until the device has done all it was given."""
    if device.type == "cuda":
        return lambda: torch.cuda.synchronize(device)
    if device.type == "mps":
        return torch.mps.synchronize
    return lambda: None
