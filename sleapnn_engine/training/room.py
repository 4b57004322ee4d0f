"""Whether a run has the memory and the disk that it will need at the least, asked before it takes either.

What does not fit may otherwise end the process without a word, or a training at its first checkpoint.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs

from sleapnn_engine.config.build import active
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.samples import CropSamples, FrameSamples
from sleapnn_engine.models.assemble import count_parameters

from .cache import size_text
from .free_memory import free_memory

#: Bytes of one weight as it is loaded, in a checkpoint with its two moments, and in memory with its gradient as well.
_LOADED, _KEPT, _TRAINED = 4, 12, 16


@attrs.frozen
class _Need:
    """Bytes that something takes at the least; `where` is the dotted key of what makes it large."""

    size: int
    what: str
    where: str


def require_room(job: Job, samples: FrameSamples, *, folder: Path, on_cpu: bool) -> None:
    """Raise UserError when the network and one batch of `samples` cannot fit, or no checkpoint can.

    The estimates leave out most of what a step needs, so that nothing is refused that could be trained. Memory of a
    graphics card is not judged: running out of it is an error like any other.
    """
    weights = _weights(job, samples)
    needs = sorted(_needs(job, samples, weights=weights, on_cpu=on_cpu), key=lambda need: -need.size)
    needed, free = sum(need.size for need in needs), free_memory()
    if needed > free:
        raise UserError(
            f"Training needs at least {size_text(needed)} of memory, most of it for {needs[0].what}; "
            f"{size_text(free)} are free.",
            where=needs[0].where,
            hint="Use a smaller input scale, smaller crops or batches, or fewer filters.",
        )
    checkpoint, left = _KEPT * weights, shutil.disk_usage(folder).free
    if job.trainer_config.save_ckpt and checkpoint > left:
        raise UserError(
            f"A checkpoint takes {size_text(checkpoint)}, and {size_text(left)} of that disk are free.",
            where=str(folder),
            hint="Free some space, or choose another trainer_config.ckpt_dir.",
        )


def _needs(job: Job, samples: FrameSamples, *, weights: int, on_cpu: bool) -> Iterator[_Need]:
    backbone = f"model_config.backbone_config.{active(job.model_config.backbone_config)}"
    yield _Need((_TRAINED if on_cpu else _LOADED) * weights, f"{weights:,} weights", backbone)
    loaders = (job.trainer_config.train_data_loader, job.trainer_config.val_data_loader)
    batch = min(max(loader.batch_size for loader in loaders), len(samples))
    height, width = samples.input_size
    cropped = isinstance(samples, CropSamples)
    # A byte for each value as it is read; four where it is computed with.
    values = (samples.side**2 if cropped else height * width) + 4 * height * width * on_cpu
    yield _Need(
        batch * samples.store.plan.channels * values,
        f"a batch of {batch} images of {width}×{height} px",
        f"data_config.preprocessing.{'crop_size' if cropped else 'scale'}",
    )


def _weights(job: Job, samples: FrameSamples) -> int:
    labels = samples.store.labels
    return count_parameters(
        job.model_config,
        model_type=active(job.model_config.head_configs),
        n_nodes=len(labels.nodes),
        n_edges=len(labels.edges),
        n_classes=len(labels.tracks),
        in_channels=samples.store.plan.channels,
        input_size=samples.input_size,
    )
