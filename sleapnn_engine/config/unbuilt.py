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

#: Model types and backbones that train today.
MODEL_TYPES = ("single_instance",)
BACKBONES = ("unet",)


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


def _model(job: Job) -> Iterator[Issue]:
    head, backbone = active(job.model_config.head_configs), active(job.model_config.backbone_config)
    if head not in MODEL_TYPES:
        yield error(
            HEAD + head,
            f"Models of the type “{_label(HEAD + head)}” cannot be trained yet; {' and '.join(MODEL_TYPES)} can.",
        )
    if backbone not in BACKBONES:
        yield error(
            BACKBONE + backbone,
            f"The {backbone} backbone cannot be trained yet; {' and '.join(BACKBONES)} can.",
        )


def _unet(job: Job) -> Iterator[Issue]:
    unet = job.model_config.backbone_config.unet
    if unet is None:
        return
    path = BACKBONE + "unet."
    if not unet.middle_block:
        yield _refuse(path + "middle_block", "A UNet without a middle block cannot be trained.", True)
    if unet.stacks != 1:
        yield _refuse(
            path + "stacks", f"A UNet of {unet.stacks} stacks cannot be trained yet; one stack can.", 1
        )
    if unet.convs_per_block < 2:
        yield _refuse(
            path + "convs_per_block",
            "A UNet with one convolution per block has no middle block that other programs can read; use 2 or more.",
            2,
        )
    if unet.stem_stride is not None and unet.stem_stride > 2:
        yield _refuse(
            path + "stem_stride",
            f"A UNet with a stem of stride {unet.stem_stride} cannot be trained; 2 or none can.",
            2,
        )


def _start(job: Job) -> Iterator[Issue]:
    for name in ("pretrained_backbone_weights", "pretrained_head_weights"):
        file = getattr(job.model_config, name)
        if file and not file.endswith(".ckpt"):
            yield _refuse(
                f"model_config.{name}",
                f"{_label(f'model_config.{name}')}: weights of old SLEAP models (.h5) cannot be read yet; .ckpt files can.",
            )


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


_CHECKS: tuple[Callable[[Job], Iterator[Issue]], ...] = (_model, _unet, _start, _devices, _not_built)
