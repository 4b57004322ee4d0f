"""Trains what is in the queue: one engine at a time, and where the machine has several graphics cards, one on each."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.engine_program import engine_command
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.reader import TRAINER, ConfigReader
from sleapnn_engine.protocol.run_state import RunState, read_run
from sleapnn_engine.protocol.training_queue import QueuedTraining, QueueState, TrainingQueue

INTERRUPTED = 130
_LOOK_SECONDS = 0.2
_ASK_SECONDS = 10.0
#: Which cards a process may see; what it numbers is what is left of them.
_VISIBLE = "CUDA_VISIBLE_DEVICES"


def cards_here() -> list[str]:
    """The graphics cards that this process may use, as the driver numbers them. Asks no PyTorch, which takes seconds."""
    visible = os.environ.get(_VISIBLE)
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip()]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    words = [program, "--query-gpu=index", "--format=csv,noheader"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_ASK_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split()


def needs_one_device(one: QueuedTraining) -> bool:
    """Whether a training leaves the other devices alone; one that cannot be read says so itself when it is begun."""
    if any("trainer_device" in word for word in one.overrides):
        return False
    try:
        config = ConfigReader(read_config(Path(one.config)).values)
    except (UserError, OSError):
        return True
    return config.value(TRAINER + "trainer_devices") in (None, 1) and not config.value(
        TRAINER + "trainer_device_indices"
    )


@attrs.define
class _Work:
    """A training that is at work, and the card that it has to itself; '' where it has all."""

    one: QueuedTraining
    card: str
    process: "subprocess.Popen[bytes]"


@attrs.define
class QueueTraining:
    """Trains until nothing waits. `cards`: one engine on each of these; with fewer than two, one at a time.

    Of a `group` only that is trained, also while the queue is paused; then what else waits, if the queue was opened meanwhile.
    """

    queue: TrainingQueue
    cards: Sequence[str]
    go_on: bool = False
    group: str = ""
    code: int = 0
    """0 while all goes well, 1 once one has failed, 130 after Ctrl-C."""
    _at_work: list[_Work] = attrs.field(factory=list)
    _held: bool = False

    @property
    def _several(self) -> bool:
        return len(self.cards) > 1

    def run(self) -> int:
        """Begin what waits wherever there is room, and learn how each ends; returns the exit code."""
        while True:
            try:
                self._begin()
                if not self._at_work:
                    return self.code
                self._collect()
                time.sleep(_LOOK_SECONDS)
            except KeyboardInterrupt:  # the trainings have got it as well, and save what they have
                self.code, self._held = INTERRUPTED, True

    def _begin(self) -> None:
        while not self._held and len(self._at_work) < max(1, len(self.cards)):
            if not self.queue.standing().waiting:
                return
            one = self._next()
            if one is None:
                return
            waiting = self.queue.standing().waiting
            card = self._free_card(one)
            where = f" on card {card}" if card else ""
            print(f"queue: {one.number}: {one.config}{where}, {waiting} after it", flush=True)
            self._start(one, card)

    def _next(self) -> QueuedTraining | None:
        one = self.queue.start_next(fits=self._fits, group=self.group)
        if one is None and self.group and not self._at_work:
            self.group = ""
            one = self.queue.start_next(fits=self._fits)
        return one

    def _fits(self, one: QueuedTraining) -> bool:
        """One that takes several devices waits until it has all of them, and the others until it is done."""
        alone = [work for work in self._at_work if not work.card]
        return not self._at_work or (not alone and needs_one_device(one))

    def _free_card(self, one: QueuedTraining) -> str:
        if not self._several or not needs_one_device(one):
            return ""
        taken = {work.card for work in self._at_work}
        return next(card for card in self.cards if card not in taken)

    def _start(self, one: QueuedTraining, card: str) -> None:
        trained = _finished_run(one)
        if trained is not None:
            self._end(one, QueueState.SKIPPED, None, f"Skipped: {trained} holds a finished run.")
        elif not Path(one.folder).is_dir():
            self._end(one, QueueState.FAILED, None, f"The folder {one.folder} is not there any more.")
        else:
            environment = {**os.environ, **({_VISIBLE: card} if card else {})}
            process = subprocess.Popen(
                [*engine_command(*one.words)],
                cwd=one.folder,
                env=environment,
                stdout=subprocess.DEVNULL
                if self._several
                else None,  # lines of several would run into another
            )
            self._at_work.append(_Work(one, card, process))

    def _collect(self) -> None:
        for work in list(self._at_work):
            code = work.process.poll()
            if code is None:
                continue
            self._at_work.remove(work)
            state, why = _became(code)
            self._end(work.one, state, code, why)

    def _end(self, one: QueuedTraining, state: QueueState, code: int | None, why: str) -> None:
        self.queue.finish(one.number, state, code=code, why=why)
        if why:
            print(f"queue: {one.number}: {why}", flush=True)
        if state is QueueState.INTERRUPTED:
            self.code, self._held = INTERRUPTED, True
        elif state is QueueState.FAILED:
            self.code = self.code or 1
            if not (self.go_on or self.queue.standing().go_on) and not self._held:
                self._held = True
                print("queue: stopped here; --go-on trains the next one also after a failure", flush=True)


def _became(code: int) -> tuple[QueueState, str]:
    if code == 0:
        return QueueState.DONE, ""
    if code == INTERRUPTED:
        return QueueState.INTERRUPTED, "Interrupted; “sleapnn-engine queue run” goes on with the next."
    return QueueState.FAILED, f"The training ended with code {code}; its run folder holds the reason."


def _finished_run(one: QueuedTraining) -> Path | None:
    """The run folder that was asked for, where it holds a finished run; training would refuse it."""
    if one.run_dir is None:
        return None
    record = read_run(one.run_dir)
    finished = record is not None and record.state in (RunState.COMPLETED, RunState.EARLY_STOPPED)
    return Path(one.run_dir) if finished else None
