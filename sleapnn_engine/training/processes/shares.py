"""One step made by several processes: how much of its batch is whose, and losses of the whole batch."""

import attrs
import torch
from torch import Tensor

from sleapnn_engine.data.loader import ALONE, Share, samples_of_step
from sleapnn_engine.training.losses import LossResult
from sleapnn_engine.training.processes.fabric import Fabric


@attrs.frozen
class Portion:
    """How many samples of a step's batch are this process's, of how many in all."""

    own: int
    whole: int

    def weight(self, processes: int) -> float:
        """What this process's mean loss counts, so that the mean over `processes` is that of the whole batch.

        Batches need not divide evenly: a process without samples computes on a stand-in, which counts for nothing.
        """
        return self.own * processes / self.whole


def portion_of(share: Share, step: int, *, samples: int, batch_size: int) -> Portion:
    """The portion in `step`, counted from the start of training, where batches are taken from `samples`."""
    whole = samples_of_step(step, samples=samples, batch_size=batch_size)
    return Portion(whole if share == ALONE else share.size(whole), whole)


def averaged(losses: LossResult, fabric: Fabric, *, weight: float) -> LossResult:
    """Losses of the whole batch from this process's, which count by `weight`; all processes have to ask.

    Single numbers come back on the CPU, where they are read next. Two losses are no means over samples, and are those
    of each process's part, as everywhere in data-parallel training: which keypoints are hard is judged by each for
    itself, and where samples have no class, a process with fewer of these counts as much as another.
    """
    told = [losses.total.detach().reshape(1), *(value.reshape(1) for value in losses.by_head.values())]
    sizes = [len(channels) for channels in losses.by_channel.values()]
    flat = torch.cat([*told, *losses.by_channel.values()]) * weight
    mean = fabric.all_reduce(flat, reduce_op="mean")
    assert isinstance(mean, Tensor)
    whole, channels = torch.split(mean, [len(told), sum(sizes)])
    total, *heads = whole.cpu().unbind()
    return LossResult(
        total,
        dict(zip(losses.by_head, heads, strict=True)),
        dict(zip(losses.by_channel, torch.split(channels, sizes), strict=True)),
    )
