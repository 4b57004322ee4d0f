"""The other processes of a run, as the first one has them: told what to do, watched, and ended with the run."""

import contextlib
import hmac
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import attrs
import torch.distributed as dist

from sleapnn_engine.config.build import job_values
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.training.processes.cluster import own_membership
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.processes.launch import Children
from sleapnn_engine.training.processes.meeting import MEETING, Address, join_group, leave_address, leave_group
from sleapnn_engine.training.processes.wire import Wire

#: Seconds until what a lost process said has arrived.
NEWS_SECONDS = 2.0
#: Seconds that a run which was refused waits for processes that have not come yet.
LATE_SECONDS = 15.0
#: Seconds between two looks at processes that are waited for.
LOOK_SECONDS = 0.05


class RemoteTraceback(Exception):
    """Where an error happened in another process; for the log."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@attrs.define(eq=False)
class _Follower:
    """One other process, once it has come; `device` is what it computes on."""

    rank: int
    name: str
    device: str
    wire: Wire
    ready: bool = False


class Followers:
    """All processes of a run but this one, the first.

    They do what this one tells them and end when it ends, in whatever way. What is told before one has come is told to
    it then. `children` are those that this process has started itself. Use as follows: `announce` what has to be
    prepared, `meet`, steps, `close`.
    """

    def __init__(self, fabric: Fabric, *, children: Children | None = None) -> None:
        self._fabric = fabric
        self._children = children
        self._came: dict[int, _Follower] = {}
        self._error_of: list[dict[str, Any]] = []
        self._errors: list[UserError] = []
        self._closing = False
        self._lock = threading.Lock()
        host = "127.0.0.1" if children is not None else ""
        self._server = socket.create_server((host, 0))
        self._word = secrets.token_hex(16)
        environment = fabric.strategy.cluster_environment  # type: ignore[attr-defined]
        address = Address(host=environment.main_address, port=self._server.getsockname()[1], word=self._word)
        self._store: object | None = leave_address(fabric, address)
        threading.Thread(target=self._receive, daemon=True).start()

    @property
    def devices(self) -> list[str]:
        """What the others compute on, in their order."""
        return [self._came[rank].device for rank in sorted(self._came)]

    def announce(self, verb: str, **values: Any) -> None:
        """Tell all the same. Raises UserError when one of them is gone."""
        order = {"do": verb, **values}
        with self._lock:
            there = list(self._came.values())
            if len(there) < self._fabric.world_size - 1:
                self._error_of.append(order)
        for follower in there:
            try:
                follower.wire.send(**order)
            except OSError:
                self.lost()

    def prepare(self, job: Job, *, seed: int, folder: str, places: int) -> None:
        """Have all open the labels and read the images of the run in `folder`; returns at once."""
        self.announce("prepare", job=job_values(job), seed=seed, folder=folder, places=places)

    def join(self, *, step: int, n_train: int) -> None:
        """Have all build what a step needs, wait until they have, and become a group that adds up tensors.

        Raises UserError when one of them cannot, or does not come.
        """
        self.announce("join", step=step, n_train=n_train)
        others, patience = self._fabric.world_size - 1, time.monotonic() + MEETING.total_seconds()
        while sum(follower.ready for follower in list(self._came.values())) < others:
            self.check()
            if len(self._came) < others and time.monotonic() > patience:
                missing = others - len(self._came)
                raise UserError(
                    f"{counted(missing, 'process', 'processes')} of {others + 1} did not come.",
                    hint="See what they say, and whether the machines reach each other.",
                )
            time.sleep(LOOK_SECONDS)
        join_group(self._fabric)

    def check(self) -> None:
        """Raise the UserError of a process that has failed or ended."""
        if self._children is not None:
            with self._lock:
                waiting = [rank for rank in range(1, self._fabric.world_size) if rank not in self._came]
            for rank in waiting:
                code = self._children.code(rank)
                if code is not None:
                    raise _ended(self._name(rank, ""), how=self._children.how(rank))
        if self._errors:
            raise self._errors[0] from self._errors[0].__cause__

    def lost(self) -> None:
        """Wait a little for news of the process whose end was noticed otherwise, and raise its error."""
        if not self.has_news():
            text = "The processes of this run lost each other."
            raise UserError(text, hint="The details are in run.log.", cause="worker")
        self.check()

    def has_news(self) -> bool:
        """Wait a little for news of a process that is gone; whether there is any."""
        until = time.monotonic() + NEWS_SECONDS
        while not self._errors and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        time.sleep(
            LOOK_SECONDS
        )  # one that was killed says nothing, and others may say something because of it
        return bool(self._errors)

    def close(self) -> None:
        """End all processes, and leave nothing of them here; may be called again."""
        self._closing = True
        with self._lock:
            self._error_of.append({"do": "end"})
            there = list(self._came.values())
        for follower in there:
            with contextlib.suppress(OSError):  # gone already
                follower.wire.send(do="end")
        if self._children is not None:
            self._children.end(began=[follower.rank for follower in there if follower.ready])
        elif self._store is not None:
            self._wait_for_latecomers()
        leave_group(orderly=not self._errors)
        with contextlib.suppress(
            OSError
        ):  # an address that somebody waits at stays open when it is only closed
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for follower in there:
            follower.wire.close()
        self._store = None

    def _wait_for_latecomers(self) -> None:
        """Those that a launcher is still starting would look for this process for minutes; they are told at the door."""
        until = time.monotonic() + LATE_SECONDS
        while len(self._came) < self._fabric.world_size - 1 and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)

    def _name(self, rank: int, device: str) -> str:
        where = f" ({device})" if device else ""
        return f"Process {rank + 1} of {self._fabric.world_size}{where}"

    def _receive(self) -> None:
        """Take in those that come, until all have; ends with `close`."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._listen, args=(Wire(connection),), daemon=True).start()

    def _listen(self, wire: Wire) -> None:
        """Listen to one process until it ends; a stranger is sent away."""
        follower = None
        for said in wire.lines():
            if follower is None:
                follower = self._welcome(said, wire)
                if follower is None:
                    break
            elif said.get("said") == "ready":
                follower.ready = True
            else:
                self._errors.append(_error_of(said, follower.name))
        if follower is not None and not self._closing:
            how = self._children.how(follower.rank) if self._children is not None else ""
            self._news(follower, how)
        elif follower is None:
            wire.close()

    def _news(self, follower: _Follower, how: str) -> None:
        """A process is gone. One that ended without a word comes first: what others say is because of it."""
        if not any(error.message.startswith(follower.name) for error in self._errors):
            self._errors.insert(0, _ended(follower.name, how=how))
        if dist.is_initialized() and dist.get_backend() == "nccl":
            # A sum on graphics cards would wait for the lost one for ever.
            time.sleep(NEWS_SECONDS)
            leave_group(orderly=False)

    def _welcome(self, said: dict[str, Any], wire: Wire) -> _Follower | None:
        rank, word = said.get("rank"), said.get("word")
        known = isinstance(word, str) and hmac.compare_digest(word.encode(), self._word.encode())
        if not known or not isinstance(rank, int):
            return None
        device = str(said.get("device", ""))
        follower = _Follower(rank, self._name(rank, device), device, wire)
        with self._lock:
            for order in self._error_of:
                with contextlib.suppress(OSError):  # its end is noticed where it is listened to
                    wire.send(**order)
            self._came[rank] = follower
        return follower


def _error_of(said: dict[str, Any], name: str) -> UserError:
    """The error that a process told before it ended."""
    error = UserError(f"{name} failed: {said['message']}", where=said["where"], hint=said["hint"])
    error.__cause__ = RemoteTraceback(said["traceback"])
    return error


def _ended(name: str, *, how: str) -> UserError:
    """The error of a process that ended without a word."""
    return UserError(
        f"{name} ended before the run did{how}.",
        hint="Where memory ran short, a smaller batch size or fewer devices help.",
        cause="worker",
    )


@contextlib.contextmanager
def open_followers(fabric: Fabric, job: Job, *, precision: str) -> Iterator[Followers | None]:
    """Start the other processes of a run, where no launcher has; None where there is one device and nothing to start."""
    if fabric.world_size == 1:
        yield None
        return
    children = None if own_membership().launcher else Children(fabric, job, precision=precision)
    followers = Followers(fabric, children=children)
    try:
        yield followers
    finally:
        followers.close()
