"""How much memory this process may still take, which on a shared machine is less than the machine has free."""

from collections.abc import Iterator
from pathlib import Path

import psutil

#: Where Linux keeps the limits of groups of processes: containers, and jobs of a cluster.
GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
#: Files of a group: limit, use, and the name of the line of memory.stat that counts what can be dropped at once.
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def free_memory(*, groups: Path = GROUPS, own_groups: Path = OWN_GROUPS) -> int:
    """Bytes that are free on this machine, or within the limit this process runs under where that is less."""
    available: int = psutil.virtual_memory().available
    return min([available, *_rooms(groups, own_groups)])


def _rooms(groups: Path, own_groups: Path) -> Iterator[int]:
    """Bytes left within each limit on the way from the process's own group to the top."""
    for folder in _folders(groups, own_groups):
        for limit_name, used_name, droppable_name in _FILES:
            limit, used = _number(folder / limit_name), _number(folder / used_name)
            if limit is not None and used is not None:
                yield max(limit - used + _droppable(folder, droppable_name), 0)


def _folders(groups: Path, own_groups: Path) -> Iterator[Path]:
    try:
        lines = own_groups.read_text(encoding="utf-8").splitlines()
    except OSError:  # no Linux, or no right to look
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = groups / controllers
        own = top / path.strip("/")
        yield from (folder for folder in (own, *own.parents) if folder == top or top in folder.parents)


def _number(path: Path) -> int | None:
    """The number in a file; None where there is no such file or it says `max`."""
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _droppable(folder: Path, name: str) -> int:
    """Bytes of files kept in memory, which are in use only until somebody needs the room."""
    try:
        lines = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(value) for key, _, value in (line.partition(" ") for line in lines) if key == name), 0)
