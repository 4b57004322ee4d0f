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

#: Strategies that say the same here: one process for each device, gradients added up.
STRATEGIES = ("auto", "ddp", "ddp_find_unused_parameters_false", "ddp_find_unused_parameters_true")


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


def _strategy(job: Job) -> Iterator[Issue]:
    """How several devices share the work; how many there are is found out when training begins."""
    strategy = job.trainer_config.trainer_strategy
    if strategy in STRATEGIES:
        return
    why = f"This engine does not train with the strategy {strategy}; auto and the ddp strategies are there."
    if strategy == "fsdp":
        why = "Splitting one network over several devices (fsdp) is not done here: every network fits on one."
    yield _refuse(TRAINER + "trainer_strategy", why, "auto", label="Use auto")


def _not_built(job: Job) -> Iterator[Issue]:
    """Settings that switch on a whole part of the program which is not there yet."""
    trainer = job.trainer_config
    parts = (
        (
            TRAINER + "resume_ckpt_path",
            bool(trainer.resume_ckpt_path),
            "Resuming a run is not built yet.",
            None,
        ),
    )
    for path, is_on, why, off in parts:
        if is_on:
            yield _refuse(path, why, off, label="Turn it off")


_CHECKS: tuple[Callable[[Job], Iterator[Issue]], ...] = (_strategy, _not_built)
