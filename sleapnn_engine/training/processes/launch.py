"""The other processes of a run on one machine, where no launcher has started them: the same command in other places."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from sleapnn_engine.config.build import job_values
from sleapnn_engine.config.disk import write_whole
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.processes.meeting import INTERFACE, LOOPBACK

#: Seconds a process has to end by itself; it does nothing then but end.
LAST_SECONDS = 5.0
#: What each of them runs.
MODULE = "sleapnn_engine"
_ROOT = Path(__file__).resolve().parents[3]


class Children:
    """One process for each rank after the first. Signals from a terminal reach only the process that starts them."""

    def __init__(self, fabric: Fabric, job: Job, *, precision: str) -> None:
        count = fabric.world_size
        environment = fabric.strategy.cluster_environment  # type: ignore[attr-defined]
        self._threads = torch.get_num_threads()
        threads = max(self._threads // count, 1)
        torch.set_num_threads(threads)
        self._folder = Path(tempfile.mkdtemp(prefix="sleapnn-processes-"))
        config = self._folder / "config.json"
        write_whole(config, json.dumps(job_values(job)))
        words = [sys.executable, "-m", MODULE, "train", str(config), "--precision", precision]
        common = {
            "WORLD_SIZE": str(count),
            "MASTER_ADDR": environment.main_address,
            "MASTER_PORT": str(environment.main_port),
            "NODE_RANK": "0",
            "OMP_NUM_THREADS": str(threads),
            **({INTERFACE: LOOPBACK[sys.platform]} if sys.platform in LOOPBACK else {}),
        }
        self._processes = [
            _start(words, {**common, "RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(1, count)
        ]

    def code(self, rank: int) -> int | None:
        """The exit code of a process that has ended."""
        return self._processes[rank - 1].poll()

    def how(self, rank: int) -> str:
        """How a process ended whose connection is gone: ` (SIGKILL)`."""
        try:
            code = self._processes[rank - 1].wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:
            return ""
        return f" ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"

    def end(self, *, began: Sequence[int]) -> None:
        """Wait for those that `began` to train; others are still loading, have nothing to end, and are killed."""
        for rank, process in enumerate(self._processes, start=1):
            try:
                process.wait(LAST_SECONDS if rank in began else 0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        torch.set_num_threads(self._threads)
        shutil.rmtree(self._folder, ignore_errors=True)


def _start(words: Sequence[str], places: dict[str, str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **places}
    known = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = str(_ROOT) if not known else os.pathsep.join([str(_ROOT), known])
    apart: dict[str, Any] = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    return subprocess.Popen(
        words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **apart
    )
