"""The other processes of a run on several devices: started here, told what to do, watched, and ended with the run."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import torch

from sleapnn_engine.config.build import job_values
from sleapnn_engine.config.disk import whole_file
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.loader import Share

from .device import Compute
from .group import Group
from .sharing import Sharing
from .state import Training

#: What the other processes run.
MODULE = "sleapnn_engine.training.rank_process"
#: Seconds a process has to end by itself; it does nothing then but end.
LAST_SECONDS = 5.0
#: Seconds until a process that is gone is known to be.
REASON_SECONDS = 10.0
_ROOT = Path(__file__).resolve().parents[2]


class RemoteTraceback(Exception):
    """Where an error happened in another process; for the log."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@attrs.define(eq=False)
class _Other:
    """One further process: its pipe in, and what is heard of it. `error` is there once it has failed or ended."""

    process: subprocess.Popen[str]
    name: str
    ready: threading.Event = attrs.field(factory=threading.Event)
    gone: threading.Event = attrs.field(factory=threading.Event)
    error: UserError | None = None

    def listen(self) -> None:
        """Read what the process says until it ends."""
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._hear(line)
        code = self.process.wait()
        if self.error is None:
            self.error = _ended(code, self.name)
        self.gone.set()

    def _hear(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:  # a library that greets on standard output while it is loaded
            return
        if said["said"] == "ready":
            self.ready.set()
        else:
            self.error = _told(said, self.name)

    def tell(self, line: str) -> None:
        """Write one line. Raises OSError when the process is gone."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()


class Ranks:
    """All processes of a run but this one, which is the first: one for each of `computes` after it.

    They do what this one tells them and end when it ends, in whatever way. Signals from a terminal reach only this
    process. Use as follows: `prepare`, `join`, steps, `close`.
    """

    def __init__(self, computes: Sequence[Compute]) -> None:
        self._computes = tuple(computes)
        self._folder = Path(tempfile.mkdtemp(prefix="sleapnn-ranks-"))
        self._group: Group | None = None
        self._threads = torch.get_num_threads()
        threads = max(self._threads // len(computes), 1)
        torch.set_num_threads(threads)
        self._others: list[_Other] = []
        for number, compute in enumerate(computes[1:], start=2):
            name = f"Process {number} of {len(computes)} ({compute.name})"
            self._others.append(_Other(_start(threads=threads), name))
        self._listeners = [threading.Thread(target=other.listen, daemon=True) for other in self._others]
        for listener in self._listeners:
            listener.start()

    def prepare(self, job: Job, *, seed: int, folder: Path) -> None:
        """Have all open the labels and read the images of the run in `folder`; returns at once."""
        for rank, other in enumerate(self._others, start=1):
            compute = self._computes[rank]
            self._tell(
                other,
                "prepare",
                job=job_values(job),
                seed=seed,
                folder=str(folder),
                rank=rank,
                of=len(self._computes),
                device=str(compute.device),
                bf16=compute.bf16,
            )

    def join(self, training: Training) -> None:
        """Give all the state of a training that is built, wait until they have built theirs, and take them along.

        Whatever the state is from, starting weights or a checkpoint, all have the same. Raises UserError when one
        of them cannot.
        """
        start, share = self._folder / "start.pt", Share(0, len(self._computes))
        state = {"model": training.model.state_dict(), "optimizer": training.optimizer.state_dict()}
        with whole_file(start, durable=False) as file:
            torch.save(state, file)
        self.announce("join", start=str(start), step=training.step, n_train=training.feed.n_train)
        for other in self._others:
            while not other.ready.wait(timeout=0.05):
                self.look()
        self._group = Group(self._folder, share=share, device=training.compute.device, watch=self)
        training.sharing = Sharing.begin_with(
            self._group,
            losses=training.losses,
            model=training.model,
            n_train=training.feed.n_train,
            batch_size=training.batch_size,
            devices=[compute.name for compute in self._computes],
            announce=self.announce,
        )

    def announce(self, verb: str, **values: Any) -> None:
        """Tell all the same. Raises UserError when one of them is gone."""
        for other in self._others:
            self._tell(other, verb, **values)

    def look(self) -> None:
        """Raise the UserError of a process that has failed or ended."""
        for other in self._others:
            if other.error is not None:
                raise other.error from other.error.__cause__

    def lost(self) -> None:
        """Wait a little for news of the process whose end was noticed otherwise, and raise its error."""
        for other in self._others:
            other.gone.wait(REASON_SECONDS / len(self._others))
            self.look()
        raise UserError("The processes of this run lost each other.", hint="The details are in run.log.")

    def close(self) -> None:
        """End all processes, and leave nothing of them."""
        for other in self._others:
            assert other.process.stdin is not None
            with contextlib.suppress(OSError):  # gone already
                other.process.stdin.close()
        for other, listener in zip(self._others, self._listeners, strict=True):
            try:
                # One that is still loading or building has nothing to end.
                other.process.wait(LAST_SECONDS if other.ready.is_set() else 0)
            except subprocess.TimeoutExpired:
                other.process.kill()
            listener.join(LAST_SECONDS)
        if self._group is not None:
            self._group.close()
        torch.set_num_threads(self._threads)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self, other: _Other, verb: str, **values: Any) -> None:
        try:
            other.tell(json.dumps({"do": verb, **values}) + "\n")
        except OSError:
            self.lost()


def open_ranks(computes: Sequence[Compute]) -> Ranks | None:
    """Start the other processes of a run; None where there is one device and nothing to start."""
    return Ranks(computes) if len(computes) > 1 else None


def _start(*, threads: int) -> subprocess.Popen[str]:
    """Start one process; it begins by loading what it needs and waits to be told."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    known = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = str(_ROOT) if not known else os.pathsep.join([str(_ROOT), known])
    apart: dict[str, Any] = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    return subprocess.Popen(
        [sys.executable, "-m", MODULE],
        env=environment,
        text=True,
        encoding="utf-8",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **apart,
    )


def _told(said: dict[str, str], name: str) -> UserError:
    """The error that a process told before it ended."""
    error = UserError(f"{name} failed: {said['message']}", where=said["where"], hint=said["hint"])
    error.__cause__ = RemoteTraceback(said["traceback"])
    return error


def _ended(code: int, name: str) -> UserError:
    """The error of a process that ended without a word."""
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return UserError(
        f"{name} ended before the run did ({how}).",
        hint="Where memory ran short, a smaller batch size or fewer devices help.",
    )
