"""Trains what is in the queue: one engine at a time, and where the machine has several graphics cards, one on each."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from sleapnn_engine.commands.queue_judging import PairJudging, trained_pair
from sleapnn_engine.config.build import active, build_job
from sleapnn_engine.config.engine_program import engine_command
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.overrides import apply_overrides
from sleapnn_engine.config.reader import TRAINER, ConfigReader
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.protocol.queue_records import QueuedTraining, QueueState
from sleapnn_engine.protocol.run_state import RunState, read_run
from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_engine.training.artifacts.run_folder import free_folder

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
    _to_judge: list[list[QueuedTraining]] = attrs.field(factory=list)
    _judging: PairJudging | None = None

    @property
    def _several(self) -> bool:
        return len(self.cards) > 1

    def run(self) -> int:
        """Begin what waits wherever there is room, and learn how each ends; returns the exit code."""
        while True:
            try:
                self._begin_judging()
                self._begin()
                if not self._at_work and self._judging is None and not self._may_judge:
                    return self.code
                self._collect()
                self._follow_judging()
                time.sleep(_LOOK_SECONDS)
            except KeyboardInterrupt:  # the trainings have got it as well, and save what they have
                self.code, self._held = INTERRUPTED, True

    @property
    def _has_room(self) -> bool:
        return len(self._at_work) + (self._judging is not None) < max(1, len(self.cards))

    def _begin(self) -> None:
        while not self._held and self._has_room:
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
        return None if one is None else self._placed(one)

    def _placed(self, one: QueuedTraining) -> QueuedTraining:
        """One of a group with a run folder that is known by now, so that what belongs together is found again."""
        if not one.group or one.run_dir is not None:
            return one
        run_dir = _free_folder(one)
        if run_dir is None:
            return one
        self.queue.place(one.number, run_dir)
        return attrs.evolve(one, run_dir=str(run_dir))

    def _fits(self, one: QueuedTraining) -> bool:
        """One that takes several devices waits until it has all of them, and the others until it is done."""
        alone = [work for work in self._at_work if not work.card]
        return not self._at_work or (not alone and needs_one_device(one))

    def _free_card(self, one: QueuedTraining) -> str:
        if not self._several or not needs_one_device(one):
            return ""
        return self._any_card()

    def _any_card(self) -> str:
        taken = {work.card for work in self._at_work} | {self._judging.card if self._judging else ""}
        return next((card for card in self.cards if card not in taken), "") if self._several else ""

    def _start(self, one: QueuedTraining, card: str) -> None:
        trained = _finished_run(one)
        if trained is not None:
            self._end(one, QueueState.SKIPPED, None, f"Skipped: {trained} holds a finished run.")
        elif not Path(one.folder).is_dir():
            self._end(one, QueueState.FAILED, None, f"The folder {one.folder} is not there any more.")
        else:
            process = subprocess.Popen(
                [*engine_command(*one.words)],
                cwd=one.folder,
                env=_environment(card),
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
        pair = trained_pair(one, self.queue.read())
        if pair:
            self._to_judge.append(pair)

    # -- the two models of a pair ------------------------------------------------------------------------------

    @property
    def _may_judge(self) -> bool:
        return bool(self._to_judge) and self.code != INTERRUPTED

    def _begin_judging(self) -> None:
        """Before anything else is begun: it takes a moment, and who trained them waits for it."""
        if self._may_judge and self._judging is None and self._has_room:
            card, pair = self._any_card(), self._to_judge.pop(0)
            print(f"queue: {pair[-1].group}: both models are trained; judging them together", flush=True)
            self._judging = PairJudging(self.queue, pair, _environment(card), card=card)
            self._judging.begin()

    def _follow_judging(self) -> None:
        if self._judging is None:
            return
        wished = self.queue.standing().judging
        if self._judging.is_over:
            self._judging = None
        elif wished is not None and wished.is_unwanted:
            self._judging.stop()


def _environment(card: str) -> dict[str, str]:
    """That of a process which sees one card; with '' all that this one sees."""
    return {**os.environ, **({_VISIBLE: card} if card else {})}


def _became(code: int) -> tuple[QueueState, str]:
    if code == 0:
        return QueueState.DONE, ""
    if code == INTERRUPTED:
        return QueueState.INTERRUPTED, "Interrupted; “sleapnn-engine queue run” goes on with the next."
    return QueueState.FAILED, f"The training ended with code {code}; its run folder holds the reason."


def _free_folder(one: QueuedTraining) -> Path | None:
    """The run folder that its config asks for, or the next that is free; None where the config is wrong, which training tells."""
    try:
        values = read_config(Path(one.config)).values
        apply_overrides(values, one.overrides)
        if errors(validate(values)):
            return None
        job = build_job(values)
        return free_folder(job, model_type=active(job.model_config.head_configs), base=Path(one.folder))
    except (UserError, OSError):
        return None


def _finished_run(one: QueuedTraining) -> Path | None:
    """The run folder that was asked for, where it holds a finished run; training would refuse it."""
    if one.run_dir is None:
        return None
    record = read_run(one.run_dir)
    finished = record is not None and record.state in (RunState.COMPLETED, RunState.EARLY_STOPPED)
    return Path(one.run_dir) if finished else None
