"""Engines in processes of their own that start at once: each is forked from one process that has its imports done.

Loading torch costs a second or more of a processor for every start, and most tests are about what comes after it.
"""

import atexit
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO

PRELOADED = ("sleapnn_engine.__main__", "sleapnn_engine.cli", "sleapnn_engine.training.run")
CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()


class WarmEngine:
    """What `subprocess.Popen` has and tests use, of an engine that was forked; its output goes to files.

    `first` is code that the engine's process runs before anything else.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        first: str = "",
    ) -> None:
        output = tempfile.mkdtemp(prefix="sleapnn-engine-output-")
        atexit.register(shutil.rmtree, output, ignore_errors=True)
        self._files = [Path(output, name) for name in ("stdout", "stderr")]
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        self._process: BaseProcess = context.Process(
            target=_run,
            args=(
                list(words),
                str(folder),
                dict(os.environ if environment is None else environment),
                [str(file) for file in self._files],
                first,
            ),
        )
        self._process.start()
        pid = self._process.pid
        assert pid is not None
        self.pid = pid

    @property
    def returncode(self) -> int | None:
        """As `subprocess` has it: negative for a signal, None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        code = self.returncode
        if code is None:
            raise subprocess.TimeoutExpired("sleapnn-engine", timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote to standard output and to standard error, once it has ended."""
        self.wait(timeout)
        out, err = (file.read_text(encoding="utf-8") if file.exists() else "" for file in self._files)
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run_warm(program: str, *words: str, folder: Path) -> str:
    """What a program that needs the engine's imports and more writes to standard output; `words` are its arguments."""
    if CAN_FORK:
        process = WarmEngine(words, folder=folder, first=f"{program}\nraise SystemExit(0)\n")
        out, err = process.communicate(timeout=120)
        code = process.returncode
    else:
        command = [sys.executable, "-c", program, *words]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        code, out, err = done.returncode, done.stdout, done.stderr
    assert code == 0, err
    return out


def _run(words: list[str], folder: str, environment: dict[str, str], files: list[str], first: str) -> None:
    """In the forked process: be the engine that the words ask for, up to the way it ends."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin = _opened(0, os.devnull, "r")
    sys.stdout, sys.stderr = (_opened(number, file, "w") for number, file in enumerate(files, start=1))
    sys.argv = ["sleapnn-engine", *words]
    exec(first, {})
    from sleapnn_engine.__main__ import main

    try:
        main()
    finally:
        # What Python does at the end of a process of its own, and multiprocessing leaves out.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()


def _opened(number: int, path: str, mode: str) -> TextIO:
    """A standard stream of this process that is a file from now on."""
    file = os.open(path, os.O_RDONLY if mode == "r" else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, number)
    os.close(file)
    return os.fdopen(number, mode, encoding="utf-8", closefd=False)
