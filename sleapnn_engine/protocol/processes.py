"""Which process a number stands for: a number is given anew once its process is gone, the time it began is not."""

import platform
from pathlib import Path

#: How far two readings of one process's start may lie apart, in seconds: the system reckons it from a clock that is set.
SLACK_SECONDS = 2.0

_IS_LINUX = platform.system() == "Linux"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class NoProcessError(Exception):
    """There is no process of that number, or it has ended and only waits to be collected."""


def start_mark(pid: int) -> str:
    """When the process began, as its system counts it; empty where the system does not tell.

    Two readings belong to one process when `same_start` says so. Raises NoProcessError when there is none.
    """
    if _IS_LINUX:
        return _linux_mark(pid)
    began = start_time(pid)
    return "" if began is None else f"{began:.3f}"


def start_time(pid: int) -> float | None:
    """When the process began, in Unix seconds; None where the system does not tell. Raises NoProcessError."""
    import psutil  # Linux does without it, and it takes a while to load

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            raise NoProcessError
        return float(process.create_time())
    except (psutil.NoSuchProcess, ValueError, OverflowError) as error:
        raise NoProcessError from error
    except (psutil.Error, OSError):
        return None


def same_start(one: str, other: str) -> bool:
    """Whether two marks are of one process."""
    try:
        return abs(float(one) - float(other)) <= SLACK_SECONDS
    except ValueError:
        return one == other


def _linux_mark(pid: int) -> str:
    """Ticks since the system came up, and which coming up that was: neither changes when the clock is set."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        # The name of the program, in brackets, may hold anything, brackets and blanks included.
        values = stat.rpartition(b")")[2].split()
        state, ticks = values[0], int(values[19])
    except (FileNotFoundError, ProcessLookupError) as error:
        raise NoProcessError from error
    except (OSError, ValueError, IndexError):
        return ""
    if state in (b"Z", b"X"):
        raise NoProcessError
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        boot = "unknown boot"
    return f"{boot}/{ticks}"
