"""The folder of one run: its name, that it belongs to one run only, and that a run which came to nothing leaves none."""

import contextlib
import errno
import os
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job

#: What the engine logged; a run that claims a folder makes it first.
LOG = "run.log"
#: Any of these in a folder means that it holds a run, which is never written over.
SIGNS_OF_A_RUN = (
    "best.ckpt",
    "last.ckpt",
    "training_config.yaml",
    "initial_config.yaml",
    "training_log.csv",
    "events.jsonl",
    LOG,
)
#: All that a run may have written before its first step has come to an end.
_WRITTEN = (
    *SIGNS_OF_A_RUN,
    "engine.json",
    "labels_gt.*.slp",
    "profile.*",
    "train_imgs",
    "val_imgs",
    "viz",
    "wandb",
)
#: The setting that chooses where runs are.
FOLDER = "trainer_config.ckpt_dir"
_NO_NAME = ("", "None", None)
_TAKEN = "This folder already holds a run, which is kept."


@attrs.define
class RunFolder:
    """A folder that one run has claimed. As a context manager, it takes the folder back where the run fails in vain.

    In vain means that an error leaves it while `kept` is False. Only files are removed that a run writes and that were
    not there before, then the folders `made` for the run, innermost first, as far as they are empty.
    """

    path: Path
    made: tuple[Path, ...]
    before: frozenset[str]
    kept: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self.kept:
            # What cannot be removed stays; the reason of the failure is what people must hear.
            with contextlib.suppress(OSError):
                self._remove()

    def _remove(self) -> None:
        for path in [found for pattern in _WRITTEN for found in self.path.glob(pattern)]:
            if path.name in self.before:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        for folder in self.made:
            folder.rmdir()


def holds_run(folder: Path) -> bool:
    """Whether a run was started in `folder`, finished or not. Raises OSError where the system cannot say."""
    return any((folder / name).exists() for name in SIGNS_OF_A_RUN)


def configured_folder(job: Job) -> Path | None:
    """`<ckpt_dir>/<run_name>` as the config has it, whoever it belongs to; None where runs are named by the clock."""
    trainer = job.trainer_config
    return None if trainer.run_name in _NO_NAME else _parent(job) / str(trainer.run_name)


def wanted_folder(job: Job, *, model_type: str) -> Path:
    """Where a run would be that starts now, unless another one is there."""
    return configured_folder(job) or _parent(job) / (time.strftime("%y%m%d_%H%M%S") + f"_{model_type}")


def free_folder(job: Job, *, model_type: str, base: Path) -> Path:
    """The same for one that is called in the folder `base`, or the next that holds no run; nobody has claimed it yet."""
    wanted, number = base / wanted_folder(job, model_type=model_type).expanduser(), 0
    found = wanted
    while holds_run(found):
        number += 1
        found = wanted.with_name(f"{wanted.name}-{number}")
    return found


def _parent(job: Job) -> Path:
    folder = job.trainer_config.ckpt_dir
    return Path("." if folder in _NO_NAME else str(folder))


def create_run_folder(job: Job, *, model_type: str, chosen: Path | None = None) -> RunFolder:
    """Claim the folder for a new run; its path is absolute.

    That is `<ckpt_dir>/<run_name>`, with `-1`, `-2`, ... added where a run is there already, or exactly `chosen`. Of
    two runs that want one folder at the same time, one gets it. Raises UserError (usage) when `chosen` holds a run,
    UserError when the folder cannot be made or written to.
    """
    if chosen is not None:
        claimed = _claim(chosen)
        if claimed is None:
            raise UserError(_TAKEN, where=str(chosen), hint="Choose another one.", usage=True)
        return claimed
    wanted = wanted_folder(job, model_type=model_type)
    claimed, number = _claim(wanted), 0
    while claimed is None:
        number += 1
        claimed = _claim(wanted.with_name(f"{wanted.name}-{number}"))
    return claimed


def _claim(folder: Path) -> RunFolder | None:
    """Make `folder` and take it for this run; None where another run has it."""
    made: list[Path] = []
    try:
        folder = folder.expanduser().absolute()
        if holds_run(folder):
            return None
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        before = frozenset(path.name for path in folder.iterdir())
        (folder / LOG).touch(exist_ok=False)
    except FileExistsError:
        if folder.is_dir():  # another run was a moment faster
            return None
        raise _impossible(folder, errno.ENOTDIR) from None
    except (ValueError, RuntimeError) as error:  # a zero character, or the home folder of nobody
        raise _impossible(folder, str(error)) from error
    except OSError as error:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise _impossible(folder, error.errno) from error
    return RunFolder(folder, tuple(made), before)


def _impossible(folder: Path, why: int | str | None) -> UserError:
    reasons = {
        errno.ENOTDIR: "there is a file of that name",
        errno.ENAMETOOLONG: "its name is too long",
        errno.EACCES: "you may not write there",
        errno.EPERM: "you may not write there",
        errno.EROFS: "that disk is read-only",
        errno.ENOSPC: "that disk is full",
    }
    reason = why if isinstance(why, str) else reasons.get(why or 0) or os.strerror(why or 0)
    return UserError(
        f"The run folder cannot be made: {reason}.",
        where=str(folder),
        hint="Choose another trainer_config.ckpt_dir or trainer_config.run_name.",
    )
