"""From samples to what the network eats: augmented images and targets, on the training device."""

from collections.abc import Iterator, Sequence

import attrs
import torch
from torch import Tensor

from sleapnn_engine.data.augment import Augmenter
from sleapnn_engine.data.frames import Batch
from sleapnn_engine.data.loader import TrainBatches, validation_batches
from sleapnn_engine.data.samples import FrameSamples, network_input
from sleapnn_engine.heads.kind import Target


@attrs.frozen(eq=False)
class Example:
    """A batch for one step: `images` float32 (B, C, H, W) in 0..1, `targets` {head name: what it should put out}.

    `indices` int64 (B,) are places in the samples. `points` (B, animals, nodes, 2) are at their exact place on the
    images, in pixels, and `shifts` (B, 2) from there to where targets are drawn. `weights` float32 (B,) say how much
    each sample counts in the loss, None where all count alike.
    """

    images: Tensor
    targets: dict[str, Tensor]
    indices: Tensor
    points: Tensor
    shifts: Tensor
    weights: Tensor | None = None


def make_example(
    batch: Batch, samples: FrameSamples, *, targets: Sequence[Target], augment: Augmenter | None = None
) -> Example:
    """Network input from a batch of samples, changed at random where there is an augmenter, with what belongs to it."""
    if augment is None:
        images, points = network_input(samples, batch)
    else:
        images, points = augment(batch.images, batch.points, margin=samples.margin, pictures=batch.pictures)
        images, points = samples.finish(images, points)
        images = images.contiguous(memory_format=torch.channels_last)
    height, width = images.shape[-2:]
    placed = batch.target_points(points)
    drawn = {target.head: target.draw(placed, batch.tracks, height=height, width=width) for target in targets}
    return Example(images, drawn, batch.indices, points, batch.shifts)


class Batches:
    """Hands out training examples without end, and the validation samples once per epoch.

    Only training images are augmented, on `device`. Both parts show the same nodes. `weights` are those of all training
    samples, None where they count alike.
    """

    def __init__(
        self,
        train: FrameSamples,
        val: FrameSamples,
        *,
        batches: TrainBatches,
        val_batch_size: int,
        val_workers: int,
        targets: Sequence[Target],
        augment: Augmenter | None,
        device: torch.device,
        weights: Tensor | None = None,
    ) -> None:
        self.train, self.val = train, val
        self.targets = tuple(targets)
        self._batches = batches
        self._stream = self._endless()
        self._val_batch_size = max(min(val_batch_size, len(val)), 1)
        self._val_workers = val_workers
        self._augment, self._weights = augment, weights
        self._device = device

    @property
    def nodes(self) -> tuple[str, ...]:
        return self.train.nodes

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Limbs between nodes of the samples; none where a sample shows no nodes."""
        return tuple(edge for edge in self.train.store.labels.edges if set(edge) <= set(self.nodes))

    @property
    def n_train(self) -> int:
        return len(self.train)

    @property
    def n_val(self) -> int:
        return len(self.val)

    @property
    def val_batches(self) -> int:
        """Batches in one validation."""
        return -(-len(self.val) // self._val_batch_size)

    def next_batch(self) -> Example:
        """The next training batch, augmented."""
        batch = next(self._stream).to(self._device, non_blocking=True)
        example = make_example(batch, self.train, targets=self.targets, augment=self._augment)
        if self._weights is None:
            return example
        return attrs.evolve(example, weights=self._weights[batch.indices].to(self._device))

    def validation(self) -> Iterator[Example]:
        """All validation samples in their order, as they are."""
        for batch in validation_batches(self.val, batch_size=self._val_batch_size, workers=self._val_workers):
            yield self.unchanged(batch.to(self._device, non_blocking=True), self.val)

    def sample(self, samples: FrameSamples, index: int) -> Example:
        """One sample of either part as it is."""
        return self.unchanged(samples.batch(torch.tensor([index])).to(self._device), samples)

    def unchanged(self, batch: Batch, samples: FrameSamples) -> Example:
        """A batch on the training device as it is, with targets."""
        return make_example(batch, samples, targets=self.targets)

    def random_state(self) -> dict[str, Tensor]:
        """The state of the random changes of training images; empty without augmentation."""
        return {} if self._augment is None else {"augmentation": self._augment.generator.get_state()}

    def set_random_state(self, state: dict[str, Tensor]) -> None:
        """Go on with the random changes of training images where `random_state` was taken."""
        if self._augment is not None and "augmentation" in state:
            self._augment.generator.set_state(state["augmentation"])

    def close(self) -> None:
        """Stop reading ahead and release videos."""
        self._batches.close()
        self.train.close()
        self.val.close()

    def _endless(self) -> Iterator[Batch]:
        while True:
            yield from self._batches.epoch()
