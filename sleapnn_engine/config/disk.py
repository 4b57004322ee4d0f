"""Files on the disk: read where they are ordinary files, written whole or not at all. All writing goes through here."""

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: Ends the name of a file that is being written; what a killed process leaves has it.
PART = ".part"
_KEPT_OF_NAME = 40
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)
_REASONS = {
    errno.ENAMETOOLONG: "its name is too long",
    errno.EACCES: "permission is denied there",
    errno.EPERM: "permission is denied there",
    errno.EROFS: "that disk is read-only",
    errno.ENOSPC: "that disk is full",
    errno.EDQUOT: "your share of that disk is full",
    errno.ELOOP: "it is a link that leads back to itself",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
}
#: Of those that have a remedy, by what it is called in `errors`.
_CAUSES = {
    "disk": (errno.ENOSPC, errno.EDQUOT),
    "permission": (errno.EACCES, errno.EPERM, errno.EROFS),
}


class NoOrdinaryFile(OSError):
    """There is something else than a file, or no place for one; `strerror` says what, to stand inside a sentence."""


def reason_of(problem: OSError | ValueError | RuntimeError) -> str:
    """Why the system refused, in words that may end a sentence."""
    if isinstance(problem, OSError) and not isinstance(problem, NoOrdinaryFile):
        return _REASONS.get(problem.errno or 0) or problem.strerror or str(problem)
    return (problem.strerror if isinstance(problem, OSError) else "") or str(problem)


def cause_in(sentence: str) -> str:
    """What kind of trouble a sentence with a reason of these tells of: "disk", "permission", or '' for any other."""
    for cause, numbers in _CAUSES.items():
        if any(_REASONS[number] in sentence for number in numbers):
            return cause
    return ""


def kind_of(path: Path) -> str:
    """What is at `path`, links followed, where it is no ordinary file: "a folder", "a device"; '' for a file.

    Never waits. Raises OSError where nothing is there or the system cannot say.
    """
    mode = path.stat().st_mode
    return next((words for test, words in _KINDS if test(mode)), "")


def open_ordinary(path: Path, *, buffering: int = -1) -> BinaryIO:
    """An ordinary file opened for reading; never waits for a pipe and never opens the way to a device.

    Raises OSError; NoOrdinaryFile where something else is there.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for somebody to write into it. Only the open file is surely the one
        # that was looked at.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as problem:
        raise NoOrdinaryFile(errno.EINVAL, "its name holds a sign that no name can have") from problem
    mode = os.fstat(handle).st_mode
    kind = next((words for test, words in _KINDS if test(mode)), "")
    if kind:
        os.close(handle)
        raise NoOrdinaryFile(errno.EINVAL, f"it is {kind}, not a file")
    return os.fdopen(handle, "rb", buffering)


def read_ordinary(path: Path, *, most: int) -> bytes:
    """The bytes of an ordinary file, up to `most` and one more. Raises OSError as `open_ordinary` does."""
    with open_ordinary(path) as file:
        return file.read(most + 1)


def _leads_nowhere(link: Path) -> NoOrdinaryFile:
    try:
        link.stat()
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            return NoOrdinaryFile(errno.ELOOP, _REASONS[errno.ELOOP])
    return NoOrdinaryFile(errno.ENOENT, f"it is a link to {os.readlink(link)}, which is not there")


def writable_target(path: Path) -> Path:
    """The file that writing to `path` writes, with links followed. Touches nothing.

    Raises NoOrdinaryFile where no ordinary file is or can be: devices, pipes, sockets, folders, links that lead nowhere,
    folders that are missing or read-only, files marked read-only, impossible names.
    """
    try:
        path = path.expanduser()
        there = path.exists() or path.is_symlink()
        if there and not path.exists():
            raise _leads_nowhere(path)
        if there and (kind := kind_of(path)):
            raise NoOrdinaryFile(errno.EINVAL, f"it is {kind}, not a file")
        target = path.resolve()
        _require_folder(target.parent)
        # Names that are too long are known to the file system only.
        with contextlib.suppress(FileNotFoundError):
            target.lstat()
    except NoOrdinaryFile:
        raise
    except (OSError, ValueError, RuntimeError) as problem:
        raise NoOrdinaryFile(getattr(problem, "errno", None) or errno.EINVAL, reason_of(problem)) from problem
    if there and not _may(target, os.W_OK):
        raise NoOrdinaryFile(errno.EACCES, "it is marked read-only")
    return target


def _require_folder(folder: Path) -> None:
    if not folder.exists():
        raise NoOrdinaryFile(errno.ENOENT, f"there is no folder {folder}")
    if not folder.is_dir():
        raise NoOrdinaryFile(errno.ENOTDIR, f"{folder} is a file, not a folder")
    if not _may(folder, os.W_OK | os.X_OK):
        raise NoOrdinaryFile(errno.EACCES, f"you may not write into {folder}")


def _may(path: Path, what: int) -> bool:
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


@contextlib.contextmanager
def whole_file(
    path: Path, *, mode: int | None = None, backup: bool = False, durable: bool = True
) -> Iterator[BinaryIO]:
    """A file to write into, which becomes `path` when the block ends well and is gone when it does not.

    `mode` is that of a new file (by default what the system gives; a file that is replaced hands on its own); `backup`
    keeps what is replaced as `NAME.bak`; without `durable` it is not waited until the disk has it. Links are followed.
    Raises OSError, NoOrdinaryFile before anything is touched.
    """
    target = writable_target(path)
    kept = writable_target(_backup_of(target)) if backup and target.exists() else None
    part = target.with_name(f".{target.name[:_KEPT_OF_NAME]}.{secrets.token_hex(4)}{PART}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(part, flags, 0o666 if mode is None else mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        if kept is not None:
            _copy(target, kept)
        os.replace(part, target)
    except BaseException:  # no half-written file stays behind, not even after a signal
        part.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `path` when the block ends well and is gone when it does not.

    At `path` there is nothing or an empty folder, and its parent is there. Raises OSError.
    """
    part = path.with_name(f".{path.name[:_KEPT_OF_NAME]}.{secrets.token_hex(4)}{PART}")
    part.mkdir()
    try:
        yield part
        if path.exists():
            path.rmdir()
        part.rename(path)
    except BaseException:  # no half-written folder stays behind, not even after a signal
        shutil.rmtree(part, ignore_errors=True)
        raise


def write_whole(
    path: Path,
    content: bytes | str,
    *,
    mode: int | None = None,
    backup: bool = False,
    durable: bool = True,
) -> None:
    """Write bytes, or text as UTF-8, as `whole_file` does. Raises OSError."""
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    with whole_file(path, mode=mode, backup=backup, durable=durable) as file:
        file.write(data)


def copy_whole(source: Path, path: Path, *, durable: bool = True) -> None:
    """Write the contents of another file, as `whole_file` does. Raises OSError."""
    with source.open("rb") as given, whole_file(path, durable=durable) as file:
        shutil.copyfileobj(given, file)


def _backup_of(target: Path) -> Path:
    return target.with_name(target.name + ".bak")


def _copy(source: Path, path: Path) -> None:
    """A copy with the source's own times, for a backup."""
    copy_whole(source, path)
    shutil.copystat(source, path)
