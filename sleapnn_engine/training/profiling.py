"""Where the time of a run goes, measured by Lightning's profilers around the stages of the loop; a report in the run folder."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.profiler import profile as torch_profile
from torch.profiler import schedule

from sleapnn_engine.config.disk import reason_of, write_whole
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.models.device import device_name
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import Training, unprofiled

#: Steps whose operators are recorded, more make a trace that no viewer opens; and those before: one that is left out and
#: one that warms up.
RECORDED_STEPS, WARM_STEPS = 10, 2
#: The stages that a step begins and ends with, and what Lightning's profiler of operators calls a step.
FIRST, LAST, STEP = "data", "optimizer", "training_step"


class Profiling(Callback):
    """Measures with a profiler of Lightning from the first epoch to the last, and writes its report, also of a run that
    failed.

    `stage` is what the loop calls around each of its stages. It waits for the device after each, so that its work is
    counted where it belongs; a GPU then works a little less ahead than without a profiler.
    """

    def __init__(self, path: Path, profiler: Any) -> None:
        self.path = path
        self.profiler = profiler
        self._training: Training | None = None

    def epoch_begun(self, training: Training) -> None:
        """Begin with the first epoch: what comes before is not part of the loop."""
        if self._training is None:
            self._training, self._first_step = training, training.progress.step
            self._wait = _waiting(training.parts.fabric.device)
            training.profile = self.stage

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside as stage `name`."""
        with self.profiler.profile(name):
            yield
            self._wait()

    def fit_ended(self, training: Training, outcome: str) -> None:
        self.close()

    def close(self) -> None:
        """Stop measuring and write the report, once. A report that cannot be written is a warning."""
        training, self._training = self._training, None
        if training is None:
            return
        training.profile = unprofiled
        # A resumed run has done more before.
        steps = counted(training.progress.step - self._first_step, "step")
        done = f"{steps} on {device_name(training.parts.fabric.device)}; {training.reach.text} done in all."
        try:
            write_whole(self.path, f"{done}\n{self.report()}")
        except OSError as error:
            log.warning("The profiler's report could not be written (%s).", reason_of(error))
            return
        log.info("Where the time went is told in %s.", self.path.name, extra={"only_file": True})

    def report(self) -> str:
        """What was measured; nothing more is."""
        return str(self.profiler.summary())


class StageProfiling(Profiling):
    """Times each stage of the loop; time that a viewer paused the run is left out."""

    def epoch_begun(self, training: Training) -> None:
        if self._training is None:
            self.profiler.start_time = time.perf_counter() - training.progress.paused_seconds
        super().epoch_begun(training)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        training = self._training
        assert training is not None
        paused = training.progress.paused_seconds
        with super().stage(name):
            yield
            self.profiler.current_actions[name] += training.progress.paused_seconds - paused

    def close(self) -> None:
        if self._training is not None:
            self.profiler.start_time += self._training.progress.paused_seconds
        super().close()


class OperatorProfiling(Profiling):
    """Times every operator in `RECORDED_STEPS` steps near the start, and writes them as a trace beside the report.

    The trace opens in Perfetto and chrome://tracing. It is packed, also because SLEAP takes a .json in a run folder
    for a model's config.
    """

    steps = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside; the stages from `FIRST` to `LAST` are a step."""
        if name == FIRST:
            self.profiler.start(STEP)
        with super().stage(name):
            yield
        if name == LAST:
            self.profiler.stop(STEP)
            self.steps += 1

    def report(self) -> str:
        if not self.steps:
            # Lightning's profiler cannot be asked before it has seen a step.
            self.profiler.profiler = None
        if self.steps <= WARM_STEPS:
            return f"Nothing was recorded: training ended within its first {WARM_STEPS + 1} steps.\n"
        return f"Operators of up to {RECORDED_STEPS} steps after the first {WARM_STEPS}.\n{super().report()}"


def build_profilers(choice: str | None, *, folder: Path) -> list[Profiling]:
    """What `trainer_config.profiler` asks for; nothing where nothing is to be measured, as with `passthrough`."""
    build = {"simple": _stages, "advanced": _functions, "pytorch": _operators}.get(choice or "")
    return [] if build is None else [build(folder / f"profile.{choice}.txt")]


# Importing them takes seconds, which only a run that is measured has to spend.


def _stages(path: Path) -> Profiling:
    from pytorch_lightning.profilers import SimpleProfiler

    return StageProfiling(path, SimpleProfiler())


def _functions(path: Path) -> Profiling:
    from pytorch_lightning.profilers import AdvancedProfiler

    return Profiling(path, AdvancedProfiler())


def _operators(path: Path) -> Profiling:
    from pytorch_lightning.profilers import PyTorchProfiler

    # Its own log speaks to developers, and on a machine without a GPU of an error where there is none.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")

    def write_trace(profile: torch_profile) -> None:
        profile.export_chrome_trace(str(path.with_suffix(".trace.json.gz")))

    plan = schedule(wait=1, warmup=1, active=RECORDED_STEPS, repeat=1)
    return OperatorProfiling(path, PyTorchProfiler(schedule=plan, on_trace_ready=write_trace, row_limit=-1))


def _waiting(device: torch.device) -> Callable[[], None]:
    """What waits until the device has done all it was given."""
    if device.type == "cuda":
        return lambda: torch.cuda.synchronize(device)
    if device.type == "mps":
        return torch.mps.synchronize
    return lambda: None
