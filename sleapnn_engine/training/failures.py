"""Turning whatever went wrong during a run into a sentence that says what to do."""

import errno
from pathlib import Path

from sleapnn_engine.config.errors import UserError

#: The hint of a failure that nobody has foreseen: what happened stands in the log, with the traceback.
DETAILS = "The details are in run.log."

#: What PyTorch's writer of checkpoints says where the disk takes no more; it has no error number.
_WRITER = ("PytorchStreamWriter failed", "file write failed", "unexpected pos")


class Diverged(UserError):
    """Numbers of a training are no longer finite: its weights must not take the place of earlier ones."""


def explained(error: BaseException, *, folder: Path | None = None) -> UserError:
    """The failure for people. A UserError stays what it is, except that it is a failure now and no refusal.

    `folder` is where the run writes, for errors that do not know which file they are about.
    """
    if isinstance(error, UserError):
        diverged = "diverged" if isinstance(error, Diverged) else ""
        return UserError(error.message, where=error.where, hint=error.hint, cause=error.cause or diverged)
    where = str(folder or "")
    if _is_memory(error):
        return UserError(
            "There is not enough memory for one training step.",
            where="trainer_config.train_data_loader.batch_size",
            hint="Use a smaller batch size, a smaller input scale, or fewer filters.",
            cause="memory",
        )
    if _is_port(error):
        return UserError(
            f"A port of this computer is taken by another program ({error}).",
            hint="Train again. With several processes, another MASTER_PORT helps where one is set.",
            cause="port",
        )
    if isinstance(error, OSError):
        return _of_disk(error, where=where)
    text = str(error).strip() or "it gave no reason"
    if isinstance(error, RuntimeError) and any(sign in text for sign in _WRITER):
        return _disk_is_full(where)
    return UserError(f"Training failed with {type(error).__name__}: {text}", hint=DETAILS)


def _of_disk(error: OSError, *, where: str) -> UserError:
    """What the system says of files; errors of writing do not name theirs."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return _disk_is_full(str(error.filename or where))
    if error.filename is None:
        return UserError(f"Training failed with {type(error).__name__}: {error}", hint=DETAILS)
    return UserError(
        f"The file or folder cannot be used ({error.strerror}).",
        where=str(error.filename),
        hint="Check that it is there, its permissions and its disk. What was saved before is kept.",
        cause="permission" if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else "",
    )


def _disk_is_full(where: str) -> UserError:
    return UserError(
        "The disk is full.", where=where, hint="Free some space; what was saved before is kept.", cause="disk"
    )


def _is_port(error: BaseException) -> bool:
    """ZeroMQ's errors have the system's number; what meets other processes only says it."""
    text = str(error).lower()
    return getattr(error, "errno", None) == errno.EADDRINUSE or "address already in use" in text


def _is_memory(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    return (
        "OutOfMemoryError" in names or isinstance(error, MemoryError) or "can't allocate memory" in str(error)
    )
