"""What a config may say but this engine does not do yet: refused in words before anything is created."""

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from .issue import Fix, Issue, error
from .schema.job import Job
from .spec import SPEC

BACKBONE = "model_config.backbone_config."
HEAD = "model_config.head_configs."
TRAINER = "trainer_config."
DATA = "data_config."


def unsupported(job: Job) -> list[Issue]:
    """Every setting of the job that this engine would have to ignore, each with its path and a sentence.

    Needs no torch; a job without findings here is either trained as written or fails for a reason in its data.
    """
    return [issue for check in _CHECKS for issue in check(job)]


def active(sections: Any) -> str:
    """Name of the one section of a one-of group that is set ('' when there is none)."""
    return next(
        (field.name for field in attrs.fields(type(sections)) if getattr(sections, field.name) is not None),
        "",
    )


def _refuse(path: str, why: str, better: object = None, *, label: str = "Use the default") -> Issue:
    return error(path, why, Fix(label, {path: better}))


def _label(path: str) -> str:
    return SPEC.keys[path].meta.label if path in SPEC.keys else SPEC.sections[path].meta.label


def _devices(job: Job) -> Iterator[Issue]:
    trainer = job.trainer_config
    several = "Training on several devices is not built yet; a run uses exactly one."
    if trainer.trainer_device_indices is not None and len(trainer.trainer_device_indices) > 1:
        yield _refuse(
            TRAINER + "trainer_device_indices", several, trainer.trainer_device_indices[:1], label="Use one"
        )
    elif trainer.trainer_device_indices is None and trainer.trainer_devices not in (None, "auto", 1):
        yield _refuse(TRAINER + "trainer_devices", several, 1, label="Use 1")
    if trainer.trainer_strategy != "auto":
        yield _refuse(
            TRAINER + "trainer_strategy",
            f"The strategy {trainer.trainer_strategy} is not built yet; auto is.",
            "auto",
        )


def _not_built(job: Job) -> Iterator[Issue]:
    """Settings that switch on a whole part of the program which is not there yet."""
    trainer = job.trainer_config
    parts = (
        (TRAINER + "profiler", trainer.profiler is not None, "Profiling a run is not built yet.", None),
        (
            TRAINER + "resume_ckpt_path",
            bool(trainer.resume_ckpt_path),
            "Resuming a run is not built yet.",
            None,
        ),
        (TRAINER + "use_wandb", trainer.use_wandb, "Logging to Weights & Biases is not built yet.", False),
        (
            DATA + "test_file_path",
            bool(job.data_config.test_file_path),
            "Testing the model after training is not built yet.",
            None,
        ),
    )
    for path, is_on, why, off in parts:
        if is_on:
            yield _refuse(path, why, off, label="Turn it off")


_CHECKS: tuple[Callable[[Job], Iterator[Issue]], ...] = (_devices, _not_built)
