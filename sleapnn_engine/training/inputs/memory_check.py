"""Whether a run has the memory and the disk that it will need at the least, asked before it takes either.

What does not fit may otherwise end the process without a word, or a training at its first checkpoint. The estimates
leave out much of what a step needs, so that nothing is refused that could be trained.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.build import active
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.samples import CropSamples, FrameSamples
from sleapnn_engine.heads.kind import Outputs
from sleapnn_engine.models.assemble import PoseModel, outline_network
from sleapnn_engine.training.free_memory import free_memory
from sleapnn_engine.training.inputs.cache import size_text

#: Bytes of one weight as it is loaded, in a checkpoint with its two moments, and in memory with its gradient as well.
_LOADED, _KEPT, _TRAINED = 4, 12, 16
#: Bytes of one value of a map: itself, what it should be, and its gradient.
_MAPPED = 12
#: No network keeps more bytes than this for a pixel of its input; below it, nothing has to be measured.
_MOST_PER_PIXEL = 4096


@attrs.frozen
class _Need:
    """Bytes that something takes at the least; `where` is the dotted key of what makes it large."""

    size: int
    what: str
    where: str


def require_room(
    job: Job,
    samples: FrameSamples,
    *,
    network: PoseModel,
    device: torch.device,
    halved: bool,
    images: int = 0,
) -> None:
    """Raise UserError when the `network` and a batch of training samples cannot fit into memory, beside `images`.

    `network` is that of `outline`, `images` the bytes that images in memory will take; `halved`
    says that features are kept in 16 bits. Memory of a graphics card is
    not judged: running out of it is an error like any other.
    """
    free = max(free_memory() - images, 0)
    needs = sorted(
        _needs(job, samples, network=network, device=device, halved=halved, free=free),
        key=lambda need: -need.size,
    )
    needed = sum(need.size for need in needs)
    if needed > free:
        beside = " beside the images" if images else ""
        raise UserError(
            f"Training needs at least {size_text(needed)} of memory, most of it for {needs[0].what}; "
            f"{size_text(free)} are free{beside}.",
            where=needs[0].where,
            hint="Use a smaller input scale, smaller crops or batches, or fewer filters.",
            cause="memory",
        )


def require_disk(job: Job, network: PoseModel, *, folder: Path) -> None:
    """Raise UserError when no checkpoint of the network fits onto the disk of `folder`, which need not exist."""
    place = folder.absolute()
    there = next(part for part in (place, *place.parents) if part.exists())
    checkpoint, left = _KEPT * network.parameter_count, shutil.disk_usage(there).free
    if job.trainer_config.save_ckpt and checkpoint > left:
        raise UserError(
            f"A checkpoint takes {size_text(checkpoint)}, and {size_text(left)} of that disk are free.",
            where=str(folder),
            hint="Free some space, or choose another trainer_config.ckpt_dir.",
            cause="disk",
        )


def _needs(
    job: Job, samples: FrameSamples, *, network: PoseModel, device: torch.device, halved: bool, free: int
) -> Iterator[_Need]:
    weights, on_cpu = network.parameter_count, device.type == "cpu"
    yield _Need(
        (_TRAINED if on_cpu else _LOADED) * weights,
        f"{weights:,} weights",
        f"model_config.backbone_config.{active(job.model_config.backbone_config)}",
    )
    height, width = samples.input_size
    if isinstance(samples, CropSamples):
        pixels, setting = samples.side**2, "crop_size"
    else:
        pixels, setting = height * width, "scale"
    batch = min(job.trainer_config.train_data_loader.batch_size, len(samples))
    shape = (batch, samples.store.plan.channels, height, width)
    size = batch * shape[1] * pixels
    if on_cpu:
        size += 4 * batch * shape[1] * height * width
        if size < free < batch * height * width * _MOST_PER_PIXEL:
            size += step_bytes(network, shape, halved=halved)
    what = f"a batch of {batch} images of {width}×{height} px"
    yield _Need(size, what, f"data_config.preprocessing.{setting}")


def step_bytes(network: PoseModel, shape: tuple[int, int, int, int], *, halved: bool) -> int:
    """Bytes that a step on images of `shape` (B, C, H, W) keeps at once, for a network on the meta device.

    `halved` says that features are kept in 16 bits. Nothing is computed, but PyTorch takes a second to get ready.
    """
    kept = KeptValues(network)
    with kept.counted():
        outputs: dict[str, Tensor] = network(torch.empty(shape, device="meta"))
    return kept.size // (1 + halved) + mapped_bytes(outputs)


def mapped_bytes(outputs: Mapping[str, Tensor]) -> int:
    """Bytes of what heads put out, of what they should put out, and of its gradients."""
    return _MAPPED * sum(maps.numel() for maps in outputs.values())


class KeptValues:
    """Counts the bytes of features that a network keeps for its gradients: `size`, so far."""

    def __init__(self, network: PoseModel) -> None:
        self.size = 0
        self._own = {value.untyped_storage()._cdata for value in network.parameters()}
        #: Storages are held on to, or their numbers would be given to others.
        self._kept: dict[int, Any] = {}

    def counted(self) -> AbstractContextManager[object]:
        """What is computed within is counted."""
        return torch.autograd.graph.saved_tensors_hooks(self._keep, lambda value: value)

    def _keep(self, value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage._cdata not in self._own and storage._cdata not in self._kept:
            self._kept[storage._cdata] = storage
            self.size += storage.nbytes()
        return value


def outline(job: Job, samples: FrameSamples) -> PoseModel:
    """The network for these samples on the meta device: shapes without values."""
    labels = samples.store.labels
    return outline_network(
        job.model_config,
        model_type=active(job.model_config.head_configs),
        outputs=Outputs(n_nodes=len(labels.nodes), n_edges=len(labels.edges), n_classes=len(labels.tracks)),
        in_channels=samples.store.plan.channels,
        input_size=samples.input_size,
    )
