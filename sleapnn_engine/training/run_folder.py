"""The folder of one run: its name, and the files that are written before training begins."""

import time
from pathlib import Path

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job

#: Any of these in a folder means that it holds a run, which is never written over.
SIGNS_OF_A_RUN = (
    "best.ckpt",
    "last.ckpt",
    "training_config.yaml",
    "initial_config.yaml",
    "training_log.csv",
    "events.jsonl",
)
_NO_NAME = ("", "None", None)


def holds_run(folder: Path) -> bool:
    """Whether a run was started in `folder`, finished or not."""
    return any((folder / name).exists() for name in SIGNS_OF_A_RUN)


def create_run_folder(job: Job, *, model_type: str, chosen: Path | None = None) -> Path:
    """Make the folder for a new run and return its absolute path.

    That is `<ckpt_dir>/<run_name>`, with `-1`, `-2`, ... added where a run is there already, or exactly `chosen`.
    Raises UserError (usage) when `chosen` holds a run, UserError when the folder cannot be made.
    """
    if chosen is not None:
        return _make(refuse_run(chosen).expanduser().absolute())
    trainer = job.trainer_config
    parent = Path("." if trainer.ckpt_dir in _NO_NAME else str(trainer.ckpt_dir)).expanduser().absolute()
    name = (
        time.strftime("%y%m%d_%H%M%S") + f"_{model_type}"
        if trainer.run_name in _NO_NAME
        else str(trainer.run_name)
    )
    folder, number = parent / name, 0
    while holds_run(folder):
        number += 1
        folder = parent / f"{name}-{number}"
    return _make(folder)


def refuse_run(folder: Path) -> Path:
    """Return `folder`, or raise UserError (usage) when it holds a run."""
    if holds_run(folder):
        raise UserError(
            "This folder already holds a run, which is kept.",
            where=str(folder),
            hint="Choose another one.",
            usage=True,
        )
    return folder


def _make(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The run folder cannot be made ({error.strerror}).",
            where=str(folder),
            hint="Choose another trainer_config.ckpt_dir.",
        ) from error
    return folder
