"""Reads spoiled files of one format, in a process of its own, until its time is over or one goes wrong."""

import random
import resource
import signal
import tempfile
import time
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from tests.fuzz.formats import FORMATS
from tests.fuzz.spoiling import spoiled

_MEMORY, _PATIENCE_S = 3 << 30, 10


def read_many(out: Connection, name: str, seed: int, seconds: float) -> None:
    """Send each case, its number, and what went wrong with it, '' for nothing; those of formats that are no danger at the end."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    warnings.simplefilter("ignore")
    one, dice = FORMATS[name], random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / one.file
        one.make(path)
        good, count, end = path.read_bytes(), 0, time.monotonic() + seconds
        one.read(path)
        most = psutil.Process().memory_info().vms + _MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        while time.monotonic() < end:
            count += 1
            case = spoiled(good, dice)
            path.write_bytes(case)
            if one.apart:
                out.send((case, count, ""))  # it may be the last
            signal.alarm(_PATIENCE_S)
            try:
                one.read(path)
            except one.refusals:
                pass
            except BaseException:
                out.send((case, count, traceback.format_exc()))
                return
            finally:
                signal.alarm(0)
        out.send((b"", count, ""))
