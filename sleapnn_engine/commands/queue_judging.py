"""Judges the two models of a pair together once the queue has trained both, beside its loop."""

import contextlib
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.engine_program import engine_command
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.judging import (
    COMPARING,
    EVALUATION,
    LOADING,
    evaluate_words,
    failure_text,
    make_place,
    pair_of_runs,
    predict_words,
    progress_text,
)
from sleapnn_engine.config.pairs import is_pair
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.protocol.queue_records import QueuedTraining
from sleapnn_engine.protocol.training_queue import TrainingQueue

STOPPED = "it was stopped."


def trained_pair(one: QueuedTraining, listed: Sequence[QueuedTraining]) -> list[QueuedTraining]:
    """Both trainings of the pair that this one completes; [] where it is of none, or not all of it is trained."""
    group = [other for other in listed if one.group and other.group == one.group]
    if len(group) != 2 or not all(other.is_trained and other.run_dir for other in group) or group[-1].judged:
        return []
    try:
        first, second = (read_config(Path(other.config)).values for other in group)
    except (UserError, OSError):
        return []
    return group if is_pair(first, second) else []


@attrs.define
class PairJudging:
    """Predicts with both on the validation frames, then compares, in a thread; the queue's file says how far that is.

    `environment` is that of the processes.
    """

    queue: TrainingQueue
    pair: Sequence[QueuedTraining]
    environment: dict[str, str]
    card: str = ""
    _thread: threading.Thread | None = None
    _process: "subprocess.Popen[str] | None" = None
    _stopped: threading.Event = attrs.field(factory=threading.Event)

    @property
    def number(self) -> int:
        """The training beside which the queue keeps what comes of it."""
        return self.pair[-1].number

    @property
    def is_over(self) -> bool:
        """Whether what came of it is written."""
        return self._thread is None or not self._thread.is_alive()

    def begin(self) -> None:
        """Start it."""
        self._show(LOADING)
        self._thread = threading.Thread(target=self._run, name="judging")
        self._thread.start()

    def stop(self) -> None:
        """Give it up; what was predicted stays in its folder."""
        self._stopped.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _run(self) -> None:
        judged, why = self._judge()
        with contextlib.suppress(UserError):  # a file that is gone or full is told by who asks for it
            self.queue.keep_judgement(self.number, judged=judged, why=why)
        print(f"queue: {self.pair[-1].group}: {judged or f'not judged together: {why}'}", flush=True)

    def _show(self, reach: str) -> None:
        with contextlib.suppress(UserError):
            self.queue.show_judging(self.number, reach)

    def _judge(self) -> tuple[str, str]:
        """The file of the judgement, and why there is none; one of them is ''."""
        found = pair_of_runs([Path(one.run_dir or "") for one in self.pair])
        if isinstance(found, str):
            return "", found
        models, labels = found
        place = make_place(models, labels, owner=models[-1])
        if isinstance(place, str):
            return "", place
        why = self._carry_out(predict_words(models, labels, place))
        if not why:
            self._show(COMPARING)
            why = self._carry_out(evaluate_words(models, labels, place))
        return ("", why) if why else (str(place / EVALUATION), "")

    def _carry_out(self, words: list[str]) -> str:
        """Why a command came to nothing; '' where it did not."""
        why = STOPPED
        if self._stopped.is_set():
            return why
        with subprocess.Popen(
            [*engine_command(*words)],
            cwd=self.pair[-1].folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            self._process = process
            if self._stopped.is_set():
                process.terminate()
            assert process.stdout is not None
            for line in process.stdout:
                why = self._read_line(line.strip()) or why
        return "" if process.returncode == 0 else STOPPED if self._stopped.is_set() else why

    def _read_line(self, line: str) -> str:
        """Keep how far it is; returns what may be why it failed."""
        try:
            body: Any = from_json(line)
        except ValueError:
            return line
        if not isinstance(body, dict):
            return line
        text = progress_text(body)
        if text:
            self._show(text)
        return failure_text(body)
