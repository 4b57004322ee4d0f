"""The processes of one run as a group that adds up tensors. One group at a time in a process."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import torch
import torch.distributed as dist
from torch import Tensor

from sleapnn_engine.data.loader import Share

#: A sum waits for the slowest process, and a lost one is noticed otherwise: no reason to give up early.
PATIENCE = timedelta(days=7)
#: How long the processes may take to find each other once all are ready.
MEETING = timedelta(minutes=5)
#: Seconds between two looks at the other processes while a sum is going on.
LOOK_SECONDS = 0.0001
#: Where the processes of one machine meet, so that nothing listens to the network.
_LOOPBACK = {"linux": "lo", "darwin": "lo0"}
_INTERFACE = "GLOO_SOCKET_IFNAME"


class Lost(Exception):
    """A sum was not made because another process is gone."""


class Watch(Protocol):
    """Knows how the other processes are."""

    def look(self) -> None:
        """Called while a sum is waited for; raises when one of them is gone."""

    def lost(self) -> None:
        """Called when a sum was not made; raises with the reason where that is known."""


class Group:
    """Joins the processes that open one on the same empty `folder`; `share` says which of them this is.

    Use `close` when no sum is going on any more, or when all other processes are gone.
    """

    def __init__(
        self,
        folder: Path,
        *,
        share: Share,
        device: torch.device,
        watch: Watch | None = None,
    ) -> None:
        self.share = share
        self._watch = watch
        self._nccl = device.type == "cuda" and dist.is_nccl_available()
        store = dist.FileStore((folder / "store").as_posix(), share.of)
        store.set_timeout(MEETING)
        with _loopback():
            dist.init_process_group(
                "nccl" if self._nccl else "gloo",
                store=store,
                rank=share.rank,
                world_size=share.of,
                timeout=PATIENCE,
            )

    def total(self, values: Tensor) -> Tensor:
        """Return the sum over all processes of a tensor, for which all must ask. Raises Lost."""
        sums = values.detach().clone(memory_format=torch.contiguous_format)
        try:
            work = dist.all_reduce(sums, async_op=True)
            while self._watch is not None and not work.is_completed():
                self._watch.look()
                time.sleep(LOOK_SECONDS)
            work.wait()
        except RuntimeError as error:
            if self._watch is not None:
                self._watch.lost()
            raise Lost(str(error)) from error
        return sums

    def close(self) -> None:
        """Leave."""
        abort = getattr(dist.distributed_c10d, "_abort_process_group", None)
        if self._nccl and abort is not None:
            abort()  # unlike the regular way, this does not wait for processes that are gone
        else:
            dist.destroy_process_group()


@contextlib.contextmanager
def _loopback() -> Iterator[None]:
    """Within it, processes meet over the machine's own interface, unless the environment names another."""
    name = _LOOPBACK.get(sys.platform)
    if name is None or _INTERFACE in os.environ:
        yield
        return
    os.environ[_INTERFACE] = name
    try:
        yield
    finally:
        del os.environ[_INTERFACE]
