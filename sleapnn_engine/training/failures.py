"""Turning whatever went wrong during a run into a sentence that says what to do."""

import errno

from sleapnn_engine.config.errors import UserError


def explained(error: BaseException) -> UserError:
    """The failure for people. A UserError stays what it is, except that the run folder exists: nothing is undone."""
    if isinstance(error, UserError):
        return UserError(error.message, where=error.where, hint=error.hint)
    text = str(error).strip() or "it gave no reason"
    if _is_memory(error):
        return UserError(
            "There is not enough memory for one training step.",
            where="trainer_config.train_data_loader.batch_size",
            hint="Use a smaller batch size, a smaller input scale, or fewer filters.",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            "The disk is full.",
            where=str(error.filename or ""),
            hint="Free some space; what was saved before is kept.",
        )
    return UserError(
        f"Training failed with {type(error).__name__}: {text}",
        hint="The details are in run.log.",
    )


def _is_memory(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    return (
        "OutOfMemoryError" in names or isinstance(error, MemoryError) or "can't allocate memory" in str(error)
    )
