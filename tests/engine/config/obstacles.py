"""What stands in the way of writing and reading a file: devices, pipes, missing and read-only folders, names."""

import contextlib
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: What stands in a writer's way, and what its refusal says of it.
OBSTACLES = {
    "full device": "device",
    "null device": "device",
    "pipe": "pipe",
    "socket": "socket",
    "folder": "folder",
    "link to a device": "device",
    "link to a folder": "folder",
    "dangling link": "link to",
    "link to itself": "leads back to itself",
    "missing folder": "there is no folder",
    "folder is a file": "is a file, not a folder",
    "long name": "too long",
    "zero character": "null",
    "read-only folder": "you may not write into",
    "read-only file": "read-only",
}


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other people may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@contextlib.contextmanager
def obstacle(kind: str, place: Path, name: str) -> Iterator[Path]:
    """The path, where possible called `name`, of something that nothing is to be written to."""
    path = place / name
    links = {
        "link to a device": "/dev/full",
        "link to a folder": str(place),
        "dangling link": "not/there",
        "link to itself": name,
    }
    with contextlib.ExitStack() as after:
        if kind.endswith(" device") and kind not in links:
            path = Path("/dev") / kind.split()[0]
        elif kind in links:
            path.symlink_to(links[kind])
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            after.enter_context(socket.socket(socket.AF_UNIX)).bind(str(path))
        elif kind == "folder":
            path.mkdir()
        elif kind == "missing folder":
            path = place / "not" / "there" / name
        elif kind == "folder is a file":
            (place / "file").write_text("kept")
            path = place / "file" / name
        elif kind == "long name":
            path = place / name.rjust(300, "x")
        elif kind == "zero character":
            path = place / f"a\0{name}"
        elif kind == "read-only folder":
            path = place / "closed" / name
            path.parent.mkdir(mode=0o555)
            after.enter_context(as_nobody())
        elif kind == "read-only file":
            place.chmod(0o777)
            path.write_text("kept")
            path.chmod(0o444)
            after.enter_context(as_nobody())
        yield path


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, whom nothing is forbidden."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file may have a byte from here on, which for a writer is as if the disk had no room left."""
    resource = pytest.importorskip("resource", reason="this system has no limit on the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def state_of(place: Path) -> dict[str, Any]:
    """Everything below a folder, with the contents of files."""
    return {
        str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else stat.S_IFMT(path.lstat().st_mode)
        for path in place.rglob("*")
    }  # fmt: skip
